package dev.larmor.bench.peer;

/** Which stages keep only their inputs and run again in the backward pass. */
public enum Recompute {
  NOTHING,
  /** Every stage but the sensitivity model and the final image, as the original does. */
  CASCADES,
  EVERYTHING;

  boolean covers(Stage stage) {
    return switch (this) {
      case NOTHING -> false;
      case CASCADES -> stage.kind() == Stage.Kind.CASCADE;
      case EVERYTHING -> true;
    };
  }
}
