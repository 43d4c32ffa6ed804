package dev.larmor.models.fit;

import dev.larmor.models.data.DataException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/**
 * Trains a {@link Task} in epochs of steps.
 *
 * <p>A checkpoint holds counters, weights and the optimiser's state, is written between steps only,
 * and a run that resumes from it goes on to the same bits.
 */
public final class Fit implements AutoCloseable {
  /** How a run ended. */
  public enum End {
    COMPLETED,
    /** Asked to stop: the checkpoint {@link #latest} continues from here. */
    STOPPED
  }

  /**
   * A run that has not started, from the model's weights as they are; the optimiser's state takes
   * memory at once.
   *
   * @param folder where checkpoints and logs go
   */
  public Fit(Task task, FitSettings settings, Path folder, FitListener listener) {
    throw new UnsupportedOperationException();
  }

  /** The checkpoint that a stopped or killed run continues from. */
  public static Path latest(Path folder) {
    return folder.resolve("checkpoint_latest.safetensors");
  }

  /** The checkpoint of a run that is done. */
  public static Path last(Path folder) {
    return folder.resolve("checkpoint_final.safetensors");
  }

  /** The checkpoint of the best epoch, if one is told from others. */
  public static Path best(Path folder) {
    return folder.resolve("checkpoint_best.safetensors");
  }

  /**
   * Goes on from {@link #latest}, or from {@link #last}, which has nothing left to do.
   *
   * @return false if there is neither
   * @throws DataException if it is of another model or run
   */
  public boolean resume() {
    throw new UnsupportedOperationException();
  }

  /**
   * Trains to the last epoch.
   *
   * @param stop asked between steps; when true, the run is saved and left
   */
  public End run(BooleanSupplier stop) {
    throw new UnsupportedOperationException();
  }

  /** Frees the optimiser's state. */
  @Override
  public void close() {}
}
