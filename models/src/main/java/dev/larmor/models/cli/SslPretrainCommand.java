package dev.larmor.models.cli;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Schedule;
import dev.larmor.engine.Collective;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.models.data.DataException;
import dev.larmor.models.fit.Fit;
import dev.larmor.models.fit.FitSettings;
import dev.larmor.models.simclr.Negatives;
import dev.larmor.models.simclr.NtXent;
import dev.larmor.models.simclr.SimClr;
import dev.larmor.models.simclr.StepPlan;
import dev.larmor.models.simclr.view.Views;
import dev.larmor.models.ssl.adapt.PretrainedEncoder;
import dev.larmor.models.ssl.collection.DatasetName;
import dev.larmor.models.ssl.collection.Roots;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import dev.larmor.models.ssl.pretrain.PreprocessedImages;
import dev.larmor.models.ssl.pretrain.Pretraining;
import dev.larmor.models.ssl.pretrain.RunFolder;
import dev.larmor.models.ssl.pretrain.SubjectSplit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor ssl pretrain}. */
@Command(
    name = "pretrain",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Pre-train an encoder on a data set's preprocessed images, without labels (SimCLR).",
      "",
      "Leaves checkpoints, epochs.csv, a log and a plot in"
          + " $nnssl_results/DATASET/SimCLRTrainer__nnsslPlans__CONFIGURATION/fold_all. Draws are of"
          + " the seed, the step and the sample alone, so a run that is interrupted and resumed ends"
          + " with the same bits. An image that cannot be read or has a voxel that is not finite is"
          + " told once, and another stands for it.",
      ""
    },
    sortOptions = false)
