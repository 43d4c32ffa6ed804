package dev.larmor.models.cli;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Schedule;
import dev.larmor.engine.Device;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.FastMriFolder;
import dev.larmor.models.data.fastmri.FastMriFolder.BadFiles;
import dev.larmor.models.data.fastmri.FastMriFolder.Targets;
import dev.larmor.models.loss.Criterion;
import dev.larmor.models.training.Checkpoint;
import dev.larmor.models.training.Network;
import dev.larmor.models.training.RecomputeChoice;
import dev.larmor.models.training.Trainer;
import dev.larmor.models.training.TrainingSettings;
import dev.larmor.models.varnet.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code larmor train}. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Train a network on a folder with train/ and val/.",
      "",
      "Leaves in --out: last.safetensors (continue with --resume), best.safetensors (smallest"
          + " validation loss), losses.csv, epochs.csv, options.yaml.",
      ""
    },
    sortOptions = false)
final class TrainCommand implements Callable<Integer> {
  /** The learning rate's course over the epochs. */
  enum Scheduler {
    constant,
    cosine,
    warmup_cosine,
    double_warmup_cosine
  }

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Folder with train/ and val/, each in the challenge's or fastMRI's layout.")
  private Path data;

  @Option(
      names = "--out",
      defaultValue = "results",
      paramLabel = "DIR",
      description = "Where the results go (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(names = "--resume", description = "Continue the run in --out to the same bits.")
  private boolean resume;

  @Option(
      names = "--initial-weights",
      paramLabel = "FILE",
      description = "Start from a checkpoint's weights instead of random ones.")
  private Path initialWeights;

  @Mixin private ModelOptions model;

  @Option(
      names = {"--num-epochs", "--epochs"},
      defaultValue = "5",
      paramLabel = "N",
      description = "Passes over the training slices (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--criterion",
      defaultValue = "SobelLoss",
      paramLabel = "NAME",
      description = "The loss: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
      completionCandidates = CriterionNames.class)
  private String criterion;

  @Option(
      names = "--scheduler",
      defaultValue = "cosine",
      paramLabel = "NAME",
      description =
          "The learning rate's course: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Scheduler scheduler;

  @Option(
      names = {"--lr-max", "--lr"},
      defaultValue = "3e-4",
      paramLabel = "R",
      description = "Learning rate (default: ${DEFAULT-VALUE}).")
  private double lrMax;

  @Option(
      names = "--lr-min",
      defaultValue = "5e-5",
      paramLabel = "R",
      description = "Its end, for the cosines (default: ${DEFAULT-VALUE}).")
  private double lrMin;

  @Option(
      names = "--warmup",
      defaultValue = "1",
      paramLabel = "N",
      description = "Warm-up epochs, for warmup_cosine (default: ${DEFAULT-VALUE}).")
  private long warmup;

  @Option(
      names = "--double-warmup",
      split = ",",
      hideParamSyntax = true,
      paramLabel = "w1,a1,w2,a2",
      description = "Epochs of the two warm-ups and cosines, for double_warmup_cosine.")
  private List<Long> doubleWarmup;

  @Option(
      names = "--lr-max2",
      defaultValue = "1e-4",
      paramLabel = "R",
      description = "Second peak, for double_warmup_cosine (default: ${DEFAULT-VALUE}).")
  private double lrMax2;

  @Option(
      names = "--lr-min2",
      defaultValue = "1e-5",
      paramLabel = "R",
      description = "Second end, for double_warmup_cosine (default: ${DEFAULT-VALUE}).")
  private double lrMin2;

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

  @Option(
      names = "--seed",
      defaultValue = "2025",
      paramLabel = "N",
      description = "Of everything random (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--acceleration",
      defaultValue = "0",
      paramLabel = "R",
      description = "Of the masks drawn; 0 for each file's own, 4 where it has none (default).")
  private int acceleration;

  @Option(
      names = "--use-random-mask",
      arity = "0..1",
      defaultValue = "0",
      fallbackValue = "0.5",
      paramLabel = "P",
      description =
          "Draw random instead of equispaced masks, with this probability (0.5 if none is given).")
  private double randomMask;

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
      names = "--log-format",
      defaultValue = "bar",
      paramLabel = "NAME",
      description =
          "bar: progress with the time left; original: lines as the original system prints"
              + " (default: ${DEFAULT-VALUE}).")
  private LogFormat logFormat;

  @Option(
      names = "--report-interval",
      defaultValue = "10",
      paramLabel = "N",
      description =
          "Iterations between lines, for --log-format original (default: ${DEFAULT-VALUE}).")
  private int reportInterval;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    ModelConfig architecture = Larmor.checked(spec, () -> model.config(null));
    TrainingSettings settings = Larmor.checked(spec, this::settings);
    try (Device opened = device.open(architecture.precision())) {
      return train(opened, architecture, settings);
    }
  }

