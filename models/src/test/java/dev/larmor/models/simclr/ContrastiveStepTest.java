package dev.larmor.models.simclr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Recompute;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.simclr.ContrastiveStep.Result;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A step in chunks is the step of the whole batch, in less memory. */
final class ContrastiveStepTest {
  private static final int BATCH = 7;
  private static final int EDGE = 8;

  private static final SimClr.Config SMALL =
      new SimClr.Config(
          new ResidualEncoder.Config(1, List.of(4, 6, 8), List.of(1, 2, 1), Precision.FP32),
          12,
          10);

  /** Images that differ, each in two views that are alike. */
  private record Noise(Device device) implements ContrastiveStep.Views {
    /** Two of them belong together. */
    @Override
    public int[] groups() {
      return new int[] {0, 1, 2, 3, 1, 4, 5};
    }

    @Override
    public Tensor upload(int view, int first, int count) {
      int voxels = EDGE * EDGE * EDGE;
      float[] values = new float[count * voxels];
      for (int i = 0; i < count; i++) {
        Philox image = Philox.of(3, "image").with(first + i);
        for (int v = 0; v < voxels; v++) {
          double own = image.with(view).normal(v);
          values[i * voxels + v] = (float) (image.normal(v) + 0.3 * own);
        }
      }
      return device.tensor(TensorSpec.of(DType.F32, count, 1, EDGE, EDGE, EDGE), values);
    }
  }

  private static Result step(Device device, int chunk, double scale, Gradients gradients) {
    try (SimClr network = new SimClr(SMALL)) {
      network.place(device, Philox.of(1, "weights"));
      return new ContrastiveStep(network, NtXent.DEFAULT, Recompute.NEVER, chunk, scale)
          .run(new Noise(device), gradients);
    }
  }

  private static Device device() {
    return Device.open(System.getProperty("larmor.device", "cpu"));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "3, 1024", "6, 1"})
  void chunksAreTheWholeBatch(int chunk, double scale) {
    try (Device device = device();
        SimClr network = new SimClr(SMALL);
        Gradients whole = new Gradients();
        Gradients chunked = new Gradients()) {
      network.place(device, Philox.of(1, "weights"));
      Noise views = new Noise(device);
      Result expected =
          new ContrastiveStep(network, NtXent.DEFAULT, Recompute.NEVER, BATCH, 1).run(views, whole);
      Result found =
          new ContrastiveStep(network, NtXent.DEFAULT, Recompute.ALWAYS, chunk, scale)
              .run(views, chunked);
      assertEquals(expected.loss(), found.loss(), 1e-6 * expected.loss());
      assertEquals(expected.accuracy(), found.accuracy());
      double norm = whole.norm();
      assertTrue(norm > 1e-3, "there is something to compare: " + norm);
      for (Parameter parameter : network.parameters()) {
        double[] a = whole.of(parameter).toDoubles();
        double[] b = chunked.of(parameter).toDoubles();
        for (int i = 0; i < a.length; i++) {
          assertEquals(a[i], b[i] / scale, 1e-6 * norm, parameter.name());
        }
      }
    }
  }

  /** Memory is a chunk's, whatever the batch. */
  @Test
  void chunksNeedLess() {
    long[] peaks = new long[2];
    for (int i = 0; i < 2; i++) {
      try (Device device = device();
          Gradients gradients = new Gradients()) {
        step(device, i == 0 ? BATCH : 1, 1, gradients);
        peaks[i] = device.ledger().peak();
      }
    }
    assertTrue(peaks[1] < peaks[0] / 3, peaks[1] + " and " + peaks[0]);
  }

  @Test
  void mistakes() {
    assertEquals(
        "a chunk has at least one image, not 0",
        assertThrows(
                IllegalArgumentException.class,
                () -> new ContrastiveStep(null, NtXent.DEFAULT, Recompute.NEVER, 0, 1))
            .getMessage());
  }
}
