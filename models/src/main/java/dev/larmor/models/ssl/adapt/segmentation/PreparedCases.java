package dev.larmor.models.ssl.adapt.segmentation;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Case;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Labels;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import dev.larmor.models.ssl.preprocess.store.VolumeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Prepared cases on the disk, {@code CASE.h5} each, of which training reads patches. One folder
 * serves all trainings on a data set that prepare it alike.
 *
 * @param folder theirs alone
 */
public record PreparedCases(Path folder, Preparation preparation, Labels labels) {
  /** The file of a case. */
  public Path file(Case of) {
    return folder.resolve(of.name() + VolumeFile.EXTENSION);
  }

  /**
   * Prepares the cases that are not there, or are older than their images.
   *
   * @param done is told after each case, from any thread
   * @param stop asked before each case
   * @return false if it was stopped
   * @throws DataException if a case cannot be used, or the folder was made in another way
   */
  public boolean prepare(List<Case> cases, Workers workers, Runnable done, BooleanSupplier stop) {
    Path note = folder.resolve(Plan.FILE);
    Plan plan = preparation.plan();
    if (!Files.exists(note)) {
      plan.write(note);
    } else if (!Plan.read(note).equals(plan)) {
      throw new DataException(
          folder + ": was prepared in another way, as its " + Plan.FILE + " says; give another");
    }
    workers.forEach(
        cases.size(),
        () ->
            i -> {
              if (!stop.getAsBoolean()) {
                prepare(cases.get(i));
                done.run();
              }
            });
    return !stop.getAsBoolean();
  }

  private void prepare(Case of) {
    Path file = file(of);
    Stream<Path> sources = Stream.concat(of.images().stream(), of.truth().stream());
    if (Files.exists(file) && sources.allMatch(source -> modified(source) <= modified(file))) {
      return;
    }
    Image3d image = of.image();
    Image3d truth = of.truth(image, labels);
    VolumeFile.write(file, preparation.run(of, image, Optional.of(truth), Workers.ONE));
  }

  private static long modified(Path file) {
    try {
      return Files.getLastModifiedTime(file).toMillis();
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
