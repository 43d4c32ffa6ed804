package dev.larmor.models.data.hdf5;

/**
 * Copies between pieces that tile an array and a box of it, row by row.
 *
 * @param <P> what a piece is: bytes of a chunk, or the values of an array that is one piece
 */
final class BoxCopy<P> {
  /** Gives the piece that begins at an offset; asked once for each that the box touches. */
  interface Pieces<P> {
    P at(int[] offset);
  }

  /** Copies {@code count} elements that lie side by side both in the piece and in the box. */
  interface Row<P> {
    void copy(P piece, int inPiece, int inBox, int count);
  }

  private final int[] piece;
  private final int[] start;
  private final int[] extent;
  private final int[] low;
  private final int[] high;
  private final int[] offset;
  private final Pieces<P> pieces;
  private final Row<P> row;

  /**
   * A copy.
   *
   * @param shape of the array
   * @param piece extents of a piece
   * @param start where the box begins, which may be outside of the array
   * @param extent of the box; rows outside of the array are left out
   */
  BoxCopy(int[] shape, int[] piece, int[] start, int[] extent, Pieces<P> pieces, Row<P> row) {
    this.piece = piece;
    this.start = start;
    this.extent = extent;
    this.pieces = pieces;
    this.row = row;
    int rank = shape.length;
    low = new int[rank];
    high = new int[rank];
    offset = new int[rank];
    for (int axis = 0; axis < rank; axis++) {
      low[axis] = Math.max(0, start[axis]);
      high[axis] = Math.min(shape[axis], start[axis] + extent[axis]);
    }
  }

  void run() {
    for (int axis = 0; axis < low.length; axis++) {
      if (low[axis] >= high[axis]) {
        return;
      }
    }
    pieces(0);
  }

  private void pieces(int axis) {
    if (axis == low.length) {
      rows(pieces.at(offset.clone()), 0, 0, 0);
      return;
    }
    for (int at = low[axis] / piece[axis] * piece[axis]; at < high[axis]; at += piece[axis]) {
      offset[axis] = at;
      pieces(axis + 1);
    }
  }

  private void rows(P from, int axis, int inPiece, int inBox) {
    int first = Math.max(low[axis], offset[axis]);
    int end = Math.min(high[axis], offset[axis] + piece[axis]);
    int pieceAt = inPiece * piece[axis] - offset[axis];
    int boxAt = inBox * extent[axis] - start[axis];
    if (axis == low.length - 1) {
      row.copy(from, pieceAt + first, boxAt + first, end - first);
      return;
    }
    for (int at = first; at < end; at++) {
      rows(from, axis + 1, pieceAt + at, boxAt + at);
    }
  }
}
