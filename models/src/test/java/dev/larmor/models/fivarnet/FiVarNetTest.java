package dev.larmor.models.fivarnet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Module;
import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.autograd.Training;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Sum;
import dev.larmor.models.data.SamplingMask;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FiVarNetTest {
  private static final FiVarNet.Config TINY =
      new FiVarNet.Config(2, 1, 3, 2, 2, 2, 2, 1, 0, Precision.FP32);

  private static FiVarNet.Config with(float dropout, Precision precision) {
    return new FiVarNet.Config(2, 1, 3, 2, 2, 2, 2, 1, dropout, precision);
  }

  /** k-space of a few coils whose energy is at the centre, as it is in an anatomy's. */
  private static Tensor kspace(Device device, int coils, int height, int width) {
    Philox noise = Philox.of(3, "k-space");
    double[] values = new double[2 * coils * height * width];
    for (int i = 0; i < values.length; i++) {
      int w = i / 2 % width - width / 2;
      int h = i / 2 / width % height - height / 2;
      values[i] = 1e-4 * noise.normal(i) / (1 + h * h + w * w);
    }
    return device.fromDoubles(TensorSpec.of(DType.C64, coils, height, width), values);
  }

  private static FiVarNet placed(FiVarNet.Config config, Device device) {
    FiVarNet model = config.build();
    model.place(device, Philox.of(1, "init"));
    return model;
  }

  @Test
  void publishedModelHasTheseParameters() {
    try (Device device = Device.open("meta");
        FiVarNet model = placed(FiVarNet.Config.DEFAULT, device)) {
      assertEquals(78_282_707, model.parameterCount());
      assertEquals(484_898, count(model, "sens_net."));
      long shared = count(model, "encoder.") + count(model, "decoder.");
      assertEquals(7_820_451, count(model, "feature_cascades.0.") + shared);
      assertEquals(7_769_251, count(model, "feature_cascades.1.") + shared);
      assertEquals(7_820_451, count(model, "feature_cascades.6.") + shared);
      assertEquals(7_756_419, count(model, "image_cascades.1."));
      Parameter scale = model.parameters().getFirst();
      assertEquals("output_scale F64[1] frozen", scale.toString());
    }
  }

  private static long count(Module model, String prefix) {
    return model.parameters().stream()
        .filter(p -> p.name().startsWith(prefix))
        .mapToLong(p -> p.spec().shape().elements())
        .sum();
  }

  @Test
  void architectureNamesTheFolder() {
    assertEquals("fivarnet_f8_i2_attn0_c32_s8", FiVarNet.Config.DEFAULT.architecture());
  }

  @Test
  void reconstructsOddSizesToTheSizeAskedFor() {
    try (Device device = Device.open("ref");
        FiVarNet model = placed(TINY, device)) {
      Scope.run(() -> {
        Tensor k = kspace(device, 2, 19, 22);
        SamplingMask mask = SamplingMask.equispaced(22, 4, 0.2, 1);
        Tensor image = model.reconstruct(k, mask, 15, 25);
        assertEquals(TensorSpec.of(DType.F32, 1, 15, 25), image.spec());
        double[] values = image.toDoubles();
        assertEquals(0, values[0], "left of the 22 columns");
        assertTrue(values[7 * 25 + 12] > 0);
      });
    }
  }

  /** What the mask leaves out is never looked at. */
  @Test
  void ignoresColumnsThatAreNotSampled() {
    try (Device device = Device.open("ref");
        FiVarNet model = placed(TINY, device)) {
      Scope.run(() -> {
        SamplingMask mask = SamplingMask.equispaced(16, 4, 0.2, 1);
        double[] full = kspace(device, 2, 16, 16).toDoubles();
        double[] zeroed = full.clone();
        for (int i = 0; i < zeroed.length; i++) {
          zeroed[i] *= mask.sampled(i / 2 % 16) ? 1 : 0;
        }
        TensorSpec spec = TensorSpec.of(DType.C64, 2, 16, 16);
        assertArrayEquals(
            model.reconstruct(device.fromDoubles(spec, full), mask, 16, 16).toDoubles(),
            model.reconstruct(device.fromDoubles(spec, zeroed), mask, 16, 16).toDoubles());
      });
    }
  }

  @Test
  void stagesAreNamedByModules() {
    try (Device device = Device.open("meta");
        FiVarNet model = placed(TINY, device);
        Tape tape = new Tape(model.parameters(), Recompute.NEVER)) {
      Scope.run(() -> {
        tape.record(() -> reconstruct(model, device));
      });
      assertEquals(
          List.of(
              "sens_net.coils.0",
              "feature_cascades.0",
              "feature_cascades.1",
              "decode",
              "image_cascades.0"),
          List.copyOf(tape.keptStages().keySet()));
    }
  }

  private static Tensor reconstruct(FiVarNet model, Device device) {
    SamplingMask mask = SamplingMask.equispaced(18, 4, 0.2, 1);
    return model.reconstruct(kspace(device, 2, 16, 18), mask, 16, 16);
  }

  static Stream<String> devices() {
    return Stream.of("ref", System.getProperty("larmor.device", "cpu")).distinct();
  }

  /** Recomputing stages, with dropout, changes no bit of any gradient. */
  @ParameterizedTest
  @MethodSource("devices")
  void recomputingIsExact(String name) {
    try (Device device = Device.open(name);
        FiVarNet model = placed(with(0.3f, Precision.FP32), device)) {
      Map<String, double[]> kept = gradients(model, device, Recompute.NEVER, 1);
      Map<String, double[]> recomputed = gradients(model, device, Recompute.ALWAYS, 1);
      assertEquals(kept.keySet(), recomputed.keySet());
      kept.forEach((weight, g) -> assertArrayEquals(g, recomputed.get(weight), weight));
      double[] otherStep =
          gradients(model, device, Recompute.ALWAYS, 2).get("encoder.encoder.0.weight");
      assertTrue(
          !Arrays.equals(otherStep, kept.get("encoder.encoder.0.weight")),
          "dropout depends on the step");
    }
  }

  private static Map<String, double[]> gradients(
      FiVarNet model, Device device, Recompute recompute, long step) {
    try (Tape tape = new Tape(model.parameters(), recompute);
        Gradients gradients = new Gradients()) {
      Scope.run(() -> {
        Tensor loss =
            new Training(2025, step, step)
                .run(() -> tape.record(() -> new Sum().apply(reconstruct(model, device))));
        tape.backward(loss, 1e6, gradients);
      });
      Map<String, double[]> values = new LinkedHashMap<>();
      for (Parameter parameter : model.parameters()) {
        if (!parameter.frozen()) {
          values.put(parameter.name(), gradients.of(parameter).toDoubles());
        }
      }
      return values;
    }
  }

  /**
   * Feature maps in bfloat16 between convolutions: half the bytes are kept for the backward pass.
   */
  @Test
  void bfloat16HalvesWhatIsKept() {
    long full = savedBytes(Precision.FP32);
    long half = savedBytes(Precision.BF16);
    assertTrue(half < 0.65 * full, half + " bytes with bf16, " + full + " without");
  }

  private static long savedBytes(Precision precision) {
    FiVarNet.Config config = new FiVarNet.Config(1, 1, 32, 32, 4, 8, 4, 0, 0, precision);
    try (Device device = Device.open("meta");
        FiVarNet model = placed(config, device);
        Tape tape = new Tape(model.parameters(), Recompute.NEVER)) {
      SamplingMask mask = SamplingMask.equispaced(372, 4, 0.08, 1);
      Scope.run(() -> {
        Tensor k = device.empty(TensorSpec.of(DType.C64, 15, 640, 372), Tag.TEMPORARY);
        tape.record(() -> model.reconstruct(k, mask, 384, 384));
      });
      return tape.keptStages().get("feature_cascades.0").bytes();
    }
  }

  @Test
  void aliasesPointToParameters() {
    try (Device device = Device.open("meta");
        FiVarNet model = placed(TINY, device)) {
      List<String> names = model.parameters().stream().map(Parameter::name).toList();
      assertTrue(names.containsAll(model.aliases().values()));
      assertEquals(
          "decoder.decoder.bias", model.aliases().get("feature_cascades.1.decoder.decoder.bias"));
      assertEquals(8, model.aliases().size());
    }
  }

  @Test
  void wrongInputsAreRefused() {
    try (Device device = Device.open("meta");
        FiVarNet model = placed(TINY, device)) {
      Scope.run(() -> {
        Tensor k = kspace(device, 2, 16, 18);
        IllegalArgumentException e =
            assertThrows(
                IllegalArgumentException.class,
                () -> model.reconstruct(k, SamplingMask.full(16), 16, 16));
        assertEquals("the mask has 16 columns, the k-space C64[2, 16, 18] has 18", e.getMessage());
      });
    }
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new FiVarNet.Config(0, 1, 3, 2, 2, 2, 2, 1, 0, Precision.FP32));
    assertEquals("feature_cascades must be at least 1, not 0", e.getMessage());
  }
}
