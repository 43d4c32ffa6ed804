package dev.larmor.models.cli;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Optimizer;
import dev.larmor.autograd.Schedule;
import dev.larmor.autograd.Sgd;
import dev.larmor.engine.Device;
import dev.larmor.models.data.DataException;
import dev.larmor.models.fit.Fit;
import dev.larmor.models.fit.FitSettings;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.ssl.adapt.PretrainedEncoder;
import dev.larmor.models.ssl.adapt.segmentation.FoldTraining;
import dev.larmor.models.ssl.adapt.segmentation.Preparation;
import dev.larmor.models.ssl.adapt.segmentation.PreparedCases;
import dev.larmor.models.ssl.adapt.segmentation.Segmenter;
import dev.larmor.models.ssl.adapt.segmentation.SlidingWindow;
import dev.larmor.models.ssl.adapt.segmentation.SpacingMode;
import dev.larmor.models.ssl.adapt.segmentation.TrainingSettings;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Case;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Fold;
import dev.larmor.models.ssl.adapt.segmentation.dataset.SegmentationDataset;
import dev.larmor.models.ssl.adapt.segmentation.score.CasePictures;
import dev.larmor.models.ssl.adapt.segmentation.score.CaseScore;
import dev.larmor.models.ssl.adapt.segmentation.score.CaseScore.ClassScore;
import dev.larmor.models.ssl.adapt.segmentation.score.Score;
import dev.larmor.models.ssl.preprocess.numerics.AxisOrder;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor ssl segment train}. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Train a segmentation network and test it on held-out cases.",
      "",
      "DIR is a data set in nnU-Net's layout: dataset.json, imagesTr/CASE_0000.nii.gz,"
          + " labelsTr/CASE.nii.gz. OUT gets prepared/, splits_final.json and for each fold fold_I/ with"
          + " checkpoints (continue with --resume), logs, validation/ with the held-out cases'"
          + " segmentations, summary.json, cases.csv and report.html; after all folds the last three"
          + " for all cases too.",
      ""
    },
    sortOptions = false)
final class SslSegmentTrainCommand implements Callable<Integer> {
  /** The published schedules. */
  enum Length {
    full(0, 1000, 50),
    e150(0, 150, 15),
    sawtooth(50, 950, 50);

    private final int decoder;
    private final int epochs;
    private final int warmup;

    Length(int decoder, int epochs, int warmup) {
      this.decoder = decoder;
      this.epochs = epochs;
      this.warmup = warmup;
    }
  }