  private int train(Device opened, ModelConfig architecture, TrainingSettings settings) {
    FastMriFolder training = open("train", settings.badFiles());
    FastMriFolder validation = open("val", settings.badFiles());
    Path last = Trainer.last(out);
    boolean begun = Files.exists(last);
    if (begun && !resume) {
      throw new DataException(
          last
              + ": this folder has a run already; continue it with --resume or choose another"
              + " --out");
    }
    Console console = Larmor.console(spec);
    int slices = training.slices().size() + validation.slices().size();
    try (Network network = Network.place(opened, architecture, settings.seed());
        TrainingLog log = TrainingLog.of(logFormat, console, epochs, reportInterval, slices);
        Trainer trainer =
            new Trainer(
                network,
                settings,
                recompute(opened, architecture, settings.criterion()),
                training,
                validation,
                out,
                log)) {
      if (begun) {
        trainer.resume(last);
      } else if (initialWeights != null) {
        Checkpoint.load(initialWeights, network, null);
      }
      Results.writeOptions(out, spec);
      return run(trainer, log);
    }
  }

  private FastMriFolder open(String split, BadFiles badFiles) {
    return FastMriFolder.open(data.resolve(split), Targets.REQUIRED, badFiles);
  }

  private int run(Trainer trainer, TrainingLog log) {
    try (Interrupt interrupt = new Interrupt()) {
      if (trainer.run(interrupt::requested) == Trainer.End.COMPLETED) {
        return 0;
      }
      log.line("stopped and saved; the same command with --resume goes on");
      return Interrupt.EXIT_CODE;
    }
  }

  private RecomputeChoice recompute(Device opened, ModelConfig network, Criterion loss) {
    return switch (recompute) {
      case always -> RecomputeChoice.always(Recompute.ALWAYS);
      case never -> RecomputeChoice.always(Recompute.NEVER);
      case auto -> RecomputeChoice.fitting(opened, network, loss);
    };
  }

  private TrainingSettings settings() {
    if (betas.size() != 2) {
      throw new IllegalArgumentException("--betas takes two numbers, not " + betas);
    }
    TrainingSettings.atLeastOne("number of epochs", epochs);
    TrainingSettings.atLeastOne("report interval", reportInterval);
    return new TrainingSettings(
        epochs,
        schedule(),
        Criterion.named(criterion),
        Adam.Config.adamW(betas.get(0), betas.get(1), weightDecay),
        accumulation,
        clipNorm,
        acceleration,
        randomMask,
        augmentation.settings(),
        seed,
        loader.workers,
        checkpointInterval,
        loader.badFiles());
  }

  private Schedule schedule() {
    return switch (scheduler) {
      case constant -> new Schedule.Constant(lrMax);
      case cosine -> new Schedule.Cosine(lrMax, lrMin, epochs);
      case warmup_cosine -> new Schedule.WarmupCosine(lrMax, warmup, epochs);
      case double_warmup_cosine -> {
        if (doubleWarmup == null || doubleWarmup.size() != 4) {
          throw new IllegalArgumentException(
              "--scheduler double_warmup_cosine wants --double-warmup w1,a1,w2,a2");
        }
        long w1 = doubleWarmup.get(0);
        long a1 = doubleWarmup.get(1);
        long w2 = doubleWarmup.get(2);
        long a2 = doubleWarmup.get(3);
        if (w1 + a1 + w2 + a2 != epochs) {
          throw new IllegalArgumentException(
              "--double-warmup " + doubleWarmup + " must add up to " + epochs + " epochs");
        }
        yield new Schedule.DoubleWarmupCosine(w1, a1, w2, a2, lrMax, lrMin, lrMax2, lrMin2);
      }
    };
  }
}
