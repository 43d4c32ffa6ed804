package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.engine.Device;
import dev.larmor.engine.Precision;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.data.DataException;
import dev.larmor.models.fit.Fit;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.io.ReadAhead;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Classifies cases by one classifier or by the mean probabilities of several.
 *
 * <p>Until all cases are done, the rows there are stand in a hidden file beside the result; the
 * same command goes on from there.
 */
public final class ClassPrediction implements AutoCloseable {
  private final List<Path> checkpoints;
  private final List<Classifier> classifiers = new ArrayList<>();

  /**
   * Loads the classifiers.
   *
   * @param checkpoints files, of the same classes, channels and side
   * @throws DataException if one is not a classifier's or differs from the others
   */
  public ClassPrediction(Device device, List<Path> checkpoints) {
    this.checkpoints = List.copyOf(checkpoints);
    try {
      for (Path checkpoint : checkpoints) {
        classifiers.add(Classifier.open(checkpoint, device));
        same(checkpoint, classifiers.getLast().config());
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** The precision of a checkpoint's network, which the device is to be opened for. */
  public static Precision precision(Path checkpoint) {
    return ClassifierConfig.of(checkpoint, ModelState.metadata(checkpoint)).encoder().precision();
  }

  /**
   * A checkpoint, or those of all finished folds of a training's folder.
   *
   * @throws DataException if there are none
   */
  public static List<Path> checkpoints(Path place) {
    if (!Files.isDirectory(place)) {
      return List.of(place);
    }
    if (Files.exists(Fit.last(place))) {
      return List.of(Fit.last(place));
    }
    try (Stream<Path> folders = Files.list(place)) {
      List<Path> found =
          folders
              .filter(folder -> folder.getFileName().toString().startsWith("fold_"))
              .map(Fit::last)
              .filter(Files::exists)
              .sorted()
              .toList();
      if (found.isEmpty()) {
        throw new DataException(place + ": no fold in there is trained to its end");
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(place + ": cannot be listed: " + e.getMessage(), e);
    }
  }

  private void same(Path checkpoint, ClassifierConfig config) {
    ClassifierConfig first = classifiers.getFirst().config();
    if (!config.classes().equals(first.classes())
        || config.encoder().channels() != first.encoder().channels()
        || config.side() != first.side()) {
      throw new DataException(
          "%s: %s from %d channels of %d voxels a side, but %s has %s from %d of %d"
              .formatted(
                  checkpoint,
                  config.classes(),
                  config.encoder().channels(),
                  config.side(),
                  checkpoints.getFirst(),
                  first.classes(),
                  first.encoder().channels(),
                  first.side()));
    }
  }

  /**
   * Classifies the cases of a table and writes {@link PredictionTable} rows.
   *
   * @param workers threads that prepare cases ahead
   * @param done told after each case
   * @param stop asked before each case
   * @return false if asked to stop
   * @throws DataException if a case cannot be used
   */
  public boolean run(CaseTable table, Path out, int workers, Runnable done, BooleanSupplier stop) {
    ClassifierConfig config = classifiers.getFirst().config();
    if (table.channels() != config.encoder().channels()) {
      throw new DataException(
          "%s: %d columns of images, the classifier wants %d"
              .formatted(table.file(), table.channels(), config.encoder().channels()));
    }
    PredictionTable predictions = new PredictionTable(config.classes());
    Path partial = out.resolveSibling("." + out.getFileName() + ".partial");
    String begun = identity(table) + "\n" + predictions.header();
    StringBuilder text = new StringBuilder(begun);
    int first = 0;
    String there = Files.exists(partial) ? read(partial) : "";
    if (there.startsWith(begun)) {
      text = new StringBuilder(there);
      String rows = there.substring(there.indexOf('\n') + 1);
      first = predictions.rows(partial.toString(), rows).size();
    }
    for (int i = 0; i < first; i++) {
      done.run();
    }
    Preparation preparation = new Preparation(config.side());
    try (ReadAhead<float[]> prepared = readAhead(table.cases(), first, preparation, workers)) {
      for (int i = first; i < table.cases().size(); i++) {
        if (stop.getAsBoolean()) {
          return false;
        }
        text.append(predictions.line(table.cases().get(i), mean(prepared.next())));
        AtomicFile.write(partial, text.toString());
        done.run();
      }
    }
    AtomicFile.write(out, text.substring(text.indexOf("\n") + 1));
    try {
      Files.deleteIfExists(partial);
    } catch (IOException e) {
      throw new UncheckedIOException(partial + ": cannot be deleted: " + e.getMessage(), e);
    }
    return true;
  }

  private static ReadAhead<float[]> readAhead(
      List<Case> cases, int first, Preparation preparation, int workers) {
    return new ReadAhead<>(
        "cases",
        cases.size() - first,
        workers,
        workers + 1,
        () ->
            new ReadAhead.Worker<>() {
              @Override
              public float[] make(int position) {
                return preparation.run(cases.get(first + position), Workers.ONE);
              }

              @Override
              public void close() {}
            });
  }

  private double[] mean(float[] prepared) {
    double[] sum = new double[classifiers.getFirst().config().classes().size()];
    for (Classifier classifier : classifiers) {
      double[] own = classifier.probabilities(List.of(prepared))[0];
      for (int c = 0; c < sum.length; c++) {
        sum[c] += own[c] / classifiers.size();
      }
    }
    return sum;
  }

  /** What the rows of a partial result hang on. */
  private String identity(CaseTable table) {
    StringBuilder text = new StringBuilder();
    checkpoints.forEach(file -> text.append(Digest.file(file)).append('\n'));
    for (Case one : table.cases()) {
      text.append(one.name()).append(one.label());
      one.images().forEach(file -> text.append(Digest.file(file)));
      one.mask().ifPresent(file -> text.append(Digest.file(file)));
      text.append('\n');
    }
    return Digest.of(text.toString());
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    classifiers.forEach(Classifier::close);
  }
}
