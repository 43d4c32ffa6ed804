package dev.larmor.models.cli;

import dev.larmor.engine.Collective;
import dev.larmor.engine.Device;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.expert.ClassIndex;
import dev.larmor.models.expert.Expert;
import dev.larmor.models.expert.Scenario;
import dev.larmor.models.training.Network;
import dev.larmor.models.training.Split;
import dev.larmor.models.training.Trainer;
import dev.larmor.models.training.TrainingMasks;
import dev.larmor.models.training.TrainingSettings;
import dev.larmor.models.varnet.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Trains the experts of scenarios one after the other, so that one at a time is in memory. With
 * {@code --resume}, experts that are done are passed over and one that was begun goes on.
 */
final class ScenarioTraining {
  /** Where the weights come from. */
  sealed interface Start {}

  /** Random numbers. */
  record Random() implements Start {}

  /** A checkpoint's weights, and perhaps its optimiser's moments. */
  record Saved(Path checkpoint, boolean optimizer) implements Start {}

  /** What another scenario's experts ended with, optimiser and all. */
  record Retrained(Scenario scenario) implements Start {}

  private final CommandSpec spec;
  private final Console console;
  private final TrainingOptions options;
  private final ExpertOptions experts;
  private final ModelConfig network;
  private final int folds;
  private final Device device;
  private final Collective ranks;
  private final Interrupt interrupt;
  private final VolumeSet training;
  private final VolumeSet validation;
  private final int badFiles;
  private final Optional<ClassIndex> index; // where classes matter

  /**
   * Opens and classifies the data.
   *
   * @param mixture whether there is an expert for each class
   * @param ranks that share each training
   * @param interrupt ends the training early
   */
  ScenarioTraining(
      CommandSpec spec,
      TrainingOptions options,
      ExpertOptions experts,
      boolean mixture,
      ModelConfig network,
      int folds,
      Device device,
      Collective ranks,
      Interrupt interrupt) {
    this.spec = spec;
    this.console = Larmor.console(spec);
    this.options = options;
    this.experts = experts;
    this.network = network;
    this.folds = folds;
    this.device = device;
    this.ranks = ranks;
    this.interrupt = interrupt;
    training = options.open("train", ranks);
    validation = options.open("val", ranks);
    VolumeSet both = training.and(validation);
    both.problems().forEach(problem -> console.line("left out: " + problem));
    badFiles = both.problems().size();
    index =
        mixture || experts.restricted()
            ? Optional.of(experts.index(console, options.out, options.data, both, ranks))
            : Optional.empty();
  }

  /**
   * Trains what is not yet trained.
   *
   * @return whether all is done, not interrupted
   * @throws DataException if an expert was begun, but {@code --resume} is not among the options
   */
  boolean run(Scenario scenario, Start start, List<Expert> all, TrainingSettings settings) {
    for (Expert expert : all) {
      Path folder = scenario.of(expert);
      if (ranks.leads() && Files.exists(Trainer.last(folder)) && !options.resume) {
        throw new DataException(
            Trainer.last(folder)
                + ": this folder has a run already; continue it with --resume or choose another"
                + " --out or --net-name");
      }
    }
    for (Expert expert : all) {
      if (!train(scenario, start, expert, settings)) {
        console.line("stopped and saved; the same command with --resume goes on");
        return false;
      }
    }
    if (badFiles > 0) {
      console.line(Larmor.count(badFiles, "file") + " left out, as listed above");
    }
    return true;
  }

  private boolean train(Scenario scenario, Start start, Expert expert, TrainingSettings settings) {
    TrainingMasks masks =
        expert
            .of()
            .map(of -> settings.masks().withAcceleration(of.acceleration()))
            .orElse(settings.masks());
    TrainingSettings own = settings.withMasks(masks);
    List<Split> splits = options.splits(share(expert, training), share(expert, validation), folds);
    Path folder = scenario.of(expert);
    Path last = Trainer.last(folder);
    if (ranks.decide(ranks.leads() && Trainer.isComplete(folder, network, own, splits))) {
      console.line(folder + " is complete");
      return true;
    }
    Larmor.job(spec).begin(folder);
    try (Network placed = Network.place(device, network, settings.seed());
        TrainingLog log =
            TrainingLog.of(
                options.logFormat,
                console,
                options.reportInterval,
                expert.label(),
                splits,
                settings.epochs());
        Trainer trainer =
            new Trainer(
                placed,
                own,
                options.recompute(device, network, settings.criterion()),
                splits,
                ranks,
                folder,
                log)) {
      if (ranks.decide(Files.exists(last))) {
        trainer.resume(last);
      } else {
        switch (start) {
          case Random() -> {}
          case Saved(Path checkpoint, boolean optimizer) -> trainer.start(checkpoint, optimizer);
          case Retrained(Scenario from) ->
              trainer.retrain(finished(from, expert), scenario.retraining());
        }
      }
      if (ranks.leads()) {
        Results.writeOptions(folder.resolve("args.txt"), spec);
      }
      return trainer.run(interrupt::requested) == Trainer.End.COMPLETED;
    }
  }

  private static Path finished(Scenario from, Expert expert) {
    Path last = Trainer.last(from.of(expert));
    if (!Trainer.isComplete(from.of(expert))) {
      throw new DataException(last + ": no finished training to start from");
    }
    return last;
  }

  private VolumeSet share(Expert expert, VolumeSet volumes) {
    VolumeSet restricted =
        expert.of().isEmpty() && index.isPresent()
            ? experts.restrict(volumes, index.get())
            : volumes;
    VolumeSet share = expert.share(restricted, index);
    if (share.slices().isEmpty()) {
      throw new DataException(
          "%s: no slice for %s; --anatomy-only leaves it out".formatted(volumes.name(), expert));
    }
    return share;
  }
}
