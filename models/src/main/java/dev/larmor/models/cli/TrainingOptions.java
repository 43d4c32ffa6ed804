package dev.larmor.models.cli;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Schedule;
import dev.larmor.engine.Collective;
import dev.larmor.engine.Device;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.loss.Criterion;
import dev.larmor.models.training.RecomputeChoice;
import dev.larmor.models.training.Split;
import dev.larmor.models.training.TrainingMasks;
import dev.larmor.models.training.TrainingSettings;
import dev.larmor.models.varnet.ModelConfig;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a training goes, but for its network, its learning rate and its masks' kind. */
final class TrainingOptions {
  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Folder with train/ and val/, each in the challenge's or fastMRI's layout.")
  Path data;

  @Option(
      names = "--out",
      defaultValue = "results",
      paramLabel = "DIR",
      description = "Where the results go (default: ${DEFAULT-VALUE}).")
  Path out;

  @Option(
      names = "--net-name",
      defaultValue = "larmor",
      paramLabel = "NAME",
      description = "Your name for the network, in the results' path (default: ${DEFAULT-VALUE}).")
  String name;

  @Option(names = "--resume", description = "Continue what is in --out to the same bits.")
  boolean resume;

  @Option(
      names = {"--num-epochs", "--epochs"},
      defaultValue = "5",
      paramLabel = "N",
      description = "Passes over the training slices (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--k-fold",
      description =
          "Pool train/ and val/ and hold out each of --num-folds parts in turn, in every epoch.")
  private boolean kFold;

  @Option(
      names = "--num-folds",
      defaultValue = "5",
      paramLabel = "N",
      description = "Parts for --k-fold (default: ${DEFAULT-VALUE}).")
  private int numFolds;

  @Option(
      names = "--criterion",
      defaultValue = "SobelLoss",
      paramLabel = "NAME",
      description = "The loss: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
      completionCandidates = CriterionNames.class)
  private String criterion;

  @Option(
      names = "--betas",
      split = ",",
      defaultValue = "0.2,0.999",
      hideParamSyntax = true,
      paramLabel = "b1,b2",
      description = "AdamW's (default: ${DEFAULT-VALUE}).")
  private List<Double> betas;

  @Option(
      names = "--weight-decay",
      defaultValue = "1e-6",
      paramLabel = "D",
      description = "AdamW's, decoupled (default: ${DEFAULT-VALUE}).")
  private double weightDecay;

  @Option(
      names = "--accumulation-step",
      defaultValue = "2",
      paramLabel = "N",
      description = "Samples per optimiser step (default: ${DEFAULT-VALUE}).")
  private int accumulation;

  @Option(
      names = "--clip-norm",
      defaultValue = "0",
      paramLabel = "X",
      description = "Bound on the gradients' norm; 0 for none (default).")
  private double clipNorm;

  @Mixin private SeedOption random;

  @Mixin private MaskOptions masks;

  @Mixin private AugmentationOptions augmentation;

  @Mixin private LoaderOptions loader;

  @Option(
      names = "--recompute",
      defaultValue = "auto",
      paramLabel = "WHEN",
      description =
          "Recompute stages in the backward pass instead of keeping their activations:"
              + " ${COMPLETION-CANDIDATES}; auto: the fewest that fit the budget"
              + " (default: ${DEFAULT-VALUE}).")
  private RecomputeMode recompute;

  @Option(
      names = "--checkpoint-interval",
      defaultValue = "100",
      paramLabel = "N",
      description = "Iterations between checkpoints within an epoch (default: ${DEFAULT-VALUE}).")
  private int checkpointInterval;

  @Option(
      names = "--epoch-checkpoints",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Keep the weights after every epoch and fold, for ensembles; --no-epoch-checkpoints keeps"
              + " the last and the best alone.")
  private boolean keepRounds;

  @Option(
      names = "--log-format",
      defaultValue = "bar",
      paramLabel = "NAME",
      description =
          "bar: progress with the time left; original: lines as the original system prints"
              + " (default: ${DEFAULT-VALUE}).")
  LogFormat logFormat;

  @Option(
      names = "--report-interval",
      defaultValue = "10",
      paramLabel = "N",
      description =
          "Iterations between lines, for --log-format original (default: ${DEFAULT-VALUE}).")
  int reportInterval;

  int epochs() {
    TrainingSettings.atLeastOne("number of epochs", epochs);
    return epochs;
  }

  /**
   * The number of folds: 1 without {@code --k-fold}.
   *
   * @param always whether the command cross-validates anyway
   */
  int folds(boolean always) {
    TrainingSettings.atLeastOne("number of folds", numFolds);
    return kFold || always ? numFolds : 1;
  }

  /** The masks to draw. */
  TrainingMasks masks(int acceleration, double randomProbability) {
    return masks.masks(acceleration, randomProbability);
  }

  /** The settings of a training of {@code passes} epochs. */
  TrainingSettings settings(int passes, Schedule schedule, TrainingMasks drawn) {
    if (betas.size() != 2) {
      throw new IllegalArgumentException("--betas takes two numbers, not " + betas);
    }
    TrainingSettings.atLeastOne("report interval", reportInterval);
    return new TrainingSettings(
        passes,
        schedule,
        Criterion.named(criterion),
        Adam.Config.adamW(betas.get(0), betas.get(1), weightDecay),
        accumulation,
        clipNorm,
        drawn,
        augmentation.settings(),
        random.seed,
        loader.workers,
        checkpointInterval,
        keepRounds,
        loader.badFiles());
  }

  /** A part of the data set: {@code train} or {@code val}. */
  VolumeSet open(String split, Collective ranks) {
    return VolumeSet.open(data.resolve(split), Targets.REQUIRED, loader.badFiles(), ranks);
  }

  /** What is trained on and what is validated on. */
  List<Split> splits(VolumeSet training, VolumeSet validation, int folds) {
    return folds == 1
        ? List.of(new Split(training, validation))
        : Split.folds(training.and(validation), folds, random.seed);
  }

  RecomputeChoice recompute(Device device, ModelConfig network, Criterion loss) {
    return switch (recompute) {
      case always -> RecomputeChoice.always(Recompute.ALWAYS);
      case never -> RecomputeChoice.always(Recompute.NEVER);
      case auto -> RecomputeChoice.fitting(device, network, loss);
    };
  }
}
