package dev.larmor.models.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Training;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.OpException;
import dev.larmor.engine.op.Uniform;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LayersTest {
  private Device device;

  @BeforeEach
  void open() {
    device = Device.open("ref");
  }

  @AfterEach
  void close() {
    device.close();
  }

  private Tensor noise(long... dims) {
    return new Uniform(Philox.of(1, "noise"), Shape.of(dims), -1, 1).on(device);
  }

  private <L extends Layer> L placed(L layer) {
    layer.place(device, Philox.of(7, "init"));
    return layer;
  }

  /** The shape that {@code layer} makes of a feature map. */
  private Shape shapeOf(Layer layer, long... dims) {
    try (Layer l = placed(layer)) {
      return Scope.run(() -> l.apply(noise(dims)).shape());
    }
  }

  @Test
  void shapesOfOddSizes() {
    for (long[] size : new long[][] {{16, 16}, {17, 23}, {9, 8}, {13, 5}}) {
      long h = size[0];
      long w = size[1];
      assertEquals(Shape.of(2, 5, h, w), shapeOf(new ConvBlock(3, 5, 0), 2, 3, h, w), "ConvBlock");
      assertEquals(
          Shape.of(2, 2, 2 * h, 2 * w), shapeOf(new TransposeConvBlock(3, 2), 2, 3, h, w), "up");
      assertEquals(Shape.of(1, 2, h, w), shapeOf(new Unet(3, 2, 2, 2, 0), 1, 3, h, w), "Unet");
      assertEquals(
          Shape.of(1, 3, h, w),
          shapeOf(new Unet2d(3, 2, 2, 0, Precision.FP32), 1, 3, h, w),
          "Unet2d");
    }
  }

  @Test
  void normUnetKeepsOddSizes() {
    try (NormUnet unet = placed(new NormUnet(2, 2, 0, Precision.FP32))) {
      Scope.run(() -> {
        Tensor x =
            device.fromDoubles(
                TensorSpec.of(DType.C64, 2, 13, 18),
                DoubleStream.iterate(0, i -> i + 1)
                    .limit(2 * 2 * 13 * 18)
                    .map(Math::sin)
                    .toArray());
        assertEquals(x.spec(), unet.apply(x).spec());
      });
    }
  }

  @Test
  void namesAreTheStateDictionarys() {
    try (Unet unet = placed(new Unet(2, 2, 4, 2, 0))) {
      assertEquals(
          List.of(
              "down_sample_layers.0.layers.0.weight",
              "down_sample_layers.0.layers.4.weight",
              "down_sample_layers.1.layers.0.weight",
              "down_sample_layers.1.layers.4.weight",
              "conv.layers.0.weight",
              "conv.layers.4.weight",
              "up_conv.0.layers.0.weight",
              "up_conv.0.layers.4.weight",
              "up_conv.1.0.layers.0.weight",
              "up_conv.1.0.layers.4.weight",
              "up_conv.1.1.weight",
              "up_conv.1.1.bias",
              "up_transpose_conv.0.layers.0.weight",
              "up_transpose_conv.1.layers.0.weight"),
          unet.parameters().stream().map(Parameter::name).toList());
    }
  }

  /** PyTorch: uniform in ±1/sqrt(fan in), of a transposed convolution by its output channels. */
  @Test
  void initialisation() {
    try (Convolution conv = placed(Convolution.same2d(6, 8, 5, true));
        TransposedConvolution up = placed(new TransposedConvolution(2, 16, 8, 2));
        ComplexConv2d complex = placed(new ComplexConv2d(3, 8, 3, true))) {
      assertUniform(conv.parameters().get(0), 1 / Math.sqrt(6 * 25));
      assertUniform(conv.parameters().get(1), 1 / Math.sqrt(6 * 25));
      assertUniform(up.parameters().get(0), 1 / Math.sqrt(8 * 4));
      assertUniform(complex.parameters().get(0), 1 / Math.sqrt(2 * 3 * 9));
      assertUniform(complex.parameters().get(1), 1 / Math.sqrt(2 * 3 * 9));
    }
  }

  private static void assertUniform(Parameter parameter, double bound) {
    double[] values = parameter.value().toDoubles();
    double max = DoubleStream.of(values).map(Math::abs).max().getAsDouble();
    assertTrue(max <= bound, parameter + " reaches " + max + " beyond " + bound);
    assertTrue(max > bound * (1 - 4.0 / values.length), parameter + " stays within " + max);
    double mean = DoubleStream.of(values).average().getAsDouble();
    assertTrue(Math.abs(mean) < 4 * bound / Math.sqrt(3.0 * values.length), parameter + " mean");
  }

  @Test
  void complexConvolutionIsFourRealOnes() {
    try (ComplexConv2d layer = placed(new ComplexConv2d(1, 1, 1, true))) {
      Scope.run(() -> {
        double[] w = layer.parameters().get(0).value().toDoubles();
        double[] b = layer.parameters().get(1).value().toDoubles();
        Tensor x = device.fromDoubles(TensorSpec.of(DType.C64, 1, 1, 1, 2), 2, 3, -1, 0.5);
        assertArrayEquals(
            new double[] {
              2 * w[0] - 3 * w[1] + b[0],
              2 * w[1] + 3 * w[0] + b[1],
              -w[0] - 0.5 * w[1] + b[0],
              -w[1] + 0.5 * w[0] + b[1]
            },
            layer.apply(x).toDoubles(),
            1e-12);
      });
    }
  }

  @Test
  void standardizationAndBack() {
    Scope.run(() -> {
      Tensor x = noise(2, 3, 4, 5);
      Standardization norm = Standardization.of(x, 1);
      Tensor standard = norm.apply(x);
      Standardization after = Standardization.of(standard, 1);
      assertArrayEquals(new double[6], after.mean().toDoubles(), 1e-12);
      assertArrayEquals(new double[] {1, 1, 1, 1, 1, 1}, after.variance().toDoubles(), 1e-12);
      assertArrayEquals(x.toDoubles(), norm.undo(standard).toDoubles(), 1e-12);
    });
  }

  /** A dead coil is zero throughout: no 0/0. */
  @Test
  void standardizationOfNothing() {
    Scope.run(() -> {
      Tensor x = device.tensor(TensorSpec.of(DType.F32, 1, 1, 2, 2), 0, 0, 0, 0);
      Standardization norm = Standardization.of(x, 1);
      assertArrayEquals(new double[4], norm.undo(norm.apply(x)).toDoubles());
    });
  }

  @Test
  void dropoutOnlyInTrainingAndDifferentInEachLayer() {
    try (ConvBlock block = placed(new ConvBlock(2, 16, 0.5f))) {
      Scope.run(() -> {
        Tensor x = noise(1, 2, 6, 6);
        assertEquals(0, zeroChannels(block.apply(x)), "evaluating");
        double[] first = train(block, x, 3);
        assertArrayEquals(first, train(block, x, 3), "the same step repeats itself");
        double[] second = train(block, x, 4);
        assertTrue(!Arrays.equals(first, second), "another step drops others");
      });
    }
  }

  private static double[] train(ConvBlock block, Tensor x, long step) {
    Tensor y = new Training(1, step, step).run(() -> block.apply(x));
    assertTrue(zeroChannels(y) > 0, "training");
    return y.toDoubles();
  }

  private static int zeroChannels(Tensor y) {
    double[] values = y.toDoubles();
    int positions = (int) y.shape().positions();
    int zero = 0;
    for (int c = 0; c < y.shape().size(1); c++) {
      if (DoubleStream.of(values)
          .skip((long) c * positions)
          .limit(positions)
          .allMatch(v -> v == 0)) {
        zero++;
      }
    }
    return zero;
  }

  @Test
  void messagesNameTheModule() {
    try (Unet unet = placed(new Unet(2, 2, 4, 1, 0))) {
      OpException e =
          assertThrows(OpException.class, () -> Scope.run(() -> unet.apply(noise(1, 3, 8, 8))));
      assertEquals(
          "[conv] input channels 3 != weight in-channels 2: input F32[1, 3, 8, 8], weight F32[4, 2,"
              + " 3, 3] (at down_sample_layers.0.layers.0)",
          e.getMessage());
    }
  }

  @Test
  void everyPrecisionGoesFromF32ToF32() {
    for (Precision precision : Precision.values()) {
      try (Unet2d unet = placed(new Unet2d(2, 2, 1, 0, precision))) {
        Scope.run(() -> assertEquals(DType.F32, unet.apply(noise(1, 2, 4, 4)).dtype()));
      }
    }
  }
}
