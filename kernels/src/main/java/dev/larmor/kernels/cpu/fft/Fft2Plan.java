package dev.larmor.kernels.cpu.fft;

import static dev.larmor.kernels.cpu.fft.LaneTiles.PIXEL;
import static dev.larmor.kernels.cpu.fft.Lanes.POINT;
import static dev.larmor.kernels.cpu.fft.Lanes.VECTOR;
import static dev.larmor.kernels.cpu.fft.Lanes.WIDTH;
import static dev.larmor.kernels.cpu.fft.Lanes.apart;

import java.lang.foreign.MemorySegment;

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
 * machine's byte order, aligned to 4 bytes; the output may be the input. No segment may be freed
 * before the call is over, not by another thread either: the kernels go by address. The transform
 * is a pass over the rows, from input to output, then a pass over the columns, in place. Both are
 * divided into groups of rows or columns that may run in any order and on any thread, all groups of
 * rows before the first of columns: the result is the same bit for bit. Each thread brings its own
 * scratch.
 *
 * <p>A plan is immutable and cheap to make: its tables are cached by length, the 64 last used.
 */
public final class Fft2Plan {
  private static final int LARGEST_SIZE = 1 << 20;

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
   * @throws IllegalArgumentException if a size is not within 1 to 2^20
   */
  public static Fft2Plan of(int height, int width) {
    if (height < 1 || width < 1 || height > LARGEST_SIZE || width > LARGEST_SIZE) {
      throw new IllegalArgumentException(
          "[fft2] height " + height + " or width " + width + " is not within 1 to " + LARGEST_SIZE);
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
    long row = apart(width) + rowFft.workBytes() + width * POINT; // the last for a product
    long column = apart(height) + columnFft.workBytes();
    return Math.max(row, column);
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
   * @throws IllegalArgumentException if a segment is on the Java heap, too small, misaligned, or
   *     read-only and written
   * @throws IllegalStateException if a segment is freed
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
    long source = image("input", in, inOffset);
    long target = writtenImage("output", out, outOffset);
    rows(from, to, source, 0, target, inverse, centred, scratch);
  }

  /**
   * As {@link #rows} of the product of two images, pixel by pixel, without keeping the product: the
   * first half of {@code fft2(s·x)}.
   *
   * @param a one factor; may be the output itself
   * @param b the other factor; may be the output itself
   */
  public void rowsOfProduct(
      int from,
      int to,
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment out,
      long outOffset,
      boolean inverse,
      boolean centred,
      MemorySegment scratch) {
    long source = image("first factor", a, aOffset);
    long factor = image("second factor", b, bOffset);
    long target = writtenImage("output", out, outOffset);
    rows(from, to, source, factor, target, inverse, centred, scratch);
  }

  private void rows(
      int from,
      int to,
      long source,
      long factor,
      long target,
      boolean inverse,
      boolean centred,
      MemorySegment scratch) {
    checkRange("row", from, to, rowGroups());
    long points = scratch(scratch);
    long work = points + apart(width);
    long product = work + rowFft.workBytes();
    long pitch = width * PIXEL;
    long rePart = inverse ? VECTOR : 0;
    // The two runs of columns a centred transform exchanges: points [0, near) and [near, width).
    int centre = centred ? width / 2 : 0;
    int near = width - centre;
    long far = near * POINT;
    for (int group = from; group < to; group++) {
      int rows = Math.min(WIDTH, height - group * WIDTH);
      long offset = pitch * WIDTH * group;
      long x = source + offset;
      if (factor != 0) {
        LaneTiles.multiply(x, factor + offset, product, (long) rows * width);
        x = product;
      }
      LaneTiles.loadRows(x + centre * PIXEL, pitch, rows, near, points, rePart);
      LaneTiles.loadRows(x, pitch, rows, centre, points + far, rePart);
      long result = rowFft.transform(points, work);
      long y = target + offset;
      LaneTiles.storeRows(result, 0, near, y + centre * PIXEL, pitch, rows);
      LaneTiles.storeRows(result + far, 0, centre, y, pitch, rows);
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
    long address = writtenImage("output", image, offset);
    columns(from, to, address, 0, address, false, inverse, centred, scratch);
  }

  /**
   * As {@link #columns}, but leaves the image alone and multiplies the transform with the conjugate
   * of another image on its way out: {@code out = conj(factor)·y}, or {@code out +=
   * conj(factor)·y}. Over all coils in turn, with their sensitivity maps as factors, the sum is the
   * coil-combined image; with one image as the factor, each product is the gradient of a
   * sensitivity map.
   *
   * @param image the image whose rows are transformed; the output itself unless accumulating
   * @param factor an image that is not the output
   * @param accumulate whether to add to the output
   */
  public void columnsTimesConjugate(
      int from,
      int to,
      MemorySegment image,
      long imageOffset,
      MemorySegment factor,
      long factorOffset,
      MemorySegment out,
      long outOffset,
      boolean accumulate,
      boolean inverse,
      boolean centred,
      MemorySegment scratch) {
    long source = image("input", image, imageOffset);
    long conjugate = image("factor", factor, factorOffset);
    long target = writtenImage("output", out, outOffset);
    columns(from, to, source, conjugate, target, accumulate, inverse, centred, scratch);
  }

  private void columns(
      int from,
      int to,
      long source,
      long factor,
      long target,
      boolean accumulate,
      boolean inverse,
      boolean centred,
      MemorySegment scratch) {
    checkRange("column", from, to, columnGroups());
    long points = scratch(scratch);
    long work = points + apart(height);
    long pitch = width * PIXEL;
    long rePart = inverse ? VECTOR : 0;
    // The two runs of rows a centred transform exchanges: points [0, near) and [near, height).
    int centre = centred ? height / 2 : 0;
    int near = height - centre;
    long far = near * POINT;
    for (int group = from; group < to; group++) {
      int columns = Math.min(WIDTH, width - group * WIDTH);
      long offset = PIXEL * WIDTH * group;
      long low = offset + centre * pitch;
      LaneTiles.loadColumns(source + low, pitch, columns, near, points, 0);
      LaneTiles.loadColumns(source + offset, pitch, columns, centre, points + far, 0);
      long result = columnFft.transform(points, work);
      if (factor == 0) {
        LaneTiles.storeColumns(result, rePart, near, target + low, pitch, columns, scale);
        LaneTiles.storeColumns(
            result + far, rePart, centre, target + offset, pitch, columns, scale);
      } else {
        LaneTiles.storeColumnsTimesConjugate(
            result, rePart, near, factor + low, target + low, pitch, columns, scale, accumulate);
        LaneTiles.storeColumnsTimesConjugate(
            result + far,
            rePart,
            centre,
            factor + offset,
            target + offset,
            pitch,
            columns,
            scale,
            accumulate);
      }
    }
  }

  private static void checkRange(String unit, int from, int to, int groups) {
    if (from < 0 || from > to || to > groups) {
      throw new IndexOutOfBoundsException(
          "[fft2] " + unit + " groups " + from + " to " + to + " are not within 0 to " + groups);
    }
  }

  private long image(String name, MemorySegment segment, long offset) {
    return address(name, segment, offset, imageBytes(), 4);
  }

  private long writtenImage(String name, MemorySegment segment, long offset) {
    if (segment.isReadOnly()) {
      throw new IllegalArgumentException("[fft2] " + name + " segment is read-only");
    }
    return image(name, segment, offset);
  }

  private long scratch(MemorySegment segment) {
    return address("scratch", segment, 0, scratchBytes(), 64);
  }

  private long address(
      String name, MemorySegment segment, long offset, long bytes, long alignment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("[fft2] " + name + " segment is not native memory");
    }
    if (!segment.scope().isAlive()) { // the kernels go by address and would not notice
      throw new IllegalStateException("[fft2] " + name + " segment is freed");
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
              + bytes
              + " bytes (images of "
              + height
              + " x "
              + width
              + ")");
    }
    long address = segment.address() + offset;
    if (address % alignment != 0) {
      throw new IllegalArgumentException(
          "[fft2] " + name + " address is not a multiple of " + alignment + " bytes");
    }
    return address;
  }
}
