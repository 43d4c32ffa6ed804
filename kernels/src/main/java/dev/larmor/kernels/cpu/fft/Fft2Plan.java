package dev.larmor.kernels.cpu.fft;

import static dev.larmor.kernels.cpu.fft.LaneTiles.PIXEL;
import static dev.larmor.kernels.cpu.fft.Lanes.POINT;
import static dev.larmor.kernels.cpu.fft.Lanes.VECTOR;
import static dev.larmor.kernels.cpu.fft.Lanes.WIDTH;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The orthonormal two-dimensional discrete Fourier transform of complex images of one size.
 *
 * <pre>{@code
 * X[k, l] = 1/sqrt(H·W) · Σ_y Σ_x x[y, x] · exp(∓2πi·(y·k/H + x·l/W))
 * }</pre>
 *
 * with the minus sign forward and the plus sign inverse, so that the two are each other's inverse
 * and adjoint. <em>Centred</em> means {@code fftshift(F(ifftshift(x)))}: the origin of both images
 * lies at pixel {@code [H/2, W/2]} (rounded down), as k-space is measured. Even and odd sizes are
 * handled alike, by index, at no cost.
 *
 * <p>An image is H·W complex64 pixels in native memory, row after row, real part first, in the
 * machine's byte order, aligned to 4 bytes; the output may be the input. The transform is a pass
 * over the rows, from input to output, then a pass over the columns, in place. Both are divided
 * into groups of rows or columns that may run in any order and on any thread, all groups of rows
 * before the first of columns: the result is the same bit for bit. Each thread brings its own
 * scratch.
 *
 * <p>A plan is immutable; plans and their tables are cached by size.
 */
public final class Fft2Plan {
  private final int height;
  private final int width;
  private final LaneFft rowFft;
  private final LaneFft columnFft;
  private final float scale;

  private Fft2Plan(int height, int width) {
    this.height = height;
    this.width = width;
    this.rowFft = LaneFft.of(width);
    this.columnFft = LaneFft.of(height);
    this.scale = (float) (1 / Math.sqrt((double) height * width));
  }

