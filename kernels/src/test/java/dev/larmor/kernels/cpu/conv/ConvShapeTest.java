package dev.larmor.kernels.cpu.conv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ConvShapeTest {

  @Test
  void sizesOfTheOutput() {
    ConvShape shape = ConvShape.of2d(3, 2, 640, 373, 32, 3, 2, 1);
    assertEquals(320, shape.axes().get(0).out());
    assertEquals(187, shape.axes().get(1).out());
    assertEquals(320 * 187, shape.outPixels());
    assertEquals(32 * 9 * 2, shape.weights());
    assertEquals(5, new ConvShape.Axis(9, 3, 1, 0, 0, 2).extent());
  }

  @Test
  void badGeometry() {
    assertMessage(
        "[conv] groups 3 does not divide in-channels 4 and out-channels 6",
        () -> new ConvShape(1, 3, 4, 6, List.of(ConvShape.Axis.of(5, 3, 1, 1))));
    assertMessage(
        "[conv] kernel of 5 with dilation 2 does not fit an input of 4 padded by 1 and 1",
        () -> new ConvShape.Axis(4, 5, 1, 1, 1, 2));
    assertMessage(
        "[conv] 1, 2 or 3 spatial axes expected, got 0",
        () -> new ConvShape(1, 1, 4, 6, List.of()));
    assertMessage(
        "[conv] sizes, stride and dilation must be at least 1 and padding at least 0: in 4, kernel"
            + " 3, stride 0, dilation 1, padding 1",
        () -> ConvShape.Axis.of(4, 3, 0, 1));
  }

  private static void assertMessage(String message, Runnable body) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, body::run).getMessage());
  }

  /**
   * Parts cover their side once and without gaps, are convolutions of the size they claim, and read
   * what the whole convolution reads.
   */
  @Test
  void partsMakeUpTheWhole() {
    Random random = new Random(11);
    int cuts = 0;
    for (int trial = 0; trial < 20_000; trial++) {
      int kernel = 1 + random.nextInt(5);
      int dilation = 1 + random.nextInt(3);
      int extent = (kernel - 1) * dilation + 1;
      int in = extent + random.nextInt(40);
      ConvShape.Axis axis =
          new ConvShape.Axis(
              in,
              kernel,
              1 + random.nextInt(4),
              random.nextInt(extent + 2),
              random.nextInt(extent + 2),
              dilation);
      ConvShape whole = new ConvShape(1, 1, 1, 1, List.of(axis));
      int blocks = 1 + random.nextInt(9);
      for (ConvDirection direction : ConvDirection.values()) {
        List<ConvPart> parts = ConvPart.cut(whole, direction, 1, blocks);
        cuts += parts.size() > 1 ? 1 : 0;
        boolean cutsInput = direction == ConvDirection.BACKWARD_DATA;
        int next = 0;
        for (ConvPart part : parts) {
          ConvShape.Axis own = part.shape().axes().getFirst();
          String what = direction + " of " + axis + ": " + part;
          assertEquals(next, cutsInput ? part.inRow() : part.outRow(), what);
          next += cutsInput ? own.in() : own.out();
          assertTrue(part.inRow() + own.in() <= axis.in(), what);
          assertTrue(part.outRow() + own.out() <= axis.out(), what);
          // the same tap meets the same rows
          assertEquals(
              part.outRow() * axis.stride() - axis.padBefore(),
              part.inRow() - own.padBefore(),
              what);
          if (cutsInput) {
            assertReadsEveryWindow(axis, part, own, what);
          } else if (parts.size() > 1) {
            int lastRead = (own.out() - 1) * own.stride() - own.padBefore() + own.extent();
            assertEquals(
                Math.min(lastRead, axis.in() - part.inRow()), Math.min(own.in(), lastRead), what);
          }
        }
        assertEquals(cutsInput ? axis.in() : axis.out(), next, direction + " of " + axis);
      }
    }
    assertTrue(cuts > 10_000, "only " + cuts + " were cut");
  }

  /** Every window that overlaps the part's input rows is among the part's output rows. */
  private static void assertReadsEveryWindow(
      ConvShape.Axis axis, ConvPart part, ConvShape.Axis own, String what) {
    for (int out = 0; out < axis.out(); out++) {
      int first = out * axis.stride() - axis.padBefore();
      boolean overlaps = first < part.inRow() + own.in() && first + axis.extent() > part.inRow();
      boolean has = out >= part.outRow() && out < part.outRow() + own.out();
      assertTrue(!overlaps || has, what + " misses output " + out);
    }
  }
}
