package dev.larmor.models.data;

import java.util.Locale;

/**
 * What was scanned. Each anatomy has its own expert and its own threshold of the anatomical mask.
 */
public enum Anatomy {
  /** Head. */
  BRAIN,
  /** Knee. */
  KNEE;

  /** The name as file names and experts spell it: {@code brain}, {@code knee}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
