package dev.larmor.models.ssl.adapt;

import java.util.Optional;

/**
 * The names of one parameter in PyTorch: a unit's convolution and norm are members, {@code conv}
 * and {@code norm}, and once more elements 0 and 1 of its {@code all_modules}, and programs there
 * look for both; a U-Net's decoder has the whole encoder as a member once more.
 */
final class EncoderNames {
  private static final String CONV = ".conv.";
  private static final String NORM = ".norm.";
  private static final String FIRST = ".all_modules.0.";
  private static final String SECOND = ".all_modules.1.";

  private static final String AGAIN = "decoder.encoder.";

  private EncoderNames() {}

  /** The name that a parameter has here. */
  static String own(String name) {
    String member = name.replace(FIRST, CONV).replace(SECOND, NORM);
    return member.startsWith(AGAIN) ? member.substring("decoder.".length()) : member;
  }

  /** The second name of a parameter, if it is a unit's. */
  static Optional<String> alias(String own) {
    String alias = own.replace(CONV, FIRST).replace(NORM, SECOND);
    return alias.equals(own) ? Optional.empty() : Optional.of(alias);
  }
}
