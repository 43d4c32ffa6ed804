package dev.larmor.kernels.cpu.fft;

import static dev.larmor.kernels.cpu.fft.Lanes.MEMORY;
import static dev.larmor.kernels.cpu.fft.Lanes.ORDER;
import static dev.larmor.kernels.cpu.fft.Lanes.POINT;
import static dev.larmor.kernels.cpu.fft.Lanes.SPECIES;
import static dev.larmor.kernels.cpu.fft.Lanes.VECTOR;
import static dev.larmor.kernels.cpu.fft.Lanes.WIDTH;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static jdk.incubator.vector.IntVector.fromMemorySegment;

import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Moves pixels between an image of interleaved complex numbers and lane points.
 *
 * <p>Columns of the image become lanes by separating real from imaginary parts; rows become lanes
 * by transposing tiles of WIDTH rows by WIDTH/2 complex pixels, a square of floats. The pixel moves
 * unchanged in its bits, so the permutations work on integers. Exchanging the places of the two
 * parts ({@code rePart} = VECTOR instead of 0) turns a forward transform into an inverse one.
 */
final class LaneTiles {
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, SPECIES.vectorShape());

  private static final long FLOAT = 4;

  /** Bytes of a complex pixel. */
  static final long PIXEL = 2 * FLOAT;

  /** Complex pixels of a vector. */
  private static final int PIXELS = WIDTH / 2;

  private static final IntVector EVEN = picks(i -> 2 * i);
  private static final IntVector ODD = picks(i -> 2 * i + 1);
  private static final IntVector ZIP_LOW = picks(i -> i / 2 + i % 2 * WIDTH);
  private static final IntVector ZIP_HIGH = picks(i -> (i + WIDTH) / 2 + i % 2 * WIDTH);

  // Step of a transposition over distance d: rows a and b = a + d exchange the elements whose
  // index has bit d set in a, clear in b. Distance 0 leaves both as they are.
  private static final IntVector HALF_LOW = low(WIDTH / 2);
  private static final IntVector HALF_HIGH = high(WIDTH / 2);
  private static final IntVector QUARTER_LOW = low(WIDTH / 4);
  private static final IntVector QUARTER_HIGH = high(WIDTH / 4);
  private static final IntVector TWO_LOW = low(WIDTH >= 16 ? 2 : 0);
  private static final IntVector TWO_HIGH = high(WIDTH >= 16 ? 2 : 0);
  private static final IntVector ONE_LOW = low(WIDTH >= 8 ? 1 : 0);
  private static final IntVector ONE_HIGH = high(WIDTH >= 8 ? 1 : 0);

  private LaneTiles() {}

  /** An index vector for {@link IntVector#selectFrom(IntVector, IntVector)}. */
  private static IntVector picks(IntUnaryOperator index) {
    int[] indices = new int[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      indices[i] = index.applyAsInt(i);
    }
    return IntVector.fromArray(INTS, indices, 0);
  }

  private static IntVector low(int d) {
    return picks(i -> (i & d) == 0 ? i : i - d + WIDTH);
  }

  private static IntVector high(int d) {
    return picks(i -> (i & d) == 0 && d > 0 ? i + d : i + WIDTH);
  }

  /**
   * {@code columns} (at most WIDTH) adjacent columns, {@code count} rows: one point for each row.
   */
  static void loadColumns(
      long image, long pitch, int columns, int count, long points, long rePart) {
    long imPart = VECTOR - rePart;
    if (columns < WIDTH) {
      for (int i = 0; i < count; i++) {
        for (int c = 0; c < columns; c++) {
          long pixel = image + i * pitch + c * PIXEL;
          long point = points + i * POINT + c * FLOAT;
          set(point + rePart, get(pixel));
          set(point + imPart, get(pixel + FLOAT));
        }
      }
      return;
    }
    for (int i = 0; i < count; i++) {
      IntVector a = fromMemorySegment(INTS, MEMORY, image, ORDER);
      IntVector b = fromMemorySegment(INTS, MEMORY, image + VECTOR, ORDER);
      EVEN.selectFrom(a, b).intoMemorySegment(MEMORY, points + rePart, ORDER);
      ODD.selectFrom(a, b).intoMemorySegment(MEMORY, points + imPart, ORDER);
      image += pitch;
      points += POINT;
    }
  }

  /** The inverse of {@link #loadColumns}, scaling on the way. */
  static void storeColumns(
      long points, long rePart, int count, long image, long pitch, int columns, float scale) {
    long imPart = VECTOR - rePart;
    if (columns < WIDTH) {
      for (int i = 0; i < count; i++) {
        for (int c = 0; c < columns; c++) {
          long pixel = image + i * pitch + c * PIXEL;
          long point = points + i * POINT + c * FLOAT;
          set(pixel, get(point + rePart) * scale);
          set(pixel + FLOAT, get(point + imPart) * scale);
        }
      }
      return;
    }
    FloatVector factor = FloatVector.broadcast(SPECIES, scale);
    for (int i = 0; i < count; i++) {
      IntVector re =
          FloatVector.fromMemorySegment(SPECIES, MEMORY, points + rePart, ORDER)
              .mul(factor)
              .reinterpretAsInts();
      IntVector im =
          FloatVector.fromMemorySegment(SPECIES, MEMORY, points + imPart, ORDER)
              .mul(factor)
              .reinterpretAsInts();
      ZIP_LOW.selectFrom(re, im).intoMemorySegment(MEMORY, image, ORDER);
      ZIP_HIGH.selectFrom(re, im).intoMemorySegment(MEMORY, image + VECTOR, ORDER);
      image += pitch;
      points += POINT;
    }
  }

  /**
   * {@code rows} (at most WIDTH) rows, {@code count} columns: one point for each column. Lanes past
   * the last row repeat it. {@code tile} is room for WIDTH vectors.
   */
  static void loadRows(
      long image, long pitch, int rows, int count, long points, long rePart, long tile) {
    if (count < PIXELS) {
      for (int c = 0; c < count; c++) {
        for (int r = 0; r < WIDTH; r++) {
          long pixel = image + Math.min(r, rows - 1) * pitch + c * PIXEL;
          long point = points + c * POINT + r * FLOAT;
          set(point + rePart, get(pixel));
          set(point + VECTOR - rePart, get(pixel + FLOAT));
        }
      }
      return;
    }
    long turn = VECTOR - 2 * rePart;
    for (int c = 0; c < count; c += PIXELS) {
      c = Math.min(c, count - PIXELS); // the last tile overlaps its neighbour
      long pixel = image + c * PIXEL;
      long point = points + c * POINT + rePart;
      far(pixel, 2 * pitch, pitch, rows - 1, tile);
      near(tile, point, POINT, turn, WIDTH - 1);
    }
  }

  /** The inverse of {@link #loadRows}. */
  static void storeRows(
      long points, long rePart, int count, long image, long pitch, int rows, long tile) {
    if (count < PIXELS) {
      for (int c = 0; c < count; c++) {
        for (int r = 0; r < rows; r++) {
          long pixel = image + r * pitch + c * PIXEL;
          long point = points + c * POINT + r * FLOAT;
          set(pixel, get(point + rePart));
          set(pixel + FLOAT, get(point + VECTOR - rePart));
        }
      }
      return;
    }
    long turn = VECTOR - 2 * rePart;
    for (int c = 0; c < count; c += PIXELS) {
      c = Math.min(c, count - PIXELS);
      long pixel = image + c * PIXEL;
      long point = points + c * POINT + rePart;
      far(point, POINT, turn, WIDTH - 1, tile);
      near(tile, pixel, 2 * pitch, pitch, rows - 1);
    }
  }

  private static float get(long address) {
    return MEMORY.get(JAVA_FLOAT, address);
  }

  private static void set(long address, float value) {
    MEMORY.set(JAVA_FLOAT, address, value);
  }

  /**
   * First half of a transposition, into the tile: distances WIDTH/2 and WIDTH/4. Row r is read at
   * {@code src + r/2·pair + r%2·odd}, rows past the last one from the last one.
   */
  private static void far(long src, long pair, long odd, int last, long tile) {
    int quarter = WIDTH / 4;
    for (int i = 0; i < quarter; i++) {
      int r0 = Math.min(i, last);
      int r1 = Math.min(i + quarter, last);
      int r2 = Math.min(i + 2 * quarter, last);
      int r3 = Math.min(i + 3 * quarter, last);
      IntVector a = fromMemorySegment(INTS, MEMORY, src + (r0 >> 1) * pair + (r0 & 1) * odd, ORDER);
      IntVector b = fromMemorySegment(INTS, MEMORY, src + (r1 >> 1) * pair + (r1 & 1) * odd, ORDER);
      IntVector c = fromMemorySegment(INTS, MEMORY, src + (r2 >> 1) * pair + (r2 & 1) * odd, ORDER);
      IntVector d = fromMemorySegment(INTS, MEMORY, src + (r3 >> 1) * pair + (r3 & 1) * odd, ORDER);
      IntVector e = HALF_LOW.selectFrom(a, c);
      IntVector f = HALF_LOW.selectFrom(b, d);
      IntVector g = HALF_HIGH.selectFrom(a, c);
      IntVector h = HALF_HIGH.selectFrom(b, d);
      long to = tile + i * VECTOR;
      long step = quarter * VECTOR;
      QUARTER_LOW.selectFrom(e, f).intoMemorySegment(MEMORY, to, ORDER);
      QUARTER_HIGH.selectFrom(e, f).intoMemorySegment(MEMORY, to + step, ORDER);
      QUARTER_LOW.selectFrom(g, h).intoMemorySegment(MEMORY, to + 2 * step, ORDER);
      QUARTER_HIGH.selectFrom(g, h).intoMemorySegment(MEMORY, to + 3 * step, ORDER);
    }
  }

  /** Second half, out of the tile: distances 2 and 1. */
  private static void near(long tile, long dst, long pair, long odd, int last) {
    for (int i = 0; i < WIDTH; i += 4) {
      long from = tile + i * VECTOR;
      IntVector a = fromMemorySegment(INTS, MEMORY, from, ORDER);
      IntVector b = fromMemorySegment(INTS, MEMORY, from + VECTOR, ORDER);
      IntVector c = fromMemorySegment(INTS, MEMORY, from + 2 * VECTOR, ORDER);
      IntVector d = fromMemorySegment(INTS, MEMORY, from + 3 * VECTOR, ORDER);
      IntVector e = TWO_LOW.selectFrom(a, c);
      IntVector f = TWO_LOW.selectFrom(b, d);
      IntVector g = TWO_HIGH.selectFrom(a, c);
      IntVector h = TWO_HIGH.selectFrom(b, d);
      int r1 = Math.min(i + 1, last);
      int r2 = Math.min(i + 2, last);
      int r3 = Math.min(i + 3, last);
      int r0 = Math.min(i, last);
      ONE_LOW
          .selectFrom(e, f)
          .intoMemorySegment(MEMORY, dst + (r0 >> 1) * pair + (r0 & 1) * odd, ORDER);
      ONE_HIGH
          .selectFrom(e, f)
          .intoMemorySegment(MEMORY, dst + (r1 >> 1) * pair + (r1 & 1) * odd, ORDER);
      ONE_LOW
          .selectFrom(g, h)
          .intoMemorySegment(MEMORY, dst + (r2 >> 1) * pair + (r2 & 1) * odd, ORDER);
      ONE_HIGH
          .selectFrom(g, h)
          .intoMemorySegment(MEMORY, dst + (r3 >> 1) * pair + (r3 & 1) * odd, ORDER);
    }
  }
}
