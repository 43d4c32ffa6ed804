package dev.larmor.models.ssl.preprocess.plan;

import java.util.List;

/** What a spacing must be. */
final class Spacings {
  private Spacings() {}

  static void check(String key, List<Double> spacing) {
    if (spacing == null
        || spacing.size() != 3
        || spacing.stream().anyMatch(s -> s == null || !(s > 0) || s.isInfinite())) {
      throw new IllegalArgumentException(key + " is " + spacing + ", expected 3 positive numbers");
    }
  }
}
