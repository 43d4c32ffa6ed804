package dev.larmor.models.training;

import java.util.Locale;

/** How an image came about: what is evaluated, and the baselines it has to beat. */
public enum Method {
  /** What is evaluated. */
  RECONSTRUCTION("reconstruction"),
  /**
   * Root-sum-of-squares of what was measured: the data set's {@code image_input}, or made of its
   * k-space by {@link ZeroFilled}.
   */
  ZERO_FILLED("zero-filled"),
  /** The data set's {@code image_grappa}. */
  GRAPPA("GRAPPA");

  private final String label;

  Method(String label) {
    this.label = label;
  }

  /** What people call it. */
  public String label() {
    return label;
  }

  /** As files spell it: {@code zero_filled}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
