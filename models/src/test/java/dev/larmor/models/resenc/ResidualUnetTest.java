package dev.larmor.models.resenc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.autograd.Training;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Dot;
import dev.larmor.engine.op.OpException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is built on the residual encoder: sizes, names, gradients. */
final class ResidualUnetTest {
  private static final ResidualEncoder.Config SMALL =
      new ResidualEncoder.Config(2, List.of(3, 5, 6), List.of(1, 2, 1), Precision.FP32);

  private static Device device;

  @BeforeAll
  static void open() {
    device = Device.open(System.getProperty("larmor.device", "cpu"));
  }

  @AfterAll
  static void close() {
    device.close();
  }

  /** nnU-Net's residual preset L, for one foreground class and two. */
  @Test
  void thePublishedSizes() {
    // Its region-based variant has one score for one class; ours never has fewer than two.
    assertEquals(
        102_349_770, new ResidualUnet(ResidualEncoder.Config.RES_ENC_L, 2).parameterCount());
    assertEquals(
        102_349_770 + 805, new ResidualUnet(ResidualEncoder.Config.RES_ENC_L, 3).parameterCount());
    assertEquals(
        90_296_576 + 2 * 320 + 2,
        new ResidualClassifier(ResidualEncoder.Config.RES_ENC_L, 2, 0.2f).parameterCount());
  }

