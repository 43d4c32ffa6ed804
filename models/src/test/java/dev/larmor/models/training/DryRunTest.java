package dev.larmor.models.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.RecomputePlan;
import dev.larmor.autograd.Training;
import dev.larmor.engine.BudgetExceededException;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.MaskPolicy;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.fivarnet.FiVarNet;
import dev.larmor.models.loss.Criterion;
import dev.larmor.models.loss.SliceContext;
import dev.larmor.models.varnet.ModelConfig;
import dev.larmor.models.varnet.VarNet;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The dry run's figures against the ledger of a device that did the work. */
final class DryRunTest {
  private static final DryRun.Size SIZE = new DryRun.Size(3, 80, 70, 64);

  private static final FiVarNet.Config SMALL =
      new FiVarNet.Config(2, 1, 8, 8, 2, 4, 2, 0, 0.1f, Precision.FP32);

  private static final String DEVICE = System.getProperty("larmor.device", "cpu");

  private static Device open(int threads) {
    return Device.open(DEVICE, DeviceConfig.DEFAULT.withThreads(threads));
  }

  /** What a step and the optimiser's step really hold at most, the next sample included. */
  private static long measuredPeak(ModelConfig config, Recompute recompute, int threads) {
    try (Device device = open(threads);
        Network network = Network.place(device, config, 1);
        Adam adam = new Adam(network.model().parameters(), Adam.Config.adamW(0.9, 0.999, 0));
        Gradients gradients = new Gradients();
        TrainingStep.Slice _ = Scope.run(() -> slice(device).unscoped())) {
      for (int sample = 0; sample < 2; sample++) {
        Training training = new Training(1, 0, sample);
        TrainingStep step =
            new TrainingStep(network.model(), Criterion.SOBEL, recompute, training, 0.5);
        Scope.run(() -> {
          step.run(slice(device), gradients).loss().item();
        });
      }
      adam.step(gradients, 1e-4);
      return device.ledger().peak();
    }
  }

