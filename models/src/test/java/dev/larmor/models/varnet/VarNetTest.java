package dev.larmor.models.varnet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Narrow;
import dev.larmor.engine.op.Rss;
import dev.larmor.engine.op.RssNormalize;
import dev.larmor.models.data.SamplingMask;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class VarNetTest {
  private static final VarNet.Config TINY = new VarNet.Config(2, 2, 2, 2, 2, 0, Precision.FP32);

  private static VarNet placed(VarNet.Config config, Device device) {
    VarNet model = config.build();
    model.place(device, Philox.of(1, "init"));
    return model;
  }

  private static Tensor kspace(Device device, int coils, int height, int width) {
    Philox noise = Philox.of(3, "k-space");
    double[] values = new double[2 * coils * height * width];
    Arrays.setAll(values, i -> 1e-5 * noise.normal(i));
    return device.fromDoubles(TensorSpec.of(DType.C64, coils, height, width), values);
  }

  @Test
  void defaultIsThePublishedNetwork() {
    assertEquals("varnet_i12_c18_s8", VarNet.Config.DEFAULT.architecture());
    try (Device device = Device.open("meta");
        VarNet model = placed(VarNet.Config.DEFAULT, device)) {
      long sensitivities =
          model.parameters().stream()
              .filter(p -> p.name().startsWith("sens_net."))
              .mapToLong(p -> p.spec().shape().elements())
              .sum();
      assertEquals(484_898, sensitivities);
      assertEquals(484_898 + 12 * 2_454_339, model.parameterCount());
    }
  }

  @Test
  void stagesAreNamedByModules() {
    try (Device device = Device.open("meta");
        VarNet model = placed(TINY, device);
        Tape tape = new Tape(model.parameters(), Recompute.NEVER)) {
      Scope.run(() -> {
        SamplingMask mask = SamplingMask.equispaced(17, 4, 0.2, 1);
        Tensor k = kspace(device, 2, 15, 17);
        Tensor image = tape.record(() -> model.reconstruct(k, mask, 12, 20));
        assertEquals(TensorSpec.of(DType.F32, 1, 12, 20), image.spec());
      });
      assertEquals(
          List.of("sens_net.coils.0", "cascades.0", "cascades.1"),
          List.copyOf(tape.keptStages().keySet()));
    }
  }

  /** Maps have unit length over coils, and depend on nothing but the low frequencies. */
  @Test
  void sensitivitiesComeFromTheCentre() {
    try (Device device = Device.open("ref");
        SensitivityModel model = new SensitivityModel(2, 2, 0)) {
      model.place(device, Philox.of(1, "init"));
      Scope.run(() -> {
        SamplingMask mask = SamplingMask.equispaced(16, 4, 0.25, 0);
        Tensor k = kspace(device, 3, 15, 16);
        Tensor maps = model.estimate(k, mask);
        double[] ones = new double[15 * 16];
        Arrays.fill(ones, 1);
        assertArrayEquals(ones, new Rss().apply(maps).toDoubles(), 1e-12);

        double[] other = k.toDoubles();
        int start = mask.lowFrequencyStart();
        int end = start + mask.lowFrequencies();
        for (int i = 0; i < other.length; i++) {
          int column = i / 2 % 16;
          other[i] = column < start || column >= end ? 7 : other[i];
        }
        Tensor same = model.estimate(device.fromDoubles(k.spec(), other), mask);
        assertArrayEquals(maps.toDoubles(), same.toDoubles());
      });
    }
  }

  /**
   * Seven coils go through the U-Net in two groups; each coil's map is what it would be without the
   * other group.
   */
  @Test
  void coilsGoInGroups() {
    try (Device device = Device.open("ref");
        SensitivityModel model = new SensitivityModel(2, 2, 0)) {
      model.place(device, Philox.of(1, "init"));
      try (Tape tape = new Tape(model.parameters(), Recompute.NEVER)) {
        Scope.run(() -> {
          SamplingMask mask = SamplingMask.equispaced(16, 4, 0.25, 0);
          Tensor k = kspace(device, 7, 15, 16);
          Tensor maps = tape.record(() -> model.estimate(k, mask));
          for (int[] group : new int[][] {{0, 3}, {3, 4}}) {
            Narrow coils = new Narrow(0, group[0], group[1]);
            assertArrayEquals(
                model.estimate(coils.apply(k), mask).toDoubles(),
                new RssNormalize().apply(coils.apply(maps)).toDoubles(),
                1e-12);
          }
        });
        assertEquals(List.of("coils.0", "coils.3"), List.copyOf(tape.keptStages().keySet()));
      }
    }
  }

  /** A coil that received nothing leaves the image finite. */
  @Test
  void deadCoil() {
    try (Device device = Device.open("ref");
        VarNet model = placed(TINY, device)) {
      Scope.run(() -> {
        double[] values = kspace(device, 3, 16, 16).toDoubles();
        Arrays.fill(values, 0, values.length / 3, 0);
        Tensor k = device.fromDoubles(TensorSpec.of(DType.C64, 3, 16, 16), values);
        SamplingMask mask = SamplingMask.equispaced(16, 4, 0.25, 0);
        for (double v : model.reconstruct(k, mask, 16, 16).toDoubles()) {
          assertEquals(v, v, "NaN");
        }
      });
    }
  }

  @Test
  void optionsAreChecked() {
    IllegalArgumentException pools =
        assertThrows(
            IllegalArgumentException.class,
            () -> new VarNet.Config(2, 2, 0, 2, 2, 0, Precision.FP32));
    assertEquals("pools must be in 1 … 8, not 0", pools.getMessage());
    IllegalArgumentException dropout =
        assertThrows(
            IllegalArgumentException.class,
            () -> new VarNet.Config(2, 2, 2, 2, 2, 1, Precision.FP32));
    assertEquals("dropout must be in [0, 1), not 1.0", dropout.getMessage());
  }
}
