package dev.larmor.models.ssl.adapt;

import java.util.Optional;

/**
 * The two names of a unit's parameters in PyTorch: its convolution and its norm are members, {@code
 * conv} and {@code norm}, and once more elements 0 and 1 of its {@code all_modules}. Programs there
 * look for both.
 */
final class EncoderNames {
  private static final String CONV = ".conv.";
  private static final String NORM = ".norm.";
  private static final String FIRST = ".all_modules.0.";
  private static final String SECOND = ".all_modules.1.";

  private EncoderNames() {}

  /** The name that a parameter has here. */
  static String own(String name) {
    return name.replace(FIRST, CONV).replace(SECOND, NORM);
  }

  /** The second name of a parameter, if it is a unit's. */
  static Optional<String> alias(String own) {
    String alias = own.replace(CONV, FIRST).replace(NORM, SECOND);
    return alias.equals(own) ? Optional.empty() : Optional.of(alias);
  }
}
