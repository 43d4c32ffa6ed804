package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.models.fit.EpochSummary;
import dev.larmor.models.fit.FitListener;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.ssl.adapt.PretrainedEncoder;
import dev.larmor.models.ssl.adapt.classification.Augmentation;
import dev.larmor.models.ssl.adapt.classification.CaseTable;
import dev.larmor.models.ssl.adapt.classification.ClassificationReport;
import dev.larmor.models.ssl.adapt.classification.ClassificationSettings;
import dev.larmor.models.ssl.adapt.classification.CrossValidation;
import dev.larmor.models.ssl.adapt.classification.Folds;
import dev.larmor.models.ssl.adapt.classification.LabelledCases;
import dev.larmor.models.ssl.adapt.classification.Preparation;
import dev.larmor.models.ssl.adapt.classification.PreparedCases;
import dev.larmor.models.ssl.adapt.classification.Tuning;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor ssl classify train}. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Train a classifier of volumes and measure it by cross-validation.",
      "",
      "TABLE is a CSV file with columns image (image2, ... for further channels), label, and perhaps"
          + " subject and mask; files are relative to its folder. Volumes are brought to 1 mm, mean 0"
          + " and deviation 1 – within the mask, if there is one – and cut to a cube around its middle.",
      "",
      "Leaves in --out a folder fold_K for each fold, with its checkpoints and predictions.csv of the"
          + " cases held out, and folds.csv, results.json and report.html of all. The same command goes"
          + " on after an interruption.",
      ""
    },
    sortOptions = false)
