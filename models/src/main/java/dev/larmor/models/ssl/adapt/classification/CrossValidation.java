package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Schedule;
import dev.larmor.engine.Device;
import dev.larmor.models.data.DataException;
import dev.larmor.models.fit.Fit;
import dev.larmor.models.fit.FitListener;
import dev.larmor.models.fit.FitSettings;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.ssl.adapt.PretrainedEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * Trains a classifier for each fold and measures it on the cases that the fold holds out.
 *
 * <p>Fold k leaves {@code fold_k/} with its checkpoints, its log and {@code predictions.csv}, the
 * held-out cases as the last epoch sees them: an epoch chosen by them would look better than it is.
 * Folds do not know of each other, so they may be trained by several commands.
 */
public final class CrossValidation {
  /** The coefficients of AdamW's moments. */
  private static final double BETA1 = 0.9;

  private static final double BETA2 = 0.999;
  private static final String PREDICTIONS = "predictions.csv";

  private final LabelledCases cases;
  private final Folds folds;
  private final PreparedCases prepared;
  private final ClassificationSettings settings;
  private final ClassifierConfig config;
  private final Path out;

  /** A cross-validation whose results go to {@code out}. */
  public CrossValidation(
      LabelledCases cases,
      Folds folds,
      PreparedCases prepared,
      ClassificationSettings settings,
      Path out) {
    this.cases = cases;
    this.folds = folds;
    this.prepared = prepared;
    this.settings = settings;
    this.out = out;
    config =
        new ClassifierConfig(
            settings.encoder(), cases.classes(), settings.dropout(), settings.side());
  }

  /** A part of a fold's training: with or without the encoder, for so many epochs. */
  private record Stage(Path folder, boolean headOnly, int epochs) {}

  private List<Stage> stages(int fold) {
    Path folder = folder(fold);
    return switch (settings.tuning()) {
      case FULL -> List.of(new Stage(folder, false, settings.epochs()));
      case LINEAR -> List.of(new Stage(folder, true, settings.epochs()));
      case SAWTOOTH -> {
        int head = 2 * settings.warmup();
        yield List.of(
            new Stage(folder.resolve("head"), true, head),
            new Stage(folder, false, settings.epochs() - head));
      }
    };
  }

  /** Where a fold's files are. */
  public Path folder(int fold) {
    return out.resolve("fold_" + fold);
  }

  /** Forgets a fold's training. */
  public void discard(int fold) {
    Path folder = folder(fold);
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": cannot be deleted: " + e.getMessage(), e);
    }
  }

  /**
   * Trains a fold, or goes on where it was left.
   *
   * @param workers threads that read ahead
   * @param listener of the part of the training that so many epochs come before
   * @param stop asked now and then
   * @return false if asked to stop: what is done is saved
   * @throws DataException if the fold's checkpoint is of another run
   */
  public boolean train(
      Device device,
      int fold,
      int workers,
      IntFunction<FitListener> listener,
      BooleanSupplier stop) {
    Path before = null;
    int epochs = 0;
    for (Stage stage : stages(fold)) {
      try (Classifier classifier = new Classifier(device, config, settings.seed())) {
        if (before != null) {
          classifier.state().load(before, metadata -> {});
        } else {
          settings
              .pretrained()
              .ifPresent(file -> new PretrainedEncoder(file).loadInto(classifier.network()));
        }
        if (!train(classifier, fold, stage, workers, listener.apply(epochs), stop)) {
          return false;
        }
      }
      before = Fit.last(stage.folder);
      epochs += stage.epochs;
    }
    return true;
  }

  private boolean train(
      Classifier classifier,
      int fold,
      Stage stage,
      int workers,
      FitListener listener,
      BooleanSupplier stop) {
    if (stage.headOnly) {
      classifier.freezeEncoder();
    }
    ClassificationTask task =
        new ClassificationTask(
            classifier,
            settings,
            cases,
            prepared,
            folds.training(fold),
            folds.heldOut(fold),
            workers);
    FitSettings fitting =
        new FitSettings(
            stage.epochs,
            task.steps(),
            new Schedule.RampCosine(settings.rate(), settings.warmup(), stage.epochs),
            Adam.Config.adamW(BETA1, BETA2, settings.weightDecay()),
            0,
            settings.encoder().precision(),
            0,
            0,
            Optional.empty());
    try (Fit fit = new Fit(task, fitting, stage.folder, listener)) {
      fit.resume();
      if (fit.run(stop) == Fit.End.STOPPED) {
        return false;
      }
      if (!stage.folder.equals(folder(fold))) {
        return true;
      }
      Optional<double[][]> seen = task.probabilities(stop);
      seen.ifPresent(probabilities -> write(fold, probabilities));
      return seen.isPresent();
    }
  }

  private void write(int fold, double[][] probabilities) {
    PredictionTable table = new PredictionTable(cases.classes());
    StringBuilder text = new StringBuilder(table.header());
    int[] heldOut = folds.heldOut(fold);
    for (int i = 0; i < heldOut.length; i++) {
      text.append(table.line(cases.get(heldOut[i]), probabilities[i]));
    }
    AtomicFile.write(folder(fold).resolve(PREDICTIONS), text.toString());
  }

  /**
   * The results of the folds that are trained.
   *
   * @throws DataException if a fold's predictions are of another table
   */
  public ClassificationReport report() {
    List<FoldResult> results = new ArrayList<>();
    for (int fold = 0; fold < folds.count(); fold++) {
      Path file = folder(fold).resolve(PREDICTIONS);
      if (Files.exists(file)) {
        results.add(read(file, fold));
      }
    }
    return new ClassificationReport(cases, prepared, settings.side(), folds.count(), results);
  }

  private FoldResult read(Path file, int fold) {
    List<PredictionTable.Row> rows = new PredictionTable(cases.classes()).read(file);
    int[] heldOut = folds.heldOut(fold);
    double[][] probabilities = new double[heldOut.length][];
    boolean same = rows.size() == heldOut.length;
    for (int i = 0; same && i < heldOut.length; i++) {
      Case one = cases.get(heldOut[i]);
      PredictionTable.Row row = rows.get(i);
      same = row.image().equals(one.name()) && row.label().equals(one.label().orElse(""));
      probabilities[i] = row.probabilities();
    }
    if (!same) {
      throw new DataException(
          "%s: is not of fold %d of %s; --overwrite trains it anew"
              .formatted(file, fold, cases.table().file()));
    }
    return FoldResult.of(cases, fold, heldOut, probabilities);
  }
}