  /**
   * The plan for images of this size.
   *
   * @throws IllegalArgumentException if a size is not positive
   */
  public static Fft2Plan of(int height, int width) {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "[fft2] image size must be positive: height " + height + ", width " + width);
    }
    return new Fft2Plan(height, width);
  }

  /** H, the length of the column transforms. */
  public int height() {
    return height;
  }

  /** W, the length of the row transforms. */
  public int width() {
    return width;
  }

  /** Bytes of one image, 8·H·W. */
  public long imageBytes() {
    return PIXEL * height * width;
  }

  /** Groups {@link #rows} is counted in. */
  public int rowGroups() {
    return (height + WIDTH - 1) / WIDTH;
  }

  /** Groups {@link #columns} is counted in. */
  public int columnGroups() {
    return (width + WIDTH - 1) / WIDTH;
  }

  /** Bytes of scratch a thread needs, aligned to 64 bytes. */
  public long scratchBytes() {
    long row = width + rowFft.workPoints();
    long column = height + columnFft.workPoints();
    return Math.max(row, column) * POINT;
  }

  /**
   * Transforms one image on the calling thread.
   *
   * @param in segment of the input image, {@code inOffset} bytes into it
   * @param out segment of the output image, {@code outOffset} bytes into it; may be the input
   *     itself, but must not overlap it otherwise
   * @param inverse whether to take the inverse transform
   * @param centred whether the origin lies in the middle of both images
   * @param scratch at least {@link #scratchBytes()} bytes, of any content
   * @throws IllegalArgumentException if a segment is on the Java heap, too small or misaligned
   */
  public void transform(
      MemorySegment in,
      long inOffset,
      MemorySegment out,
      long outOffset,
      boolean inverse,
      boolean centred,
      MemorySegment scratch) {
    rows(0, rowGroups(), in, inOffset, out, outOffset, inverse, centred, scratch);
    columns(0, columnGroups(), out, outOffset, inverse, centred, scratch);
  }

  /**
   * Transforms the rows of groups {@code from} (inclusive) to {@code to} (exclusive), unscaled.
   *
   * @see #transform
   */
  public void rows(
      int from,
      int to,
      MemorySegment in,
      long inOffset,
      MemorySegment out,
      long outOffset,
      boolean inverse,
      boolean centred,
      MemorySegment scratch) {
    checkRange("row", from, to, rowGroups());
    long source = image("input", in, inOffset, false);
    long target = image("output", out, outOffset, true);
    long points = scratch(scratch);
    long work = points + width * POINT;
    long pitch = width * PIXEL;
    long rePart = inverse ? VECTOR : 0;
    int centre = centred ? width / 2 : 0;
    long far = points + (width - centre) * POINT;
    for (int group = from; group < to; group++) {
      int rows = Math.min(WIDTH, height - group * WIDTH);
      long offset = pitch * WIDTH * group;
      long x = source + offset;
      LaneTiles.loadRows(x + centre * PIXEL, pitch, rows, width - centre, points, rePart);
      LaneTiles.loadRows(x, pitch, rows, centre, far, rePart);
      rowFft.transform(points, work);
      long y = target + offset;
      LaneTiles.storeRows(points, 0, width - centre, y + centre * PIXEL, pitch, rows);
      LaneTiles.storeRows(far, 0, centre, y, pitch, rows);
    }
  }

  /**
   * Transforms and scales, in place, the columns of groups {@code from} (inclusive) to {@code to}
   * (exclusive) of an image whose rows are transformed.
   *
   * @see #transform
   */
  public void columns(
      int from,
      int to,
      MemorySegment image,
      long offset,
      boolean inverse,
      boolean centred,
      MemorySegment scratch) {
    checkRange("column", from, to, columnGroups());
    long base = image("output", image, offset, true);
    long points = scratch(scratch);
    long work = points + height * POINT;
    long pitch = width * PIXEL;
    long rePart = inverse ? VECTOR : 0;
    int centre = centred ? height / 2 : 0;
    long far = points + (height - centre) * POINT;
    for (int group = from; group < to; group++) {
      int columns = Math.min(WIDTH, width - group * WIDTH);
      long x = base + PIXEL * WIDTH * group;
      LaneTiles.loadColumns(x + centre * pitch, pitch, columns, height - centre, points, 0);
      LaneTiles.loadColumns(x, pitch, columns, centre, far, 0);
      columnFft.transform(points, work);
      LaneTiles.storeColumns(
          points, rePart, height - centre, x + centre * pitch, pitch, columns, scale);
      LaneTiles.storeColumns(far, rePart, centre, x, pitch, columns, scale);
    }
  }

  private static void checkRange(String unit, int from, int to, int groups) {
    if (from < 0 || from > to || to > groups) {
      throw new IndexOutOfBoundsException(
          "[fft2] " + unit + " groups " + from + " to " + to + " are not within 0 to " + groups);
    }
  }

  private long image(String name, MemorySegment segment, long offset, boolean written) {
    String size = height + " x " + width + " complex image, " + imageBytes() + " bytes";
    long address =
        address(name, segment, offset, imageBytes(), ValueLayout.JAVA_FLOAT.byteSize(), size);
    if (written && segment.isReadOnly()) {
      throw new IllegalArgumentException("[fft2] output segment is read-only");
    }
    return address;
  }

  private long scratch(MemorySegment segment) {
    return address("scratch", segment, 0, scratchBytes(), 64, scratchBytes() + " bytes");
  }

  private static long address(
      String name, MemorySegment segment, long offset, long bytes, long alignment, String needed) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("[fft2] " + name + " segment is not native memory");
    }
    if (offset < 0 || bytes > segment.byteSize() - offset) {
      throw new IllegalArgumentException(
          "[fft2] "
              + name
              + " segment of "
              + segment.byteSize()
              + " bytes has no room at offset "
              + offset
              + " for "
              + needed);
    }
    long address = segment.address() + offset;
    if (address % alignment != 0) {
      throw new IllegalArgumentException(
          "[fft2] " + name + " address is not a multiple of " + alignment + " bytes");
    }
    return address;
  }
}
