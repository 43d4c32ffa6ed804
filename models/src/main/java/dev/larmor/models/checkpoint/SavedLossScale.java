package dev.larmor.models.checkpoint;

import dev.larmor.autograd.LossScale;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A loss scale in a checkpoint's metadata; one that does not change leaves no trace there. */
public final class SavedLossScale {
  private static final String VALUE = "loss_scale";
  private static final String GOOD_STEPS = "good_steps";
  private static final String SKIPPED = "skipped_steps";

  private SavedLossScale() {}

  /** Adds a scale's state to {@code metadata}. */
  public static void put(LossScale scale, Map<String, String> metadata) {
    if (scale.isDynamic()) {
      metadata.put(VALUE, Double.toHexString(scale.state().value()));
      metadata.put(GOOD_STEPS, Long.toString(scale.state().goodSteps()));
      metadata.put(SKIPPED, Long.toString(scale.state().skipped()));
    }
  }

  /**
   * Continues from what {@link #put} added.
   *
   * @throws dev.larmor.models.data.DataException if it is not there
   */
  public static void restore(LossScale scale, Path file, Map<String, String> metadata) {
    if (scale.isDynamic()) {
      scale.restore(state(file, metadata));
    }
  }

  /** What {@link #put} added, if it did. */
  public static Optional<LossScale.State> find(Path file, Map<String, String> metadata) {
    return metadata.containsKey(VALUE) ? Optional.of(state(file, metadata)) : Optional.empty();
  }

  private static LossScale.State state(Path file, Map<String, String> metadata) {
    return new LossScale.State(
        ModelState.real(file, metadata, VALUE),
        ModelState.number(file, metadata, GOOD_STEPS),
        ModelState.number(file, metadata, SKIPPED));
  }
}
