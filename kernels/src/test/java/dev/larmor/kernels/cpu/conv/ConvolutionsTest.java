package dev.larmor.kernels.cpu.conv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.DType;
import dev.larmor.kernels.cpu.Lanes;
import dev.larmor.kernels.cpu.Team;
import dev.larmor.kernels.cpu.dnnl.Dnnl;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * All geometries in all directions and types, against the definition, on one to three threads, by
 * oneDNN and in Java.
 */
class ConvolutionsTest {

  enum Library {
    DNNL,
    JAVA;

    Convolutions open(Team team) {
      if (this == JAVA) {
        return Convolutions.inJava(team);
      }
      assumeTrue(Dnnl.isAvailable(), () -> Dnnl.unavailableReason().orElseThrow());
      return new Convolutions(team);
    }
  }

  private static final int[] THREADS = {1, 2, 3};
  private static final long GUARD = 4096;
  private static final byte GUARD_BYTE = 0x5a;

  /** Geometries small enough for the definition, every special plan among them. */
  static Stream<ConvShape> shapes() {
    List<ConvShape> shapes = new ArrayList<>();
    for (int channels : new int[] {1, 2, 3, 17, 32}) {
      for (int kernel : new int[] {1, 2, 3, 5}) {
        shapes.add(ConvShape.of2d(1, channels, 13, 11, 32, kernel, 1, kernel / 2));
        shapes.add(ConvShape.of2d(2, 17, 9, 10, channels, kernel, 1, kernel / 2));
      }
      shapes.add(ConvShape.of2d(3, channels, 12, 15, channels, 2, 2, 0));
      shapes.add(ConvShape.of2d(1, channels, 13, 14, 5, 3, 2, 1));
      shapes.add(ConvShape.of3d(1, channels, 7, 6, 5, 4, 3, 1, 1));
      shapes.add(ConvShape.of3d(2, 3, 7, 9, 8, channels, 3, 2, 1));
    }
    // row blocks: enough pixels and work per block, odd sizes
    shapes.add(ConvShape.of2d(1, 16, 67, 45, 32, 3, 1, 1));
    shapes.add(ConvShape.of2d(1, 16, 67, 45, 32, 5, 1, 2));
    shapes.add(ConvShape.of2d(1, 16, 65, 47, 32, 3, 2, 1));
    shapes.add(ConvShape.of2d(1, 32, 64, 48, 16, 2, 2, 0));
    shapes.add(ConvShape.of2d(1, 24, 63, 47, 24, 1, 1, 0));
    shapes.add(ConvShape.of2d(1, 24, 63, 47, 24, 1, 3, 0));
    shapes.add(ConvShape.of2d(5, 16, 31, 29, 32, 3, 1, 1));
    shapes.add(ConvShape.of2d(70, 16, 8, 9, 16, 3, 1, 1));
    shapes.add(ConvShape.of3d(1, 8, 19, 17, 15, 24, 3, 1, 1));
    shapes.add(ConvShape.of3d(1, 16, 20, 17, 15, 24, 3, 2, 1));
    // few output or input channels
    shapes.add(ConvShape.of2d(1, 32, 45, 43, 2, 5, 1, 2));
    shapes.add(ConvShape.of2d(2, 2, 45, 43, 32, 3, 1, 1));
    shapes.add(ConvShape.of2d(3, 32, 20, 19, 4, 3, 1, 0));
    shapes.add(ConvShape.of3d(1, 16, 12, 13, 14, 2, 3, 1, 1));
    // slabs of channels
    shapes.add(ConvShape.of2d(1, 64, 9, 7, 64, 3, 1, 1));
    shapes.add(ConvShape.of2d(2, 256, 4, 5, 64, 3, 1, 1));
    shapes.add(ConvShape.of2d(1, 64, 8, 6, 128, 2, 2, 0));
    // padding as large as the kernel, or none; uneven; strides larger than the kernel
    shapes.add(ConvShape.of2d(1, 8, 21, 22, 16, 3, 1, 4));
    shapes.add(ConvShape.of2d(1, 16, 64, 64, 16, 3, 1, 2));
    shapes.add(ConvShape.of2d(1, 8, 33, 32, 16, 2, 5, 0));
    shapes.add(
        new ConvShape(
            1,
            1,
            16,
            16,
            List.of(new ConvShape.Axis(50, 3, 2, 0, 1, 1), new ConvShape.Axis(40, 4, 3, 2, 0, 1))));
    // dilation
    shapes.add(
        new ConvShape(
            1,
            1,
            16,
            24,
            List.of(new ConvShape.Axis(40, 3, 1, 2, 2, 2), new ConvShape.Axis(37, 3, 1, 2, 2, 2))));
    shapes.add(
        new ConvShape(
            2,
            1,
            9,
            2,
            List.of(new ConvShape.Axis(23, 3, 1, 2, 2, 2), new ConvShape.Axis(29, 3, 1, 3, 3, 3))));
    // groups
    shapes.add(grouped(ConvShape.of2d(2, 12, 21, 17, 18, 3, 1, 1), 3));
    shapes.add(grouped(ConvShape.of2d(1, 32, 40, 41, 32, 3, 1, 1), 2));
    shapes.add(grouped(ConvShape.of2d(1, 20, 15, 16, 20, 3, 2, 1), 20));
    shapes.add(grouped(ConvShape.of3d(1, 8, 6, 7, 8, 4, 3, 1, 1), 4));
    // one axis
    shapes.add(new ConvShape(2, 1, 5, 7, List.of(ConvShape.Axis.of(33, 3, 1, 1))));
    return shapes.stream();
  }