  private static Tensor noise(int... dims) {
    long[] all = new long[dims.length];
    int elements = 1;
    for (int i = 0; i < dims.length; i++) {
      all[i] = dims[i];
      elements *= dims[i];
    }
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (float) Philox.of(4, "noise").normal(i);
    }
    return device.tensor(TensorSpec.of(DType.F32, all), values);
  }

  private static double loss(
      Layer network, Tensor x, Tensor weights, Recompute when, Gradients to) {
    try (Tape tape = new Tape(network.parameters(), when)) {
      return Scope.run(() -> {
        Tensor loss = tape.record(() -> new Dot().apply(network.apply(x), weights));
        tape.backward(loss, 1, to);
        return loss.item();
      });
    }
  }

  /** Recomputed or not, the same bits; every parameter in use has a gradient. */
  @Test
  void gradients() {
    try (ResidualUnet network = new ResidualUnet(SMALL, 4);
        Gradients kept = new Gradients();
        Gradients recomputed = new Gradients()) {
      network.place(device, Philox.of(1, "weights"));
      Scope.run(() -> {
        Tensor x = noise(2, 2, 16, 8, 12);
        Tensor weights = noise(2, 4, 16, 8, 12);
        double loss = loss(network, x, weights, Recompute.NEVER, kept);
        assertEquals(loss, loss(network, x, weights, Recompute.ALWAYS, recomputed));
      });
      Set<String> unused = new HashSet<>();
      for (Parameter parameter : network.parameters()) {
        if (parameter.frozen()) {
          unused.add(parameter.name());
          assertNull(kept.of(parameter));
        } else {
          float[] gradient = kept.of(parameter).toFloats();
          float[] again = recomputed.of(parameter).toFloats();
          for (int i = 0; i < gradient.length; i++) {
            assertEquals(gradient[i], again[i], parameter.name());
          }
        }
      }
      assertEquals(Set.of("decoder.seg_layers.0.weight", "decoder.seg_layers.0.bias"), unused);
    }
  }

  /** A directional derivative of the loss by the input, by differences. */
  @Test
  void theGradientOfTheInput() {
    try (Device exact = Device.open("ref");
        ResidualUnet network = new ResidualUnet(SMALL, 3)) {
      network.place(exact, Philox.of(1, "weights"));
      int voxels = 2 * 8 * 8 * 8;
      double[] at = new double[voxels];
      double[] along = new double[voxels];
      double[] weights = new double[3 * 8 * 8 * 8];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = Philox.of(7, "weights").normal(i);
      }
      for (int i = 0; i < voxels; i++) {
        at[i] = Philox.of(5, "at").normal(i);
        along[i] = Philox.of(6, "along").normal(i);
      }
      TensorSpec input = TensorSpec.of(DType.F32, 1, 2, 8, 8, 8);
      TensorSpec output = TensorSpec.of(DType.F32, 1, 3, 8, 8, 8);
      double[] slope = new double[1];
      Scope.run(() -> {
        Tensor x = exact.fromDoubles(input, at);
        try (Tape tape = new Tape(List.of(), Recompute.NEVER)) {
          tape.watch(
              x,
              gradient -> {
                double[] g = gradient.toDoubles();
                for (int i = 0; i < voxels; i++) {
                  slope[0] += g[i] * along[i];
                }
              });
          Tensor loss =
              tape.record(
                  () -> new Dot().apply(network.apply(x), exact.fromDoubles(output, weights)));
          tape.backward(loss, 1, (parameter, gradient) -> {});
        }
      });
      double step = 1e-6;
      double[] losses = new double[2];
      for (int side = 0; side < 2; side++) {
        double[] moved = new double[voxels];
        for (int i = 0; i < voxels; i++) {
          moved[i] = at[i] + (side == 0 ? -step : step) * along[i];
        }
        int s = side;
        Scope.run(() -> {
          Tensor y = network.apply(exact.fromDoubles(input, moved));
          double[] scores = y.toDoubles();
          for (int i = 0; i < scores.length; i++) {
            losses[s] += scores[i] * weights[i];
          }
        });
      }
      double expected = (losses[1] - losses[0]) / (2 * step);
      assertEquals(expected, slope[0], 1e-5 * Math.abs(expected));
    }
  }

  /** nnU-Net's first values: He's kernels, no biases, residual blocks that add nothing yet. */
  @Test
  void initialised() {
    try (ResidualUnet network = new ResidualUnet(SMALL, 4)) {
      network.place(device, Philox.of(1, "weights"));
      network.initialise(Philox.of(1, "weights"));
      int[] kinds = new int[4];
      for (Parameter parameter : network.parameters()) {
        String name = parameter.name();
        float[] values = parameter.value().toFloats();
        double squares = 0;
        for (float value : values) {
          squares += value * value;
        }
        double deviation = Math.sqrt(squares / values.length);
        if (parameter.spec().shape().rank() == 5) {
          // PyTorch's fan in, of transposed kernels too: what one entry of the first axis has.
          long fanIn = parameter.spec().shape().elements() / parameter.spec().shape().dim(0);
          double expected = Math.sqrt(2 / (1.0001 * fanIn));
          assertEquals(expected, deviation, (values.length > 200 ? 0.2 : 0.9) * expected, name);
          kinds[0]++;
        } else if (name.endsWith("conv2.norm.weight")) {
          assertEquals(0, deviation, name);
          kinds[1]++;
        } else if (name.endsWith("norm.weight")) {
          assertEquals(1, deviation, name);
          kinds[2]++;
        } else {
          assertEquals(0, deviation, name);
          kinds[3]++;
        }
      }
      assertEquals(4, kinds[1], "one for each block");
      assertTrue(kinds[0] > 10 && kinds[2] > 5 && kinds[3] > 15);
    }
  }

  @Test
  void scoresOfAClassifier() {
    try (ResidualClassifier network = new ResidualClassifier(SMALL, 3, 0.5f);
        Gradients gradients = new Gradients()) {
      network.place(device, Philox.of(1, "weights"));
      Scope.run(() -> {
        Tensor x = noise(2, 2, 16, 8, 8);
        float[] scores = network.apply(x).toFloats();
        assertEquals(6, scores.length);
        float[] dropped =
            new Training(1, 0, 0).run(() -> Scope.run(() -> network.apply(x))).toFloats();
        boolean differs = false;
        for (int i = 0; i < 6; i++) {
          differs |= scores[i] != dropped[i];
        }
        assertTrue(differs, "dropout in training only");
        loss(network, x, noise(2, 3), Recompute.NEVER, gradients);
      });
      for (Parameter parameter : network.parameters()) {
        assertTrue(gradients.of(parameter) != null, parameter.name());
      }
    }
  }

  @Test
  void mistakes() {
    assertEquals(
        "a segmentation has at least 2 classes, not 1",
        assertThrows(IllegalArgumentException.class, () -> new ResidualUnet(SMALL, 1))
            .getMessage());
    try (ResidualUnet network = new ResidualUnet(SMALL, 2)) {
      network.place(device, Philox.of(1, "weights"));
      // 4³ leaves one voxel at the deepest stage.
      assertThrows(OpException.class, () -> Scope.run(() -> network.apply(noise(1, 2, 4, 4, 4))));
    }
  }
}
