package dev.larmor.kernels.cpu.fft;

import static dev.larmor.kernels.cpu.fft.Lanes.MEMORY;
import static dev.larmor.kernels.cpu.fft.Lanes.ORDER;
import static dev.larmor.kernels.cpu.fft.Lanes.POINT;
import static dev.larmor.kernels.cpu.fft.Lanes.SPECIES;
import static dev.larmor.kernels.cpu.fft.Lanes.VECTOR;
import static dev.larmor.kernels.cpu.fft.Lanes.WIDTH;
import static dev.larmor.kernels.cpu.fft.Lanes.at;
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
 * by transposing squares of 8 rows by 4 complex pixels. A pixel keeps its bits on the way, so the
 * permutations work on integers. Exchanging the places of the two parts ({@code rePart} = VECTOR
 * instead of 0) turns a forward transform into an inverse one.
 */
final class LaneTiles {
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, SPECIES.vectorShape());

  private static final long FLOAT = 4;

  /** Bytes of a complex pixel. */
  static final long PIXEL = 2 * FLOAT;

  private static final IntVector EVEN = picks(INTS, i -> 2 * i);
  private static final IntVector ODD = picks(INTS, i -> 2 * i + 1);
  private static final IntVector ZIP_LOW = picks(INTS, i -> i / 2 + i % 2 * WIDTH);
  private static final IntVector ZIP_HIGH = picks(INTS, i -> (i + WIDTH) / 2 + i % 2 * WIDTH);

  /** Rows of a square, and floats of its vectors: a square is SIDE rows by SIDE/2 pixels. */
  private static final int SIDE = 8;

  private static final int SQUARE_PIXELS = SIDE / 2;

  private static final VectorSpecies<Integer> ROW = IntVector.SPECIES_256;

  // Step of a transposition over distance d: rows a and b = a + d exchange the elements whose
  // index has bit d set in a, clear in b.
  private static final IntVector FOUR_LOW = low(4);
  private static final IntVector FOUR_HIGH = high(4);
  private static final IntVector TWO_LOW = low(2);
  private static final IntVector TWO_HIGH = high(2);
  private static final IntVector ONE_LOW = low(1);
  private static final IntVector ONE_HIGH = high(1);

  private LaneTiles() {}

  /** An index vector for {@link IntVector#selectFrom(IntVector, IntVector)}. */
  private static IntVector picks(VectorSpecies<Integer> species, IntUnaryOperator index) {
    int[] indices = new int[species.length()];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = index.applyAsInt(i);
    }
    return IntVector.fromArray(species, indices, 0);
  }

  private static IntVector low(int d) {
    return picks(ROW, i -> (i & d) == 0 ? i : i - d + SIDE);
  }

  private static IntVector high(int d) {
    return picks(ROW, i -> (i & d) == 0 ? i + d : i + SIDE);
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
      IntVector a = fromMemorySegment(INTS, MEMORY, at(image), ORDER);
      IntVector b = fromMemorySegment(INTS, MEMORY, at(image) + VECTOR, ORDER);
      EVEN.selectFrom(a, b).intoMemorySegment(MEMORY, at(points + rePart), ORDER);
      ODD.selectFrom(a, b).intoMemorySegment(MEMORY, at(points + imPart), ORDER);
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
          FloatVector.fromMemorySegment(SPECIES, MEMORY, at(points + rePart), ORDER)
              .mul(factor)
              .reinterpretAsInts();
      IntVector im =
          FloatVector.fromMemorySegment(SPECIES, MEMORY, at(points + imPart), ORDER)
              .mul(factor)
              .reinterpretAsInts();
      ZIP_LOW.selectFrom(re, im).intoMemorySegment(MEMORY, at(image), ORDER);
      ZIP_HIGH.selectFrom(re, im).intoMemorySegment(MEMORY, at(image) + VECTOR, ORDER);
      image += pitch;
      points += POINT;
    }
  }

  /**
   * As {@link #storeColumns}, but stores the product with the conjugate of {@code factor}, an image
   * of the same pitch, or adds it to what is there.
   */
  static void storeColumnsTimesConjugate(
      long points,
      long rePart,
      int count,
      long factor,
      long image,
      long pitch,
      int columns,
      float scale,
      boolean accumulate) {
    long imPart = VECTOR - rePart;
    if (columns < WIDTH) {
      for (int i = 0; i < count; i++) {
        for (int c = 0; c < columns; c++) {
          long offset = i * pitch + c * PIXEL;
          long point = points + i * POINT + c * FLOAT;
          float re = get(point + rePart) * scale;
          float im = get(point + imPart) * scale;
          float fRe = get(factor + offset);
          float fIm = get(factor + offset + FLOAT);
          float pRe = fRe * re + fIm * im;
          float pIm = fRe * im - fIm * re;
          set(image + offset, accumulate ? get(image + offset) + pRe : pRe);
          set(image + offset + FLOAT, accumulate ? get(image + offset + FLOAT) + pIm : pIm);
        }
      }
      return;
    }
    FloatVector scales = FloatVector.broadcast(SPECIES, scale);
    for (int i = 0; i < count; i++) {
      FloatVector re =
          FloatVector.fromMemorySegment(SPECIES, MEMORY, at(points + rePart), ORDER).mul(scales);
      FloatVector im =
          FloatVector.fromMemorySegment(SPECIES, MEMORY, at(points + imPart), ORDER).mul(scales);
      IntVector f = fromMemorySegment(INTS, MEMORY, at(factor), ORDER);
      IntVector g = fromMemorySegment(INTS, MEMORY, at(factor) + VECTOR, ORDER);
      FloatVector fRe = EVEN.selectFrom(f, g).reinterpretAsFloats();
      FloatVector fIm = ODD.selectFrom(f, g).reinterpretAsFloats();
      IntVector pRe = fRe.fma(re, fIm.mul(im)).reinterpretAsInts();
      IntVector pIm = fRe.mul(im).sub(fIm.mul(re)).reinterpretAsInts();
      FloatVector low = ZIP_LOW.selectFrom(pRe, pIm).reinterpretAsFloats();
      FloatVector high = ZIP_HIGH.selectFrom(pRe, pIm).reinterpretAsFloats();
      if (accumulate) {
        FloatVector.fromMemorySegment(SPECIES, MEMORY, at(image), ORDER)
            .add(low)
            .intoMemorySegment(MEMORY, at(image), ORDER);
        FloatVector.fromMemorySegment(SPECIES, MEMORY, at(image) + VECTOR, ORDER)
            .add(high)
            .intoMemorySegment(MEMORY, at(image) + VECTOR, ORDER);
      } else {
        low.intoMemorySegment(MEMORY, at(image), ORDER);
        high.intoMemorySegment(MEMORY, at(image) + VECTOR, ORDER);
      }
      factor += pitch;
      image += pitch;
      points += POINT;
    }
  }

  /** product = a·b over {@code count} adjacent pixels. */
  static void multiply(long a, long b, long product, long count) {
    long vectors = count / WIDTH;
    for (long i = 0; i < vectors; i++) {
      IntVector a0 = fromMemorySegment(INTS, MEMORY, at(a), ORDER);
      IntVector a1 = fromMemorySegment(INTS, MEMORY, at(a) + VECTOR, ORDER);
      IntVector b0 = fromMemorySegment(INTS, MEMORY, at(b), ORDER);
      IntVector b1 = fromMemorySegment(INTS, MEMORY, at(b) + VECTOR, ORDER);
      FloatVector aRe = EVEN.selectFrom(a0, a1).reinterpretAsFloats();
      FloatVector aIm = ODD.selectFrom(a0, a1).reinterpretAsFloats();
      FloatVector bRe = EVEN.selectFrom(b0, b1).reinterpretAsFloats();
      FloatVector bIm = ODD.selectFrom(b0, b1).reinterpretAsFloats();
      IntVector re = aRe.mul(bRe).sub(aIm.mul(bIm)).reinterpretAsInts();
      IntVector im = aRe.fma(bIm, aIm.mul(bRe)).reinterpretAsInts();
      ZIP_LOW.selectFrom(re, im).intoMemorySegment(MEMORY, at(product), ORDER);
      ZIP_HIGH.selectFrom(re, im).intoMemorySegment(MEMORY, at(product) + VECTOR, ORDER);
      a += 2 * VECTOR;
      b += 2 * VECTOR;
      product += 2 * VECTOR;
    }
    for (long i = vectors * WIDTH; i < count; i++) {
      float aRe = get(a);
      float aIm = get(a + FLOAT);
      float bRe = get(b);
      float bIm = get(b + FLOAT);
      set(product, aRe * bRe - aIm * bIm);
      set(product + FLOAT, aRe * bIm + aIm * bRe);
      a += PIXEL;
      b += PIXEL;
      product += PIXEL;
    }
  }

  /** {@code rows} (at most WIDTH) rows, {@code count} columns: one point for each column. */
  static void loadRows(long image, long pitch, int rows, int count, long points, long rePart) {
    long imPart = VECTOR - rePart;
    for (int first = 0; first < rows; first += SIDE) {
      long pixels = image + first * pitch;
      long lanes = points + first * FLOAT;
      if (rows - first >= SIDE && count >= SQUARE_PIXELS && WIDTH >= SIDE) {
        transpose(
            pixels, PIXEL, 2 * pitch, pitch, lanes + rePart, POINT, POINT, imPart - rePart, count);
        continue;
      }
      for (int r = 0; r < Math.min(SIDE, rows - first); r++) {
        for (int c = 0; c < count; c++) {
          long pixel = pixels + r * pitch + c * PIXEL;
          long point = lanes + c * POINT + r * FLOAT;
          set(point + rePart, get(pixel));
          set(point + imPart, get(pixel + FLOAT));
        }
      }
    }
  }

  /** The inverse of {@link #loadRows}. */
  static void storeRows(long points, long rePart, int count, long image, long pitch, int rows) {
    long imPart = VECTOR - rePart;
    for (int first = 0; first < rows; first += SIDE) {
      long pixels = image + first * pitch;
      long lanes = points + first * FLOAT;
      if (rows - first >= SIDE && count >= SQUARE_PIXELS && WIDTH >= SIDE) {
        transpose(
            lanes + rePart, POINT, POINT, imPart - rePart, pixels, PIXEL, 2 * pitch, pitch, count);
        continue;
      }
      for (int r = 0; r < Math.min(SIDE, rows - first); r++) {
        for (int c = 0; c < count; c++) {
          long pixel = pixels + r * pitch + c * PIXEL;
          long point = lanes + c * POINT + r * FLOAT;
          set(pixel, get(point + rePart));
          set(pixel + FLOAT, get(point + imPart));
        }
      }
    }
  }

  private static float get(long address) {
    return MEMORY.get(JAVA_FLOAT, address);
  }

  private static void set(long address, float value) {
    MEMORY.set(JAVA_FLOAT, address, value);
  }

  /**
   * Transposes {@code count} pixels of SIDE rows, or back, in squares; the last square overlaps its
   * neighbour if need be. The vectors of a square are read at {@code from}, {@code from + fromOdd},
   * {@code from + fromEven}, {@code from + fromEven + fromOdd}, {@code from + 2·fromEven} and so
   * on, those of the next pixel {@code fromPixel} bytes on; and written likewise.
   */
  private static void transpose(
      long from,
      long fromPixel,
      long fromEven,
      long fromOdd,
      long to,
      long toPixel,
      long toEven,
      long toOdd,
      int count) {
    for (int c = 0; c < count; c += SQUARE_PIXELS) {
      c = Math.min(c, count - SQUARE_PIXELS);
      long src = from + c * fromPixel;
      long dst = to + c * toPixel;
      IntVector a0 = fromMemorySegment(ROW, MEMORY, at(src), ORDER);
      IntVector a1 = fromMemorySegment(ROW, MEMORY, at(src + fromOdd), ORDER);
      IntVector a2 = fromMemorySegment(ROW, MEMORY, at(src + fromEven), ORDER);
      IntVector a3 = fromMemorySegment(ROW, MEMORY, at(src + fromEven + fromOdd), ORDER);
      IntVector a4 = fromMemorySegment(ROW, MEMORY, at(src + 2 * fromEven), ORDER);
      IntVector a5 = fromMemorySegment(ROW, MEMORY, at(src + 2 * fromEven + fromOdd), ORDER);
      IntVector a6 = fromMemorySegment(ROW, MEMORY, at(src + 3 * fromEven), ORDER);
      IntVector a7 = fromMemorySegment(ROW, MEMORY, at(src + 3 * fromEven + fromOdd), ORDER);
      IntVector b0 = FOUR_LOW.selectFrom(a0, a4);
      IntVector b4 = FOUR_HIGH.selectFrom(a0, a4);
      IntVector b1 = FOUR_LOW.selectFrom(a1, a5);
      IntVector b5 = FOUR_HIGH.selectFrom(a1, a5);
      IntVector b2 = FOUR_LOW.selectFrom(a2, a6);
      IntVector b6 = FOUR_HIGH.selectFrom(a2, a6);
      IntVector b3 = FOUR_LOW.selectFrom(a3, a7);
      IntVector b7 = FOUR_HIGH.selectFrom(a3, a7);
      IntVector c0 = TWO_LOW.selectFrom(b0, b2);
      IntVector c2 = TWO_HIGH.selectFrom(b0, b2);
      IntVector c1 = TWO_LOW.selectFrom(b1, b3);
      IntVector c3 = TWO_HIGH.selectFrom(b1, b3);
      IntVector c4 = TWO_LOW.selectFrom(b4, b6);
      IntVector c6 = TWO_HIGH.selectFrom(b4, b6);
      IntVector c5 = TWO_LOW.selectFrom(b5, b7);
      IntVector c7 = TWO_HIGH.selectFrom(b5, b7);
      IntVector d0 = ONE_LOW.selectFrom(c0, c1);
      IntVector d1 = ONE_HIGH.selectFrom(c0, c1);
      IntVector d2 = ONE_LOW.selectFrom(c2, c3);
      IntVector d3 = ONE_HIGH.selectFrom(c2, c3);
      IntVector d4 = ONE_LOW.selectFrom(c4, c5);
      IntVector d5 = ONE_HIGH.selectFrom(c4, c5);
      IntVector d6 = ONE_LOW.selectFrom(c6, c7);
      IntVector d7 = ONE_HIGH.selectFrom(c6, c7);
      d0.intoMemorySegment(MEMORY, at(dst), ORDER);
      d1.intoMemorySegment(MEMORY, at(dst + toOdd), ORDER);
      d2.intoMemorySegment(MEMORY, at(dst + toEven), ORDER);
      d3.intoMemorySegment(MEMORY, at(dst + toEven + toOdd), ORDER);
      d4.intoMemorySegment(MEMORY, at(dst + 2 * toEven), ORDER);
      d5.intoMemorySegment(MEMORY, at(dst + 2 * toEven + toOdd), ORDER);
      d6.intoMemorySegment(MEMORY, at(dst + 3 * toEven), ORDER);
      d7.intoMemorySegment(MEMORY, at(dst + 3 * toEven + toOdd), ORDER);
    }
  }
}
