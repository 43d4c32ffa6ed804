package dev.larmor.models.ssl.pretrain;

import dev.larmor.models.data.DataException;
import dev.larmor.models.fit.Fit;
import dev.larmor.models.ssl.collection.DatasetName;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where a pre-training goes.
 *
 * @param path {@code DatasetXXX_Name/SimCLRTrainer__plans__configuration} of the results
 */
public record RunFolder(Path path) {
  private static final String TRAINER = "SimCLRTrainer";

  /** The folder of a data set's training. */
  public static RunFolder of(Path results, DatasetName dataset, Plan plan, String configuration) {
    String name = String.join("__", TRAINER, plan.plansName(), configuration);
    return new RunFolder(results.resolve(dataset.toString()).resolve(name));
  }

  /** Checkpoints and logs, all subjects being one fold. */
  public Path fold() {
    return path.resolve("fold_all");
  }

  /**
   * Checks that no run is lost.
   *
   * @throws DataException if there is one that is neither to go on nor to be replaced
   */
  public void checkNew(boolean resume, boolean overwrite) {
    for (Path checkpoint : List.of(Fit.latest(fold()), Fit.last(fold()))) {
      if (Files.exists(checkpoint) && !resume && !overwrite) {
        throw new DataException(
            checkpoint
                + ": there is a run already; go on with it by --resume, or begin anew with"
                + " --overwrite");
      }
    }
  }

  /** Deletes an earlier run's files. */
  public void clear() {
    if (!Files.isDirectory(fold())) {
      return;
    }
    try (Stream<Path> files = Files.list(fold())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new DataException(fold() + ": cannot be cleared: " + e.getMessage(), e);
    }
  }
}
