package dev.larmor.models.fit;

import dev.larmor.autograd.GradSink;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.data.DataException;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * What a {@link Fit} trains: a model, the data of its steps, and what is measured between epochs.
 * Whatever is drawn for a step hangs on the task's seed and the step's number alone, so a run that
 * goes on draws what it would have drawn.
 */
public interface Task {
  /** The figure of a step that is trained; others are reported beside it. */
  String LOSS = "loss";

  /** The model without an optimiser. */
  ModelState model();

  /**
   * What must be the same for a run to go on to the same bits, beside what the fit itself knows:
   * data, seed, architecture; by names that a message can use.
   */
  Map<String, String> identity();

  /** What a checkpoint says beside that, for whoever loads it: the network's configuration. */
  default Map<String, String> description() {
    return Map.of();
  }

  /**
   * Opens the data of consecutive steps.
   *
   * @param first number of the first, counted over the whole run
   * @param count of steps
   */
  Steps steps(long first, int count);

  /** Steps whose data is being read ahead. */
  interface Steps extends AutoCloseable {
    /**
     * The forward and backward passes of the next step.
     *
     * @param scale what gradients are multiplied by: the loss scale
     * @return {@link #LOSS} and what else is worth a column, the same names in every step; where
     *     ranks share a step, this rank's part, which adds up
     * @throws DataException if data cannot be read
     */
    Map<String, Double> next(double scale, GradSink sink);

    @Override
    void close();
  }

  /**
   * Measures the model after an epoch; the figures get columns of their own.
   *
   * @param epoch counted from 0
   * @param stop asked now and then, equally often on all ranks
   * @return the figures, all ranks' the same, always of the same names, NaN for one that was not
   *     measured this time; empty if asked to stop
   */
  default Optional<Map<String, Double>> measure(int epoch, BooleanSupplier stop) {
    return Optional.of(Map.of());
  }
}