  private static TrainingStep.Slice slice(Device device) {
    Philox random = Philox.of(1, "slice");
    float[] samples = new float[2 * SIZE.coils() * SIZE.height() * SIZE.width()];
    float[] pixels = new float[SIZE.target() * SIZE.target()];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = 1e-4f * (float) random.normal(i);
    }
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = 1e-3f * random.uniform(i);
    }
    return new TrainingStep.Slice(
        device.tensor(
            TrainingStep.Slice.kspaceSpec(SIZE.coils(), SIZE.height(), SIZE.width()), samples),
        MaskPolicy.equispaced(4).draw(SIZE.width(), random.with("mask")),
        device.tensor(TrainingStep.Slice.targetSpec(SIZE.target()), pixels),
        new SliceContext(1e-3, Anatomy.BRAIN, 0, 1));
  }

  @ParameterizedTest
  @CsvSource({"1, false", "2, false", "2, true"})
  void theLedgersPeakIsForeseen(int threads, boolean recompute) {
    Recompute policy = recompute ? Recompute.ALWAYS : Recompute.NEVER;
    for (ModelConfig config :
        new ModelConfig[] {SMALL, new VarNet.Config(2, 8, 2, 4, 2, 0, Precision.FP32)}) {
      String dryRun;
      try (Device device = open(threads)) {
        dryRun = device.dryRun();
      }
      long foreseen =
          new DryRun(dryRun, threads).training(config, Criterion.SOBEL, SIZE, policy).peak().live();
      long measured = measuredPeak(config, policy, threads);
      assertEquals(measured, foreseen, 0.01 * measured, config.architecture());
    }
  }

  @Test
  void isOfTheNetworksPrecision() {
    ModelConfig half = new VarNet.Config(2, 8, 2, 4, 2, 0, Precision.FP16);
    DryRun cpu = new DryRun("meta:cpu", 1);
    assertEquals(
        "meta:cpu does not compute in F16, which fp16 keeps feature maps in: use fp32 or bf16",
        assertThrows(DeviceException.class, () -> cpu.reconstruction(half, SIZE)).getMessage());
    DryRun meta = new DryRun("meta", 1);
    ModelConfig whole = new VarNet.Config(2, 8, 2, 4, 2, 0, Precision.FP32);
    assertTrue(
        meta.training(half, Criterion.SOBEL, SIZE, Recompute.NEVER).peak().live()
            < 0.8 * meta.training(whole, Criterion.SOBEL, SIZE, Recompute.NEVER).peak().live());
  }

  /** The promise of the project: the published network trains on the largest brain slices. */
  @Test
  void thePublishedNetworkTrainsOnAnEightGigabyteCard() {
    DryRun.Size brain = new DryRun.Size(16, 768, 396, 384);
    RecomputePlan plan =
        new DryRun("meta:gtx1080", 2)
            .recomputePlan(
                FiVarNet.Config.DEFAULT, Criterion.SOBEL, brain, DeviceConfig.GTX1080_BUDGET);
    assertTrue(plan.fits());
    assertTrue(plan.peakBytes() <= DeviceConfig.GTX1080_BUDGET, plan.toString());
    assertFalse(plan.stages().isEmpty(), "all kept: then the card would be no limit");
  }

  /** The specification's count of multiply–adds, two operations each, made with PyTorch. */
  @Test
  void theWorkOfThePublishedNetwork() {
    DryRun.Size knee = new DryRun.Size(15, 640, 372, 384);
    DryRun dry = new DryRun("meta:gtx1080", 2);
    double flop = dry.reconstruction(FiVarNet.Config.DEFAULT, knee).work().flop();
    assertEquals(2 * 557e9, flop, 0.05 * flop);
    DryRun.Report step =
        dry.training(FiVarNet.Config.DEFAULT, Criterion.SOBEL, knee, Recompute.ALWAYS);
    assertEquals(4 * flop, step.work().flop() / 2, 0.05 * 4 * flop, "two samples of four forwards");
  }

  @Test
  void recomputingTradesMemoryForWork() {
    DryRun dry = new DryRun("meta:gtx1080", 1);
    DryRun.Report keep = dry.training(SMALL, Criterion.SSIM, SIZE, Recompute.NEVER);
    DryRun.Report again = dry.training(SMALL, Criterion.SSIM, SIZE, Recompute.ALWAYS);
    assertTrue(again.peak().live() < keep.peak().live());
    assertTrue(again.work().flop() > 1.2 * keep.work().flop());
    assertTrue(again.keptStages().isEmpty());
    assertEquals(keep.peak().live(), keep.bytesByStage().values().stream().mapToLong(b -> b).sum());
  }

  @Test
  void theChoiceFitsTheBudgetOrShowsTheBill() {
    long all =
        new DryRun("meta:cpu", 1)
            .training(SMALL, Criterion.SOBEL, SIZE, Recompute.NEVER)
            .peak()
            .live();
    Volume volume =
        new Volume(
            "brain.h5",
            Path.of("brain.h5"),
            Optional.empty(),
            1,
            SIZE.coils(),
            SIZE.height(),
            SIZE.width(),
            SamplingMask.full(SIZE.width()),
            SIZE.target(),
            1,
            Anatomy.BRAIN);
    try (Device device =
        Device.open("cpu", DeviceConfig.DEFAULT.withThreads(1).withBudget(all - 1))) {
      Recompute choice = RecomputeChoice.fitting(device, SMALL, Criterion.SOBEL).apply(volume);
      int stages = 0;
      for (String stage :
          new String[] {
            "sens_net.coils.0",
            "feature_cascades.0",
            "feature_cascades.1",
            "decode",
            "image_cascades.0"
          }) {
        stages += choice.recompute(stage) ? 1 : 0;
      }
      assertEquals(1, stages, "the fewest that help");
    }
    try (Device device =
        Device.open("cpu", DeviceConfig.DEFAULT.withThreads(1).withBudget(all / 10))) {
      RecomputeChoice choice = RecomputeChoice.fitting(device, SMALL, Criterion.SOBEL);
      String message =
          assertThrows(BudgetExceededException.class, () -> choice.apply(volume)).getMessage();
      assertTrue(message.startsWith("a training step on brain.h5 takes "), message);
      assertTrue(message.contains("optimizer") && message.contains(" at "), message);
    }
  }

  @Test
  void sizesStartAtOne() {
    assertEquals(
        "a slice of 0x640x372 to an image of 384: sizes start at 1",
        assertThrows(IllegalArgumentException.class, () -> new DryRun.Size(0, 640, 372, 384))
            .getMessage());
  }
}
