package dev.larmor.models.cli;

import dev.larmor.engine.Collective;
import dev.larmor.engine.Device;
import dev.larmor.models.expert.Expert;
import dev.larmor.models.expert.Scenario;
import dev.larmor.models.training.TrainingSettings;
import dev.larmor.models.varnet.ModelConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code larmor train}. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Train a network, or a mixture of experts, on a folder with train/ and val/.",
      "",
      "Every network gets a folder OUT/ARCHITECTURE_NAME/epochE_foldF_sliceS[_retrainK]/CLASS-sliceJ"
          + " with last_model (continue with --resume), best_model (smallest validation loss),"
          + " checkpoints/, losses.csv, epochs.csv, val_loss_log.npy and args.txt. CLASS is 'all', or"
          + " with --use-moe acc4-brain, acc4-knee, acc8-brain and acc8-knee.",
      ""
    },
    sortOptions = false)
final class TrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private TrainingOptions options;

  @Option(
      names = "--use-moe",
      description =
          "Train one expert for each acceleration and anatomy, on its anatomy's volumes, with masks"
              + " of its acceleration.")
  private boolean mixture;

  @Mixin private ExpertOptions experts;

  @Option(
      names = "--retrain",
      paramLabel = "SCENARIO",
      description =
          "Start from the last weights and optimiser of a training of the same network, such as"
              + " epoch5_fold5_slice1 or epoch5_fold5_slice1_retrain1.")
  private String retrained;

  @Option(
      names = "--initial-weights",
      paramLabel = "FILE",
      description = "Start from a checkpoint's weights instead of random ones.")
  private Path initialWeights;

  @Option(
      names = "--initial-optimizer",
      description = "Take the optimiser's moments from --initial-weights too.")
  private boolean initialOptimizer;

  @Mixin private ModelOptions model;

  @Mixin private ScheduleOptions schedule;

  @Option(
      names = "--acceleration",
      defaultValue = "0",
      paramLabel = "R",
      description =
          "Of the masks drawn; 0 for the expert's, or without experts each file's own, 4 where it has"
              + " none (default).")
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

  @Mixin private RankOptions ranking;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    ModelConfig network = Larmor.checked(spec, () -> model.config(null));
    int folds = Larmor.checked(spec, () -> options.folds(false));
    TrainingSettings settings =
        Larmor.checked(
            spec,
            () ->
                options.settings(
                    options.epochs(),
                    schedule.schedule(options.epochs(), folds),
                    options.masks(acceleration, randomMask)));
    List<Expert> wanted =
        Larmor.checked(spec, () -> mixture ? experts.experts() : Expert.ofAll(experts.parts));
    if (mixture && acceleration != 0) {
      throw misuse("--acceleration and --use-moe: an expert's masks are of its own acceleration");
    }
    if (retrained != null && initialWeights != null) {
      throw misuse("Give either --retrain or --initial-weights");
    }
    if (initialOptimizer && initialWeights == null) {
      throw misuse("--initial-optimizer is for --initial-weights");
    }
    Collective ranks = ranking.join();
    Larmor.checked(spec, () -> settings.checked(ranks));
    try (Device opened = device.open(network.precision(), ranks);
        Interrupt interrupt = new Interrupt()) {
      Collective shared = Larmor.job(spec).on(opened);
      ScenarioTraining training =
          new ScenarioTraining(
              spec, options, experts, mixture, network, folds, opened, shared, interrupt);
      boolean done = training.run(scenario(network, folds), start(network), wanted, settings);
      shared.close();
      return done ? 0 : Interrupt.exitCode(ranks);
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private Optional<Scenario> before(ModelConfig network) {
    return Optional.ofNullable(retrained)
        .map(name -> Scenario.named(options.out, network, options.name, name));
  }

  private Scenario scenario(ModelConfig network, int folds) {
    return before(network)
        .map(Scenario::retrained)
        .orElseGet(() ->
            Scenario.of(
                options.out, network, options.name, options.epochs(), folds, experts.parts));
  }

  private ScenarioTraining.Start start(ModelConfig network) {
    return before(network)
        .<ScenarioTraining.Start>map(ScenarioTraining.Retrained::new)
        .orElseGet(() ->
            initialWeights == null
                ? new ScenarioTraining.Random()
                : new ScenarioTraining.Saved(initialWeights, initialOptimizer));
  }
}
