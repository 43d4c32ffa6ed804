package dev.larmor.models.cli;

import dev.larmor.autograd.Schedule;
import dev.larmor.engine.Collective;
import dev.larmor.engine.Device;
import dev.larmor.models.expert.Expert;
import dev.larmor.models.expert.Scenario;
import dev.larmor.models.training.TrainingSettings;
import dev.larmor.models.varnet.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code larmor recipe}: published ways to train, whole. */
@Command(
    name = "recipe",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "RECIPE",
    description = "Train by a published recipe, from the data set to the last network.",
    subcommands = RecipeCommand.Challenge.class)
final class RecipeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "Missing recipe, such as 'challenge'");
  }

  /** {@code larmor recipe challenge}. */
  @Command(
      name = "challenge",
      mixinStandardHelpOptions = true,
      abbreviateSynopsis = true,
      description = {
        "Train the challenge's mixture of experts – all four, k-fold, then retrain each twice – and"
            + " score it on --data's leaderboard/, if there is one.",
        "",
        "Base: a cosine from --lr-max to --lr-min. Retrainings: constant --retrain-lr, random masks"
            + " with probability --use-random-mask. The defaults are the published recipe. Whatever"
            + " stops it, the same command with --resume goes on to the same bits.",
        ""
      },
      sortOptions = false)
  static final class Challenge implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Mixin private TrainingOptions options;

    @Mixin private ExpertOptions experts;

    @Mixin private ModelOptions model;

    @Option(
        names = {"--lr-max", "--lr"},
        defaultValue = "3e-4",
        paramLabel = "R",
        description = "The base's first learning rate (default: ${DEFAULT-VALUE}).")
    private double lrMax;

    @Option(
        names = "--lr-min",
        defaultValue = "5e-5",
        paramLabel = "R",
        description = "Its last (default: ${DEFAULT-VALUE}).")
    private double lrMin;

    @Option(
        names = "--retrainings",
        defaultValue = "2",
        paramLabel = "N",
        description = "How often to retrain (default: ${DEFAULT-VALUE}).")
    private int retrainings;

    @Option(
        names = "--retrain-epochs",
        paramLabel = "N",
        description = "Epochs of a retraining (default: --num-epochs).")
    private Integer retrainEpochs;

    @Option(
        names = "--retrain-lr",
        defaultValue = "1e-5",
        paramLabel = "R",
        description = "Learning rate of the retrainings (default: ${DEFAULT-VALUE}).")
    private double retrainLr;

    @Option(
        names = "--use-random-mask",
        defaultValue = "0.5",
        paramLabel = "P",
        description =
            "Probability of random instead of equispaced masks in retrainings (default:"
                + " ${DEFAULT-VALUE}).")
    private double randomMask;

    @Mixin private RankOptions ranking;

    @Mixin private DeviceOptions device;

    @Override
    public Integer call() {
      ModelConfig network = Larmor.checked(spec, () -> model.config(null));
      Collective ranks = ranking.join();
      Optional<Scenario> trained = train(network, ranks);
      if (trained.isEmpty()) {
        return Interrupt.exitCode(ranks);
      }
      boolean leads = ranks.leads();
      Larmor.job(spec).end(0); // the others' work is done
      if (!leads) {
        return 0;
      }
      Path scenario = trained.get().folder();
      Larmor.console(spec).line("the experts are in " + scenario);
      Path leaderboard = options.data.resolve("leaderboard");
      return experts.restricted() || !Files.isDirectory(leaderboard)
          ? 0
          : score(scenario, leaderboard);
    }

    /** Trains all stages; empty if interrupted. */
    private Optional<Scenario> train(ModelConfig network, Collective ranks) {
      int folds = Larmor.checked(spec, () -> options.folds(true));
      List<Expert> all = Larmor.checked(spec, experts::experts);
      TrainingSettings base = Larmor.checked(spec, () -> base(folds).checked(ranks));
      TrainingSettings again = Larmor.checked(spec, () -> again().checked(ranks));
      try (Device opened = device.open(network.precision(), ranks);
          Interrupt interrupt = new Interrupt()) {
        Collective shared = Larmor.job(spec).on(opened);
        ScenarioTraining training =
            new ScenarioTraining(
                spec, options, experts, true, network, folds, opened, shared, interrupt);
        Scenario scenario =
            Scenario.of(options.out, network, options.name, base.epochs(), folds, experts.parts);
        boolean done = training.run(scenario, new ScenarioTraining.Random(), all, base);
        for (int k = 0; done && k < retrainings; k++) {
          ScenarioTraining.Start before = new ScenarioTraining.Retrained(scenario);
          scenario = scenario.retrained();
          done = training.run(scenario, before, all, again);
        }
        shared.close();
        return done ? Optional.of(scenario) : Optional.empty();
      }
    }

    /** The commands that one would type next. */
    private int score(Path scenario, Path leaderboard) {
      Path made = scenario.resolve("reconstructions");
      List<List<Object>> commands =
          List.of(
              List.of(
                  "reconstruct",
                  "--resume",
                  "--scenario",
                  scenario,
                  "--data",
                  leaderboard,
                  "--out",
                  made),
              List.of("evaluate", "--reconstructions", made, "--data", leaderboard),
              List.of(
                  "visualize",
                  "--reconstructions",
                  made,
                  "--data",
                  leaderboard,
                  "--out",
                  scenario.resolve("pictures")));
      for (List<Object> command : commands) {
        Stream<String> words =
            Stream.concat(command.stream().map(Object::toString), device.arguments().stream());
        int code = Larmor.run(Larmor.console(spec), words.toArray(String[]::new));
        if (code != 0) {
          return code;
        }
      }
      return 0;
    }

    private TrainingSettings base(int folds) {
      int epochs = options.epochs();
      return options.settings(
          epochs, new Schedule.Cosine(lrMax, lrMin, (long) epochs * folds), options.masks(0, 0));
    }

    private TrainingSettings again() {
      if (retrainings < 0) {
        throw new IllegalArgumentException("--retrainings must not be negative: " + retrainings);
      }
      return options.settings(
          retrainEpochs == null ? options.epochs() : retrainEpochs,
          new Schedule.Constant(retrainLr),
          options.masks(0, randomMask));
    }
  }
}