  /** A few of them, for what only wraps the Java kernels. */
  static Stream<ConvShape> someShapes() {
    List<ConvShape> all = shapes().toList();
    return Stream.iterate(0, i -> i < all.size(), i -> i + 7).map(all::get);
  }

  private static ConvShape grouped(ConvShape shape, int groups) {
    return new ConvShape(
        shape.batch(), groups, shape.inChannels(), shape.outChannels(), shape.axes());
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void dnnlF32(ConvShape shape) {
    check(shape, DType.F32, Library.DNNL);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void dnnlBf16(ConvShape shape) {
    assumeTrue(Dnnl.hasBf16(), "this processor has no bfloat16");
    check(shape, DType.BF16, Library.DNNL);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void dnnlC64(ConvShape shape) {
    check(shape, DType.C64, Library.DNNL);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void javaF32(ConvShape shape) {
    check(shape, DType.F32, Library.JAVA);
  }

  @ParameterizedTest
  @MethodSource("someShapes")
  void javaBf16(ConvShape shape) {
    check(shape, DType.BF16, Library.JAVA);
  }

  @ParameterizedTest
  @MethodSource("someShapes")
  void javaC64(ConvShape shape) {
    check(shape, DType.C64, Library.JAVA);
  }

  /**
   * ⟨A x, y⟩ = ⟨x, Aᴴ y⟩ for A of x (input gradient) and of w (weight gradient), both libraries.
   */
  @ParameterizedTest
  @EnumSource(Library.class)
  void gradientsAreAdjoints(Library library) {
    ConvShape shape =
        new ConvShape(
            2,
            2,
            6,
            10,
            List.of(new ConvShape.Axis(19, 3, 2, 1, 1, 2), new ConvShape.Axis(17, 5, 1, 2, 2, 1)));
    for (DType type : new DType[] {DType.F32, DType.C64}) {
      try (Arena arena = Arena.ofConfined();
          Team team = new Team(2);
          Convolutions convolutions = library.open(team)) {
        int parts = type == DType.C64 ? 2 : 1;
        Random random = new Random(3);
        double[] x = random(random, (int) shape.inPixels() * 2 * 6 * parts, type);
        double[] w = random(random, (int) shape.weights() * parts, type);
        double[] y = random(random, (int) shape.outPixels() * 2 * 10 * parts, type);
        MemorySegment xs = upload(arena, x, type);
        MemorySegment ws = upload(arena, w, type);
        MemorySegment ys = upload(arena, y, type);
        MemorySegment ax = upload(arena, y, type);
        MemorySegment aty = upload(arena, x, type);
        MemorySegment dw = upload(arena, w, type);
        long bytes = 0;
        for (ConvDirection direction : ConvDirection.values()) {
          bytes = Math.max(bytes, convolutions.workspaceBytes(shape, direction, type, false));
        }
        MemorySegment workspace = arena.allocate(bytes, 64);
        convolutions.forward(shape, type, xs, ws, null, ax, workspace);
        convolutions.backwardData(shape, type, ys, ws, aty, workspace);
        convolutions.backwardWeights(shape, type, xs, ys, dw, workspace);
        double forward = dot(ax, y);
        double scale = Math.sqrt(dot(ax, toDoubles(ax)) * dot(ys, y));
        assertEquals(forward, dot(aty, x), 1e-6 * scale, library + " " + type + " input");
        assertEquals(forward, dot(dw, w), 1e-6 * scale, library + " " + type + " weights");
      }
    }
  }

  /** Re⟨a, b⟩ of interleaved complex vectors, which is the plain one of their floats. */
  private static double dot(MemorySegment a, double[] b) {
    double sum = 0;
    for (int i = 0; i < b.length; i++) {
      sum += a.getAtIndex(ValueLayout.JAVA_FLOAT, i) * b[i];
    }
    return sum;
  }

  private static double[] toDoubles(MemorySegment segment) {
    double[] values = new double[(int) (segment.byteSize() / Float.BYTES)];
    for (int i = 0; i < values.length; i++) {
      values[i] = segment.getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }
    return values;
  }

  @Test
  void operandsThatAreTooSmallAreRefused() {
    ConvShape shape = ConvShape.of2d(1, 2, 5, 5, 3, 3, 1, 1);
    try (Arena arena = Arena.ofConfined();
        Team team = new Team(1);
        Convolutions convolutions = Convolutions.inJava(team)) {
      MemorySegment x = arena.allocate(5 * 5 * 2 * 4, 64);
      MemorySegment w = arena.allocate(3 * 9 * 2 * 4, 64);
      MemorySegment y = arena.allocate(5 * 5 * 3 * 4 - 4, 64);
      assertEquals(
          "[conv] output has 296 bytes, needs 300",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> convolutions.forward(shape, DType.F32, x, w, null, y, null))
              .getMessage());
      assertEquals(
          "[conv] F32, BF16 or C64 expected, got U8",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> convolutions.forward(shape, DType.U8, x, w, null, y, null))
              .getMessage());
    }
  }

  private static void check(ConvShape shape, DType type, Library library) {
    long handles = Dnnl.liveHandles();
    DType weightType = type == DType.C64 ? DType.C64 : DType.F32;
    NaiveConvolution naive = new NaiveConvolution(shape, type == DType.C64);
    Random random = new Random(17);
    double[] x = random(random, naive.x.length, type);
    double[] w = random(random, naive.w.length, type);
    double[] dy = random(random, naive.y.length, type);
    double[] bias = random(random, shape.outChannels() * (type == DType.C64 ? 2 : 1), weightType);
    naive.x = x;
    naive.w = w;
    naive.forward();
    double[] y = naive.y.clone();
    naive.bias = bias;
    naive.forward();
    double[] yBias = naive.y.clone();
    naive.y = dy;
    naive.x = new double[x.length];
    naive.backwardData();
    double[] dx = naive.x;
    naive.x = x;
    naive.w = new double[w.length];
    naive.backwardWeights();
    double[] dw = naive.w;

    byte[][] first = null;
    for (int threads : THREADS) {
      try (Arena arena = Arena.ofConfined();
          Team team = new Team(threads);
          Convolutions convolutions = library.open(team)) {
        MemorySegment xs = upload(arena, x, type);
        MemorySegment ws = upload(arena, w, weightType);
        MemorySegment bs = upload(arena, bias, weightType);
        MemorySegment dys = upload(arena, dy, type);
        MemorySegment ys = upload(arena, new double[dy.length], type);
        MemorySegment ysBias = upload(arena, new double[dy.length], type);
        MemorySegment dxs = upload(arena, new double[x.length], type);
        MemorySegment dws = upload(arena, new double[w.length], weightType);
        for (MemorySegment target : List.of(ys, ysBias, dxs, dws)) {
          target.fill((byte) 0x7f); // NaN or huge: everything must be overwritten
        }
        for (ConvDirection direction : ConvDirection.values()) {
          for (boolean withBias : new boolean[] {false, true}) {
            if (withBias && direction != ConvDirection.FORWARD) {
              continue;
            }
            long bytes = convolutions.workspaceBytes(shape, direction, type, withBias);
            MemorySegment guarded = arena.allocate(bytes + 2 * GUARD, 64);
            guarded.fill(GUARD_BYTE);
            MemorySegment workspace = guarded.asSlice(GUARD, bytes);
            switch (direction) {
              case FORWARD -> {
                if (withBias) {
                  convolutions.forward(shape, type, xs, ws, bs, ysBias, workspace);
                } else {
                  convolutions.forward(shape, type, xs, ws, null, ys, workspace);
                }
              }
              case BACKWARD_DATA -> convolutions.backwardData(shape, type, dys, ws, dxs, workspace);
              case BACKWARD_WEIGHTS ->
                  convolutions.backwardWeights(shape, type, xs, dys, dws, workspace);
            }
            for (long i = 0; i < GUARD; i++) {
              assertEquals(GUARD_BYTE, guarded.get(ValueLayout.JAVA_BYTE, i));
              assertEquals(GUARD_BYTE, guarded.get(ValueLayout.JAVA_BYTE, GUARD + bytes + i));
            }
          }
        }
        String what = library + " " + type + " " + shape + " on " + threads;
        assertClose(y, ys, type, what + " forward");
        assertClose(yBias, ysBias, type, what + " forward with bias");
        assertClose(dx, dxs, type, what + " backward data");
        assertClose(dw, dws, weightType, what + " backward weights");
        byte[][] bits = {bytes(ys), bytes(ysBias), bytes(dxs), bytes(dws)};
        if (first == null) {
          first = bits;
        } else {
          for (int i = 0; i < bits.length; i++) {
            assertArrayEquals(first[i], bits[i], what);
          }
        }
      }
    }
    assertEquals(handles, Dnnl.liveHandles(), "native objects left");
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }

  /** Random values the type represents exactly; bfloat16 weights too, since they are packed so. */
  private static double[] random(Random random, int length, DType type) {
    double[] values = new double[length];
    for (int i = 0; i < length; i++) {
      float value = (float) random.nextGaussian();
      values[i] =
          type == DType.BF16
              ? Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000)
              : value;
    }
    return values;
  }

  private static MemorySegment upload(Arena arena, double[] values, DType type) {
    int bytes = type == DType.BF16 ? Short.BYTES : Float.BYTES;
    MemorySegment segment = arena.allocate((long) values.length * bytes, 64);
    for (int i = 0; i < values.length; i++) {
      if (type == DType.BF16) {
        Lanes.setBf16(segment.address() + 2L * i, (float) values[i]);
      } else {
        segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values[i]);
      }
    }
    return segment;
  }

  /** Compares up to rounding, relative to the largest value expected. */
  private static void assertClose(
      double[] expected, MemorySegment actual, DType type, String what) {
    double scale = 0;
    for (double value : expected) {
      scale = Math.max(scale, Math.abs(value));
    }
    double tolerance = (type == DType.BF16 ? 0.006 : 4e-6) * scale;
    for (int i = 0; i < expected.length; i++) {
      double value =
          type == DType.BF16
              ? Lanes.getBf16(actual.address() + 2L * i)
              : actual.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      if (!(Math.abs(value - expected[i]) <= tolerance)) {
        assertEquals(expected[i], value, tolerance, what + " at " + i);
      }
    }
  }
}
