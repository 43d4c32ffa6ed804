package dev.larmor.models.varnet;

import dev.larmor.engine.Precision;

/** What a reconstruction network looks like: enough to build it. */
public interface ModelConfig {
  /** The name that result folders carry: {@code fivarnet_f8_i2_attn0_c32_s8}. */
  String architecture();

  /** What the network computes in, and a device for it is opened for. */
  Precision precision();

  /** The network, not yet placed on a device. */
  ReconstructionModel build();

  /** Checks a count. */
  static void atLeast(String option, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(option + " must be at least " + least + ", not " + value);
    }
  }

  /** Checks how often a U-Net halves the size. */
  static void pools(String option, int value) {
    if (value < 1 || value > 8) {
      throw new IllegalArgumentException(option + " must be in 1 … 8, not " + value);
    }
  }

  /** Checks a probability. */
  static void probability(String option, float value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(option + " must be in [0, 1), not " + value);
    }
  }
}