final class SslClassifyTrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "TABLE", description = "The cases.")
  private Path table;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Where everything goes.")
  private Path out;

  @Option(
      names = "--cache",
      paramLabel = "DIR",
      description = "Where prepared volumes are kept (default: prepared in --out).")
  private Path cache;

  @Option(
      names = "--pretrained",
      paramLabel = "FILE",
      description =
          "Checkpoint whose encoder is taken, .safetensors or .pth; its shape counts then, not"
              + " --features and --blocks (default: from scratch).")
  private Path pretrained;

  @Option(
      names = "--mode",
      defaultValue = "full",
      paramLabel = "NAME",
      description =
          "What is trained: full; linear, the last layer alone; sawtooth, the last layer alone for"
              + " twice the warm-up and then all (default: ${DEFAULT-VALUE}).")
  private Tuning mode;

  @Option(
      names = "--folds",
      defaultValue = "5",
      paramLabel = "K",
      description =
          "Folds of the cross-validation, by subject and alike in classes (default:"
              + " ${DEFAULT-VALUE}).")
  private int folds;

  @Option(
      names = "--fold",
      defaultValue = "all",
      paramLabel = "I",
      description = "The one to train, from 0, or all (default: ${DEFAULT-VALUE}).")
  private String fold;

  @Option(
      names = "--crop",
      defaultValue = "160",
      paramLabel = "N",
      description = "Side of the cube in voxels of 1 mm (default: ${DEFAULT-VALUE}).")
  private int crop;

  @Mixin private EncoderOptions encoder;

  @Option(
      names = "--dropout",
      defaultValue = "0.2",
      paramLabel = "P",
      description = "Share of features dropped in training (default: ${DEFAULT-VALUE}).")
  private double dropout;

  @Option(
      names = "--epochs",
      defaultValue = "200",
      paramLabel = "N",
      description = "Passes over the training cases (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--warmup",
      defaultValue = "20",
      paramLabel = "N",
      description =
          "Epochs in which the learning rate rises; then it falls along a cosine (default:"
              + " ${DEFAULT-VALUE}).")
  private int warmup;

  @Option(
      names = "--lr",
      defaultValue = "1e-4",
      paramLabel = "R",
      description = "Learning rate (default: ${DEFAULT-VALUE}).")
  private double rate;

  @Option(
      names = "--weight-decay",
      defaultValue = "1e-2",
      paramLabel = "D",
      description = "Decoupled weight decay of AdamW (default: ${DEFAULT-VALUE}).")
  private double weightDecay;

  @Option(
      names = "--batch",
      defaultValue = "2",
      paramLabel = "N",
      description = "Cases that go through the network together (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--accumulate",
      defaultValue = "48",
      paramLabel = "N",
      description = "Batches whose gradients make one step (default: ${DEFAULT-VALUE}).")
  private int accumulate;

  @Option(
      names = "--label-smoothing",
      defaultValue = "0",
      paramLabel = "S",
      description =
          "Share of the right class's probability that all classes get alike (default:"
              + " ${DEFAULT-VALUE}).")
  private double smoothing;

  @Option(
      names = "--balanced",
      description = "Count every class the same in the loss, however many cases it has.")
  private boolean balanced;

  @Option(
      names = "--mirror",
      defaultValue = "0,1,2",
      paramLabel = "AXES",
      description =
          "Axes of the stored array (z, y, x) that are reversed in half of the samples, or none"
              + " (default: ${DEFAULT-VALUE}).")
  private String mirror;

  @Option(
      names = "--no-intensity-changes",
      description = "Do not vary noise, blur, brightness, contrast and resolution in training.")
  private boolean sameIntensities;

  @Option(
      names = "--recompute",
      description =
          "Run the encoder's blocks again in the backward pass: a third more work, much less memory.")
  private boolean recompute;

  @Option(names = "--no-pictures", description = "No slices of mistakes in the report.")
  private boolean noPictures;

  @Option(names = "--overwrite", description = "Train anew what is trained already.")
  private boolean overwrite;

  @Mixin private WorkerOptions workers;
  @Mixin private DeviceOptions device;
  @Mixin private SeedOption random;

  @Override
  public Integer call() {
    LabelledCases cases = LabelledCases.of(CaseTable.read(table));
    ClassificationSettings settings =
        Larmor.checked(spec, () -> settings(cases.table().channels()));
    Preparation preparation = Larmor.checked(spec, () -> new Preparation(crop));
    Folds divided = Larmor.checked(spec, () -> Folds.of(cases, folds, random.seed));
    int[] wanted = Larmor.checked(spec, this::wanted);
    PreparedCases prepared =
        new PreparedCases(
            cache == null ? out.resolve("prepared") : cache, preparation, cases.table().cases());
    CrossValidation validation =
        Larmor.checked(spec, () -> new CrossValidation(cases, divided, prepared, settings, out));
    try (Interrupt interrupt = new Interrupt()) {
      if (!prepare(prepared, cases.size(), interrupt)) {
        return stopped();
      }
      try (Device on = device.open(encoder.precision())) {
        for (int one : wanted) {
          if (overwrite) {
            validation.discard(one);
          }
          try (Progress progress = new Progress(one)) {
            if (!validation.train(
                on, one, workers.workers().threads(), progress::after, interrupt::requested)) {
              return stopped();
            }
          }
        }
      }
    }
    ClassificationReport report = validation.report();
    report.write(out, !noPictures);
    Console console = Larmor.console(spec);
    report.lines().forEach(console::line);
    console.line("written: " + out.resolve("report.html"));
    return 0;
  }

  private int stopped() {
    Larmor.console(spec).line("stopped; the same command goes on from here");
    return Interrupt.EXIT_CODE;
  }

  private boolean prepare(PreparedCases prepared, int cases, Interrupt interrupt) {
    try (ProgressLine progress = Larmor.console(spec).progress("preparing", cases)) {
      return prepared.prepare(workers.workers(), progress.counter(""), interrupt::requested);
    }
  }

  private ClassificationSettings settings(int channels) {
    ResidualEncoder.Config shape = encoder.config(channels);
    if (pretrained != null) {
      ResidualEncoder.Config theirs = new PretrainedEncoder(pretrained).config(encoder.precision());
      shape =
          new ResidualEncoder.Config(
              channels, theirs.features(), theirs.blocks(), theirs.precision());
    }
    return new ClassificationSettings(
        shape,
        Optional.ofNullable(pretrained),
        crop,
        dropout,
        mode,
        epochs,
        warmup,
        rate,
        weightDecay,
        batch,
        accumulate,
        smoothing,
        balanced,
        new Augmentation(axes(), !sameIntensities),
        recompute,
        random.seed);
  }

  private List<Integer> axes() {
    if (mirror.equals("none")) {
      return List.of();
    }
    try {
      return Arrays.stream(mirror.split(",", -1)).map(String::strip).map(Integer::valueOf).toList();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "--mirror wants axes as 0,1,2 or none, not '" + mirror + "'", e);
    }
  }

  private int[] wanted() {
    if (fold.equals("all")) {
      return IntStream.range(0, folds).toArray();
    }
    if (!fold.matches("\\d{1,6}") || Integer.parseInt(fold) >= folds) {
      throw new IllegalArgumentException(
          "--fold wants a number from 0 to %d or all, not '%s'".formatted(folds - 1, fold));
    }
    return new int[] {Integer.parseInt(fold)};
  }

  /** How a fold's training goes: a line for each epoch, and how far it is. */
  private final class Progress implements FitListener, AutoCloseable {
    private final int fold;
    private final ProgressLine line;
    private int before; // epochs of the training's parts before this one

    Progress(int fold) {
      this.fold = fold;
      line = Larmor.console(spec).progress("fold " + fold, epochs);
    }

    Progress after(int epochsBefore) {
      before = epochsBefore;
      return this;
    }

    @Override
    public void step(int epoch, int step, Map<String, Double> figures) {
      line.at(before + epoch, text("loss %.4f", figures.get("loss")));
    }

    @Override
    public void note(String sentence) {
      line.print(sentence);
    }

    @Override
    public void done(EpochSummary s, boolean best) {
      Map<String, Double> measured = s.measured();
      line.print(
          text(
              "fold %d  epoch %d/%d  loss %.4f  held out %.4f  balanced accuracy %.3f  AUROC %.3f"
                  + "  rate %.2e  %.1f s",
              fold,
              before + s.epoch() + 1,
              epochs,
              s.means().get("loss"),
              measured.get("heldout_loss"),
              measured.get("balanced_accuracy"),
              measured.get("auroc"),
              s.rate(),
              s.seconds()));
    }

    private static String text(String format, Object... values) {
      return String.format(Locale.ROOT, format, values);
    }

    @Override
    public void close() {
      line.close();
    }
  }
}
