package dev.larmor.models.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Schedule;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Ledger;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.models.Phantom;
import dev.larmor.models.augment.Augmentation;
import dev.larmor.models.augment.FullSlice;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.SamplingMask.Comb;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.fivarnet.FiVarNet;
import dev.larmor.models.loss.Criterion;
import dev.larmor.models.varnet.ModelConfig;
import dev.larmor.models.varnet.VarNet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training on varied samples: reproducible, resumable, foreseen, and not in validation. */
final class AugmentedTrainingTest {
  private static final String DEVICE = System.getProperty("larmor.device", "cpu");

  private static final FiVarNet.Config NETWORK =
      new FiVarNet.Config(1, 1, 2, 2, 1, 2, 1, 0, 0, Precision.FP32);

  /** Some of everything. */
  private static final Augmentation MIXED = new Augmentation(1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5);

  private static final BooleanSupplier NEVER = () -> false;

  @TempDir private static Path data;
  private static Run whole;

  @TempDir private Path folder;

  /** What a run told its listener. */
  private record Run(List<Double> losses, List<Double> validations, long peak) {}

  @BeforeAll
  static void runOnce() {
    Phantom.TINY.writeDataSet(data, 2, 1, 2);
    whole = run(data.resolve("whole"), MIXED, 1, 1, 1e-3, NEVER);
    assertEquals(8, whole.losses.size());
  }

  private static VolumeSet open(Path data, String split) {
    return VolumeSet.open(data.resolve(split), Targets.REQUIRED, BadFiles.FAIL);
  }

  private static Run run(
      Path out,
      Augmentation augmentation,
      int workers,
      int threads,
      double rate,
      BooleanSupplier stop) {
    return run(NETWORK, data, out, augmentation, workers, threads, rate, stop);
  }

