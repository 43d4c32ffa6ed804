package dev.larmor.models.simclr.view;

/**
 * A box of a volume at another size, trilinear: voxels are cubes and the two boxes the same cube of
 * space, so voxel o of n is at {@code (o + 1/2) · size / n − 1/2}, and what is beyond the first and
 * last voxel is as they are. Shrinking does not smooth.
 *
 * <p>It is made plane by plane, axis 0 first: few values of the box become many of the result, and
 * a loop over whole rows is a loop that vectors run. Only the last axis, within a row, looks values
 * up one by one.
 */
final class Resize {
  /**
   * Where each voxel of the result is along an axis.
   *
   * @param below the voxel below
   * @param above the voxel above, or the same at the border
   * @param weight that of the voxel above
   */
  private record Axis(int[] below, int[] above, float[] weight) {
    static Axis of(Span span, int extent, boolean flip) {
      int[] below = new int[extent];
      int[] above = new int[extent];
      float[] weight = new float[extent];
      double step = (double) span.size() / extent;
      for (int o = 0; o < extent; o++) {
        double place = Math.clamp((o + 0.5) * step - 0.5, 0, span.size() - 1);
        int at = flip ? extent - 1 - o : o;
        int low = (int) place;
        below[at] = span.start() + low;
        above[at] = span.start() + Math.min(low + 1, span.size() - 1);
        weight[at] = (float) (place - low);
      }
      return new Axis(below, above, weight);
    }
  }

  private final float[] values;
  private final Extent from;
  private final Extent to;
  private final Span rows;
  private final Span columns;
  private final Axis axis0;
  private final Axis axis1;
  private final Axis axis2;

  /** A plane of the box's rows and columns, and one row between two of them. */
  private final float[] plane;

  private final float[] row;

  Resize(Volume volume, Box box, Flips flips, Extent to) {
    box.checkIn(volume.extent());
    this.values = volume.values();
    this.from = volume.extent();
    this.to = to;
    rows = box.axis1();
    columns = box.axis2();
    axis0 = Axis.of(box.axis0(), to.n0(), flips.axis0());
    // Within the plane, places count from the box's corner.
    axis1 = Axis.of(new Span(0, rows.size()), to.n1(), flips.axis1());
    axis2 = Axis.of(new Span(0, columns.size()), to.n2(), flips.axis2());
    plane = new float[rows.size() * columns.size()];
    row = new float[columns.size()];
  }

  /** Makes the result's plane {@code i0}, rows of axis 2 one after the other. */
  void plane(int i0, float[] into, int start) {
    for (int i = 0; i < rows.size(); i++) {
      int corner = (rows.start() + i) * from.n2() + columns.start();
      mix(
          values,
          axis0.below[i0] * from.plane() + corner,
          axis0.above[i0] * from.plane() + corner,
          axis0.weight[i0],
          plane,
          i * columns.size(),
          columns.size());
    }
    for (int i = 0; i < to.n1(); i++) {
      mix(
          plane,
          axis1.below[i] * columns.size(),
          axis1.above[i] * columns.size(),
          axis1.weight[i],
          row,
          0,
          columns.size());
      spread(row, axis2.below, axis2.above, axis2.weight, into, start + i * to.n2());
    }
  }

  private static void mix(
      float[] from, int below, int above, float weight, float[] into, int at, int count) {
    if (weight == 0) {
      System.arraycopy(from, below, into, at, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      float low = from[below + i];
      into[at + i] = low + weight * (from[above + i] - low);
    }
  }

  private static void spread(
      float[] row, int[] below, int[] above, float[] weight, float[] into, int at) {
    for (int i = 0; i < weight.length; i++) {
      float low = row[below[i]];
      into[at + i] = low + weight[i] * (row[above[i]] - low);
    }
  }
}