final class SslPretrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "DATASET",
      description = "Id or name, as 745 or Dataset745_OpenMind.")
  private String dataset;

  @Parameters(
      index = "1",
      paramLabel = "CONFIGURATION",
      description = "As which it was preprocessed: onemmiso, median, noresample.")
  private String configuration;

  @Option(
      names = {"--resume", "--c"},
      description = "Go on where an earlier run was interrupted; begin if there is none.")
  private boolean resume;

  @Option(names = "--overwrite", description = "Begin anew where there is a run.")
  private boolean overwrite;

  @Option(
      names = {"--pretrained-weights", "-pretrained_weights"},
      paramLabel = "FILE",
      description =
          "Begin with a checkpoint's weights instead of random ones: all of a .safetensors file's, the"
              + " encoder's alone of a .pth file.")
  private Path weights;

  @Option(
      names = "--epochs",
      defaultValue = "250",
      paramLabel = "N",
      description = "Epochs (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--steps",
      defaultValue = "275",
      paramLabel = "N",
      description = "Steps of an epoch (default: ${DEFAULT-VALUE}).")
  private int steps;

  @Option(
      names = {"--batch-size", "--batch_size"},
      defaultValue = "120",
      paramLabel = "N",
      description = "Images of a step (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--lr",
      defaultValue = "3e-4",
      paramLabel = "R",
      description =
          "Adam's learning rate in the first epoch; it falls along a cosine (default: ${DEFAULT-VALUE}).")
  private double rate;

  @Option(
      names = "--clip",
      defaultValue = "0.1",
      paramLabel = "R",
      description = "Bound on the gradients' norm, 0 for none (default: ${DEFAULT-VALUE}).")
  private double clip;

  @Option(
      names = "--temperature",
      defaultValue = "0.5",
      paramLabel = "T",
      description = "Of the contrastive loss (default: ${DEFAULT-VALUE}).")
  private double temperature;

  @Option(
      names = "--negatives",
      defaultValue = "all",
      paramLabel = "NAME",
      description =
          "From which other views a view is told: all, as in the original; other_images;"
              + " other_subjects (default: ${DEFAULT-VALUE}).")
  private Negatives negatives;

  @Option(
      names = "--held-out",
      arity = "0..1",
      fallbackValue = "0",
      paramLabel = "N",
      description =
          "Keep subjects for measuring after each epoch: so many, or without a number one in a"
              + " hundred, at least 5 and at most 1000. splits_final.json is obeyed where it is there.")
  private Integer heldOut;

  @Option(
      names = "--keep-every",
      defaultValue = "25",
      paramLabel = "N",
      description = "Epochs between checkpoints that are kept (default: ${DEFAULT-VALUE}).")
  private int keepEvery;

  @Option(
      names = "--checkpoint-interval",
      defaultValue = "0",
      paramLabel = "N",
      description =
          "Steps between checkpoints within an epoch, 0 for none (default: ${DEFAULT-VALUE}).")
  private int checkpointInterval;

  @Option(
      names = "--replacements",
      defaultValue = "10",
      paramLabel = "N",
      description =
          "Other images to try in the place of one that cannot be used (default: ${DEFAULT-VALUE}).")
  private int replacements;

  @Mixin private ViewOptions views;
  @Mixin private EncoderOptions encoder;
  @Mixin private ChunkOptions chunks;
  @Mixin private SeedOption random;
  @Mixin private WorkerOptions workers;

  @Option(
      names = "--gradient-scale",
      defaultValue = "exact",
      paramLabel = "NAME",
      description =
          "On many ranks: exact, the gradient of the whole batch's loss; or original, that by the"
              + " number of ranks, as the original averages (default: ${DEFAULT-VALUE}).")
  private GradientScale gradientScale;

  @Mixin private RankOptions ranking;
  @Mixin private DeviceOptions device;
  @Mixin private RootOptions folders;

  @Override
  public Integer call() {
    if (resume && (overwrite || weights != null)) {
      throw new ParameterException(
          spec.commandLine(), "Give --resume without --overwrite and --pretrained-weights");
    }
    SimClr.Config network = Larmor.checked(spec, this::network);
    Pretraining.Settings settings = Larmor.checked(spec, this::settings);
    Roots roots = folders.roots();
    Path results = roots.results();
    DatasetName name = Larmor.checked(spec, () -> roots.dataset(dataset));
    PreprocessedImages images = PreprocessedImages.of(roots, name, configuration);
    SubjectSplit split = Larmor.checked(spec, () -> split(images));
    PreprocessedImages training = images.ofSubjects(split.train());
    Larmor.checked(spec, () -> Pretraining.checked(network, training, settings));
    Optional<PreprocessedImages> measured = split.heldOut().map(images::ofSubjects);
    FitSettings course = Larmor.checked(spec, () -> course(network, measured.isPresent()));
    RunFolder folder = RunFolder.of(results, name, images.plan(), configuration);
    Workers threads = workers.workers();
    Collective ranks = ranking.join();
    Larmor.checked(
        spec,
        () -> {
          Pretraining.checkShares(settings, measured, ranks);
          return ranks;
        });
    if (ranks.leads()) {
      folder.checkNew(resume, overwrite);
    }
    Larmor.job(spec).begin(folder.fold());
    try (Device opened = device.open(network.encoder().precision(), ranks);
        Interrupt interrupt = new Interrupt();
        SimClr placed = new SimClr(network);
        FitLog log = new FitLog(Larmor.console(spec), "pre-training", epochs, steps)) {
      Collective shared = Larmor.job(spec).on(opened);
      StepPlan.Choice choice = choice(opened, network, settings, shared);
      placed.place(opened, Philox.of(random.seed, "init"));
      Pretraining task =
          new Pretraining(
              opened,
              placed,
              network,
              training,
              measured,
              settings,
              new Pretraining.Execution(
                  choice.chunk(),
                  choice.recompute(),
                  threads.threads(),
                  shared,
                  gradientScale.of(shared)),
              ranks.leads() ? log::note : this::noteOfRank);
      if (weights != null) {
        load(task, placed);
      }
      if (ranks.leads()) {
        if (overwrite) {
          folder.clear();
          Larmor.job(spec).begin(folder.fold());
        }
        split.write(images.folder().resolve(SubjectSplit.FILE));
      }
      int code = run(task, course, shared, folder, log, interrupt);
      shared.close();
      return code;
    }
  }

  /** What ranks but the first find with the images that are theirs. */
  private void noteOfRank(String sentence) {
    Larmor.console(spec).err().println(Larmor.job(spec).prefix() + sentence);
  }

  /** What gradients are multiplied by on many ranks. */
  enum GradientScale {
    exact,
    original;

    double of(Collective ranks) {
      return this == exact ? 1 : 1.0 / ranks.size();
    }
  }

  private void load(Pretraining task, SimClr placed) {
    if (weights.toString().endsWith(".safetensors")) {
      task.model().load(weights, metadata -> {});
    } else {
      new PretrainedEncoder(weights).loadInto(placed);
    }
  }

  private SimClr.Config network() {
    SimClr.Config usual = SimClr.Config.DEFAULT;
    return new SimClr.Config(encoder.config(1), usual.hidden(), usual.embedding());
  }

  private Pretraining.Settings settings() {
    chunks.check();
    return new Pretraining.Settings(
        batch,
        views.views(),
        views.patch(),
        views.outside(),
        replacements,
        negatives,
        new NtXent(temperature),
        random.seed);
  }

  private FitSettings course(SimClr.Config network, boolean measured) {
    return new FitSettings(
        epochs,
        steps,
        new Schedule.Cosine(rate, 0, epochs),
        Adam.Config.adam(0.9, 0.999),
        clip,
        network.encoder().precision(),
        checkpointInterval,
        keepEvery,
        measured
            ? Optional.of(new FitSettings.Best(Pretraining.HELD_OUT_LOSS, false))
            : Optional.empty());
  }

  /** The split that is there, else the one asked for. */
  private SubjectSplit split(PreprocessedImages images) {
    Path file = images.folder().resolve(SubjectSplit.FILE);
    List<String> subjects = images.subjects();
    if (!Files.exists(file)) {
      return heldOut == null
          ? SubjectSplit.all(subjects)
          : SubjectSplit.drawn(
              subjects, heldOut == 0 ? SubjectSplit.rule(subjects.size()) : heldOut, random.seed);
    }
    SubjectSplit split = SubjectSplit.read(file);
    if (heldOut != null && split.heldOut().isEmpty()) {
      throw new DataException(
          file
              + ": holds no subject out, but --held-out asks for it; without the file it is drawn");
    }
    split.checkAmong(file, subjects);
    return split;
  }

  private StepPlan.Choice choice(
      Device opened, SimClr.Config network, Pretraining.Settings settings, Collective ranks) {
    Views drawn = settings.views();
    int most = Collections.max(ranks.shares(settings.batch()).counts());
    int pairs = Math.max(1, most) * drawn.pairs();
    StepPlan plan =
        new StepPlan(opened.dryRun(), opened.config().threads(), network, drawn.side(), pairs);
    StepPlan.Choice choice = chunks.choice(plan, opened);
    String shared = ranks.size() > 1 ? ", at most %d on a rank".formatted(pairs) : "";
    Larmor.console(spec)
        .line(
            "steps of %d pairs%s: %s"
                .formatted(settings.batch() * drawn.pairs(), shared, ChunkOptions.text(choice)));
    return choice;
  }

  private int run(
      Pretraining task,
      FitSettings course,
      Collective ranks,
      RunFolder folder,
      FitLog log,
      Interrupt interrupt) {
    try (Fit fit = new Fit(task, course, ranks, folder.fold(), log)) {
      if (resume && fit.resume() && ranks.decide(Files.exists(Fit.last(folder.fold())))) {
        log.note(folder.fold() + " is complete");
        return 0;
      }
      if (ranks.leads()) {
        task.adaptation().write(folder.path());
        Results.writeOptions(folder.fold().resolve("args.txt"), spec);
      }
      Fit.End end = fit.run(interrupt::requested);
      int unusable = task.unusable();
      if (unusable > 0) {
        log.note(Larmor.count(unusable, "image") + " left out, as listed above");
      }
      if (end == Fit.End.STOPPED) {
        log.note("stopped and saved; the same command with --resume goes on");
        return Interrupt.exitCode(ranks);
      }
      return 0;
    }
  }
}