  /** Two epochs, in groups of two; goes on where there is a run. */
  private static Run run(
      ModelConfig config,
      Path data,
      Path out,
      Augmentation augmentation,
      int workers,
      int threads,
      double rate,
      BooleanSupplier stop) {
    TrainingSettings settings =
        new TrainingSettings(
            2,
            new Schedule.Constant(rate),
            Criterion.SOBEL,
            Adam.Config.adamW(0.2, 0.999, 1e-6),
            2,
            0,
            new TrainingMasks(0, 0.08, 0.5, Comb.OUTER),
            augmentation,
            7,
            workers,
            100,
            false,
            BadFiles.FAIL);
    Run run = new Run(new ArrayList<>(), new ArrayList<>(), 0);
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void iteration(Round round, int iteration, int iterations, double loss) {
            run.losses.add(loss);
          }

          @Override
          public void done(Round.Summary summary, boolean best) {
            run.validations.add(summary.validationLoss());
          }
        };
    try (Device device = Device.open(DEVICE, DeviceConfig.DEFAULT.withThreads(threads));
        Network network = Network.place(device, config, settings.seed());
        Trainer trainer =
            new Trainer(
                network,
                settings,
                RecomputeChoice.always(Recompute.ALWAYS),
                List.of(new Split(open(data, "train"), open(data, "val"))),
                out,
                listener)) {
      if (Files.exists(Trainer.last(out))) {
        trainer.resume(Trainer.last(out));
      }
      trainer.run(stop);
      return new Run(run.losses, run.validations, device.ledger().peak());
    }
  }

  @Test
  void workersAndThreadsChangeNoLoss() {
    Run other = run(folder, MIXED, 4, 2, 1e-3, NEVER);
    assertEquals(whole.losses, other.losses);
    assertEquals(whole.validations, other.validations);
  }

  @Test
  void aResumedRunIsTheUninterruptedOne() {
    assumeFalse(DEVICE.equals("ref"), "keeps F32 in double, which no file holds");
    List<Double> losses = new ArrayList<>();
    for (int piece = 0; piece < 3; piece++) {
      int[] questions = {0};
      BooleanSupplier second = () -> ++questions[0] == 2;
      losses.addAll(run(folder, MIXED, 1, 1, 1e-3, second).losses);
    }
    losses.addAll(run(folder, MIXED, 1, 1, 1e-3, NEVER).losses);
    assertEquals(whole.losses, losses);
  }

  /** With a rate of zero the network stays, so epochs differ by what was drawn alone. */
  @Test
  void everySampleOfEveryEpochIsVariedButNoneInValidation() {
    Run plain = run(folder.resolve("plain"), Augmentation.NONE, 1, 1, 0, NEVER);
    Run varied = run(folder.resolve("varied"), MIXED, 1, 1, 0, NEVER);
    for (int i = 0; i < 8; i++) {
      assertNotEquals(plain.losses.get(i), varied.losses.get(i));
    }
    assertEquals(8, varied.losses.stream().distinct().count());
    assertEquals(plain.validations, varied.validations);
    assertEquals(plain.validations.get(0), plain.validations.get(1));
  }

  @Test
  void aRunIsNotContinuedWithAnotherAugmentation() {
    Path run = folder.resolve("run");
    run(run, Augmentation.NONE, 1, 1, 1e-3, NEVER);
    String message =
        assertThrows(DataException.class, () -> run(run, MIXED, 1, 1, 1e-3, NEVER)).getMessage();
    assertTrue(
        message.contains(
            "augmentation is Augmentation[brightness=0.0, contrast=0.0, flip=0.0, rotation=0.0,"
                + " scaling=0.0, shift=0.0, coils=0.0] there, Augmentation[brightness=1.0, contrast=0.5"),
        message);
  }

  /**
   * A step needs more memory than what varies its sample, even with as many coils and as little
   * network as here, so dry runs need not know of augmentation.
   */
  @Test
  void theStepNeedsMoreMemoryThanItsAugmentation() {
    Phantom phantom = new Phantom(12, 24, 20, 16);
    phantom.writeDataSet(folder, 1, 1, 3);
    Augmentation all = new Augmentation(1, 1, 1, 1, 1, 1, 1);
    ModelConfig least = new VarNet.Config(1, 1, 1, 1, 1, 0, Precision.FP32);
    long measured = run(least, folder, folder.resolve("out"), all, 1, 1, 1e-3, NEVER).peak;
    String dry;
    try (Device device = Device.open(DEVICE, DeviceConfig.DEFAULT.withThreads(1))) {
      dry = device.dryRun();
    }
    DryRun.Size size = new DryRun.Size(12, 24, 20, 16);
    DryRun.Report step =
        new DryRun(dry, 1).training(least, Criterion.SOBEL, size, Recompute.ALWAYS);
    assertEquals(step.peak().live(), measured);
  }

  @Test
  void thePublishedNetworksActivationsNeedFourTimesAsMuch() {
    DryRun.Size brain = new DryRun.Size(20, 768, 396, 384);
    DryRun.Report step =
        new DryRun("meta:gtx1080", 1)
            .training(FiVarNet.Config.DEFAULT, Criterion.SOBEL, brain, Recompute.ALWAYS);
    try (Device device = Device.open("meta:gtx1080")) {
      Augmentation all = new Augmentation(1, 1, 1, 1, 1, 1, 1);
      Scope.run(() -> {
        Tensor kspace =
            device.empty(TrainingStep.Slice.kspaceSpec(20, 768, 396), Ledger.Tag.TEMPORARY);
        Tensor target = device.empty(TrainingStep.Slice.targetSpec(384), Ledger.Tag.TEMPORARY);
        all.draw(Philox.of(1, "all")).apply(new FullSlice(kspace, target), Anatomy.BRAIN);
      });
      long varying = device.ledger().peak();
      long activations = 0;
      for (Ledger.Tag tag : List.of(Ledger.Tag.SAVED, Ledger.Tag.TEMPORARY, Ledger.Tag.WORKSPACE)) {
        activations += step.peak().byTag().get(tag);
      }
      assertTrue(4 * varying < activations, varying + " and " + step.peak());
    }
  }
}