  /** What changes the weights. */
  enum Method {
    sgd,
    adamw
  }

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "The data set.")
  private Path data;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "For results.")
  private Path out;

  @Option(
      names = "--prepared",
      paramLabel = "DIR",
      description = "For prepared cases, if several runs share them (default: OUT/prepared).")
  private Path prepared;

  @Option(
      names = "--pretrained",
      paramLabel = "FILE",
      description =
          "Start from this checkpoint's encoder, which then decides on --features and --blocks"
              + " (default: from scratch).")
  private Path pretrained;

  @Mixin private EncoderOptions encoder;

  @Option(
      names = "--patch",
      converter = ViewOptions.Extents.class,
      defaultValue = "160x160x160",
      paramLabel = "AxBxC",
      description =
          "Voxels that the network sees at once, in the order of the array's axes, z, y, x (default:"
              + " ${DEFAULT-VALUE}).")
  private Extent patch;

  @Option(
      names = {"--spacing-mode", "-am"},
      defaultValue = "default_nnunet",
      paramLabel = "MODE",
      description =
          "What images are resampled to: default_nnunet, their median; fixed, --spacing; no_resample;"
              + " like_pretrained, as adaptation_plan.json beside --pretrained says, else 1 mm"
              + " (default: ${DEFAULT-VALUE}).")
  private SpacingMode mode;

  @Option(
      names = {"--spacing", "-os"},
      split = ",",
      hideParamSyntax = true,
      paramLabel = "MM,MM,MM",
      description =
          "For --spacing-mode fixed, in the order of the array's axes, z, y, x (default: 1 mm).")
  private List<Double> spacing;

  @Option(
      names = "--folds",
      defaultValue = "5",
      paramLabel = "K",
      description =
          "Parts that the cases are divided into; 1 trains on all and tests none, in fold_all/"
              + " (default: ${DEFAULT-VALUE}).")
  private int folds;

  @Option(
      names = "--splits",
      paramLabel = "FILE",
      description = "The folds instead, as nnU-Net's splits_final.json lists them.")
  private Path splits;

  @Option(
      names = "--fold",
      defaultValue = "all",
      paramLabel = "I",
      description = "The fold to train, from 0, or all, one after the other (default: all).")
  private String fold;

  @Option(
      names = "--schedule",
      defaultValue = "full",
      paramLabel = "NAME",
      description =
          "full: 1000 epochs, 50 of them warm-up; e150: 150 and 15; sawtooth: the decoder alone for"
              + " 50, then all for 950, 50 of them warm-up (default: ${DEFAULT-VALUE}).")
  private Length length;

  @Option(
      names = "--decoder-epochs",
      paramLabel = "N",
      description =
          "Epochs, half of them warm-up, in which the decoder alone is trained first; instead of the"
              + " schedule's.")
  private Integer decoderEpochs;

  @Option(names = "--epochs", paramLabel = "N", description = "Instead of the schedule's.")
  private Integer epochs;

  @Option(names = "--warmup", paramLabel = "N", description = "Instead of the schedule's.")
  private Integer warmup;

  @Option(
      names = "--steps",
      defaultValue = "250",
      paramLabel = "N",
      description = "Of an epoch (default: ${DEFAULT-VALUE}).")
  private int steps;

  @Option(
      names = "--batch",
      defaultValue = "2",
      paramLabel = "N",
      description = "Patches of a step (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--optimizer",
      defaultValue = "sgd",
      paramLabel = "NAME",
      description =
          "sgd: Nesterov's momentum 0.99, weight decay 3e-5; adamw: betas 0.9 and 0.98, decay 0.05"
              + " (default: ${DEFAULT-VALUE}).")
  private Method method;

  @Option(
      names = "--lr",
      paramLabel = "RATE",
      description =
          "Highest learning rate (default: sgd 1e-3 with --pretrained, 1e-2 without; adamw 1e-4,"
              + " 3e-4).")
  private Double rate;

  @Option(
      names = "--clip",
      defaultValue = "12",
      paramLabel = "NORM",
      description = "Bound on the gradients' norm, 0 for none (default: ${DEFAULT-VALUE}).")
  private double clip;

  @Option(
      names = "--foreground",
      defaultValue = "0.33",
      paramLabel = "SHARE",
      description =
          "Of patches, around a voxel that is not background (default: ${DEFAULT-VALUE}).")
  private double foreground;

  @Option(names = "--no-augmentation", description = "Do not change patches at random.")
  private boolean plain;

  @Option(
      names = "--batch-dice",
      description = "Take the loss's Dice of the whole batch instead of each patch.")
  private boolean batchDice;

  @Option(
      names = "--recompute",
      description = "Make activations anew for the backward pass: less memory, a third more work.")
  private boolean recompute;

  @Option(
      names = "--validation-interval",
      defaultValue = "50",
      paramLabel = "N",
      description =
          "Epochs from one look at the held-out cases to the next, 0 for none (default:"
              + " ${DEFAULT-VALUE}).")
  private int validationInterval;

  @Option(
      names = "--checkpoint-interval",
      defaultValue = "0",
      paramLabel = "N",
      description = "Steps between checkpoints within an epoch, 0 for none (default).")
  private int checkpointInterval;

  @Option(names = "--resume", description = "Go on where the run in OUT was stopped.")
  private boolean resume;

  @Option(names = "--no-pictures", description = "Draw none, where a licence forbids it.")
  private boolean noPictures;

  @Option(
      names = "--workers",
      defaultValue = "1",
      paramLabel = "N",
      description = "Threads that read ahead (default: ${DEFAULT-VALUE}).")
  private int workers;

  @Mixin private WindowOptions windows;
  @Mixin private SeedOption random;
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    SegmentationDataset dataset = SegmentationDataset.read(data);
    List<String> names = dataset.training().stream().map(Case::name).toList();
    List<Fold> all =
        splits != null
            ? Fold.read(splits, names)
            : Larmor.checked(spec, () -> Fold.of(names, folds, random.seed));
    List<Integer> wanted = wanted(all.size());
    Segmenter segmenter = segmenter(dataset);
    TrainingSettings settings = Larmor.checked(spec, this::settings);
    FitSettings fit = Larmor.checked(spec, () -> fit(segmenter));
    Optional<FitSettings> decoderFirst = Larmor.checked(spec, () -> decoderFirst(segmenter));
    SlidingWindow window = Larmor.checked(spec, () -> windows.window(segmenter.extent()));
    for (int i : wanted) {
      refuseOld(folder(i));
    }
    Path cache = prepared == null ? out.resolve("prepared") : prepared;
    PreparedCases cases = new PreparedCases(cache, segmenter.preparation(), dataset.labels());
    Fold.write(out.resolve(Fold.FILE), all);
    try (Interrupt interrupt = new Interrupt();
        Device opened = device.open(segmenter.encoder().precision())) {
      if (!prepare(cases, dataset, interrupt)) {
        return Interrupt.EXIT_CODE;
      }
      List<CaseScore> scores = new ArrayList<>();
      for (int i : wanted) {
        FoldTraining training =
            new FoldTraining(segmenter, cases, settings, fit, decoderFirst, folder(i), opened);
        Optional<List<CaseScore>> scored = run(training, dataset, all.get(i), i, window, interrupt);
        if (scored.isEmpty()) {
          return Interrupt.EXIT_CODE;
        }
        scores.addAll(scored.get());
      }
      if (wanted.size() > 1 && !scores.isEmpty()) {
        report(new Score(dataset.labels(), scores), out, "all folds", pictures(dataset));
      }
    }
    return 0;
  }

  private Path folder(int number) {
    return out.resolve("fold_" + name(number));
  }

  /** A fold's name: nnU-Net calls it all if nothing is held out. */
  private String name(int number) {
    return splits == null && folds == 1 ? "all" : Integer.toString(number);
  }

  private List<Integer> wanted(int count) {
    if (fold.equals("all")) {
      return IntStream.range(0, count).boxed().toList();
    }
    if (!fold.matches("\\d{1,6}") || Integer.parseInt(fold) >= count) {
      throw new ParameterException(
          spec.commandLine(),
          "--fold is '%s', expected all or a number from 0 to %d".formatted(fold, count - 1));
    }
    return List.of(Integer.parseInt(fold));
  }

  private Segmenter segmenter(SegmentationDataset dataset) {
    int channels = dataset.channels().size();
    ResidualEncoder.Config config =
        pretrained == null
            ? Larmor.checked(spec, () -> encoder.config(channels))
            : new PretrainedEncoder(pretrained).config(Larmor.checked(spec, encoder::precision));
    Preparation preparation =
        Larmor.checked(
            spec, () -> Preparation.of(mode, dataset.training(), spacing, pretrained, channels));
    return Larmor.checked(
        spec,
        () ->
            new Segmenter(
                dataset.channels(),
                dataset.labels().names(),
                dataset.ending(),
                preparation.axes().axes(),
                preparation.spacing().orElse(null),
                turned(preparation.axes()),
                config.features(),
                config.blocks(),
                config.precision().label()));
  }

  /** The patch in the order in which the images' axes are put. */
  private List<Integer> turned(AxisOrder axes) {
    return axes.axes().stream().map(patch::along).toList();
  }

  private int epochs() {
    return epochs == null ? length.epochs : epochs;
  }

  /** Epochs of the decoder alone. */
  private int before() {
    return decoderEpochs == null ? length.decoder : decoderEpochs;
  }

  private TrainingSettings settings() {
    return new TrainingSettings(
        epochs(),
        batch,
        foreground,
        !plain,
        batchDice,
        recompute,
        validationInterval,
        workers,
        Optional.ofNullable(pretrained),
        random.seed);
  }

  /** How the decoder is trained alone, if it is. */
  private Optional<FitSettings> decoderFirst(Segmenter segmenter) {
    return before() == 0
        ? Optional.empty()
        : Optional.of(fit(segmenter, before(), before() / 2, Optional.empty()));
  }

  private FitSettings fit(Segmenter segmenter) {
    int warming = warmup == null ? Math.min(length.warmup, epochs() / 10) : warmup;
    Optional<FitSettings.Best> best =
        validationInterval == 0
            ? Optional.empty()
            : Optional.of(new FitSettings.Best(FoldTraining.HELD_OUT_DICE, true));
    return fit(segmenter, epochs(), warming, best);
  }

  private FitSettings fit(
      Segmenter segmenter, int epochs, int warmup, Optional<FitSettings.Best> best) {
    boolean scratch = pretrained == null;
    Optimizer.Config optimizer =
        switch (method) {
          case sgd -> new Sgd.Config(0.99, true, 3e-5);
          case adamw -> Adam.Config.adamW(0.9, 0.98, 0.05);
        };
    double usual =
        switch (method) {
          case sgd -> scratch ? 1e-2 : 1e-3;
          case adamw -> scratch ? 3e-4 : 1e-4;
        };
    return new FitSettings(
        epochs,
        steps,
        new Schedule.WarmupPolynomial(rate == null ? usual : rate, warmup, epochs, 0.9),
        optimizer,
        clip,
        segmenter.encoder().precision(),
        checkpointInterval,
        0,
        best);
  }

  private void refuseOld(Path folder) {
    if (!resume && (Files.exists(Fit.latest(folder)) || Files.exists(Fit.last(folder)))) {
      throw new DataException(
          folder + ": has a training already; go on with --resume, or give another --out");
    }
  }

  private boolean prepare(PreparedCases cases, SegmentationDataset dataset, Interrupt interrupt) {
    int processors = Math.min(2, Runtime.getRuntime().availableProcessors());
    try (ProgressLine progress =
        Larmor.console(spec).progress("preparing", dataset.training().size())) {
      return cases.prepare(
          dataset.training(), new Workers(processors), progress.counter(""), interrupt::requested);
    }
  }

  private Optional<CasePictures> pictures(SegmentationDataset dataset) {
    return noPictures
        ? Optional.empty()
        : Optional.of(new CasePictures(out.resolve("pictures"), dataset.labels()));
  }

  /** Trains and tests a fold; empty if it was stopped. */
  private Optional<List<CaseScore>> run(
      FoldTraining training,
      SegmentationDataset dataset,
      Fold of,
      int number,
      SlidingWindow window,
      Interrupt interrupt) {
    List<Case> heldOut = dataset.named(of.validation());
    try (FitLog log =
        new FitLog(Larmor.console(spec), "fold " + name(number), before() + epochs(), steps)) {
      if (!training.train(
          dataset.named(of.training()), heldOut, resume, log::after, interrupt::requested)) {
        log.note("stopped; --resume goes on");
        return Optional.empty();
      }
    }
    Optional<CasePictures> pictures = pictures(dataset);
    try (ProgressLine progress =
        Larmor.console(spec).progress("testing fold " + name(number), heldOut.size())) {
      Optional<List<CaseScore>> scores =
          training.validate(heldOut, window, pictures, progress.counter(""), interrupt::requested);
      if (scores.isPresent() && !heldOut.isEmpty()) {
        Score score = new Score(dataset.labels(), scores.get());
        report(score, training.folder(), "fold " + name(number), pictures);
      }
      return scores;
    }
  }

  private void report(Score score, Path folder, String what, Optional<CasePictures> pictures) {
    List<String> remarks =
        List.of(
            pretrained == null ? "from scratch" : "encoder from " + pretrained.getFileName(),
            "%d epochs of %d steps, batches of %d, patch %s, seed %d"
                .formatted(epochs(), steps, batch, patch, random.seed));
    String title = "Segmentation of %s, %s".formatted(data.toAbsolutePath().getFileName(), what);
    SslSegmentEvaluateCommand.report(score, folder, title, remarks, pictures);
    Larmor.console(spec).line(what + ": " + line(score));
  }

  /** A score in one line. */
  static String line(Score score) {
    StringBuilder line =
        new StringBuilder(
            String.format(Locale.ROOT, "mean Dice %.4f", score.mean(ClassScore::dice)));
    for (int label = 1; label < score.labels().count(); label++) {
      line.append(
          String.format(
              Locale.ROOT,
              ", %s %.4f",
              score.labels().names().get(label),
              score.mean(label, ClassScore::dice)));
    }
    return line.toString();
  }
}
