package dev.larmor.models.ssl.preprocess.numerics;

import dev.larmor.models.data.DataException;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** How the intensities of a channel are brought to a common scale; names are those of plans. */
public enum Normalization {
  /** Mean 0 and standard deviation 1; a constant becomes zero. */
  Z_SCORE("ZScoreNormalization") {
    @Override
    public void apply(float[] channel, boolean[] inside) {
      double sum = 0;
      int count = 0;
      for (int i = 0; i < channel.length; i++) {
        if (inside == null || inside[i]) {
          sum += channel[i];
          count++;
        }
      }
      double mean = sum / count;
      double squares = 0;
      for (int i = 0; i < channel.length; i++) {
        if (inside == null || inside[i]) {
          squares += (channel[i] - mean) * (channel[i] - mean);
        }
      }
      float shift = (float) mean;
      float scale = (float) Math.max(Math.sqrt(squares / count), TINY);
      for (int i = 0; i < channel.length; i++) {
        if (inside == null || inside[i]) {
          channel[i] = (channel[i] - shift) / scale;
        }
      }
    }
  },

  /** Nothing. */
  NONE("NoNormalization") {
    @Override
    public void apply(float[] channel, boolean[] inside) {}
  },

  /** From 0 to 1, by the channel's least and greatest values. */
  RESCALE_TO_01("RescaleTo01Normalization") {
    @Override
    public void apply(float[] channel, boolean[] inside) {
      ValueRange range = ValueRange.of(channel);
      float shift = range.low()[0];
      float scale = (float) Math.max(range.high()[0] - shift, TINY);
      for (int i = 0; i < channel.length; i++) {
        channel[i] = (channel[i] - shift) / scale;
      }
    }
  },

  /** From 0 … 255 to 0 … 1. */
  RGB_TO_01("RGBTo01Normalization") {
    @Override
    public void apply(float[] channel, boolean[] inside) {
      ValueRange range = ValueRange.of(channel);
      if (range.low()[0] < 0 || range.high()[0] > 255) {
        throw new DataException(
            "values from %s to %s, expected 0 to 255 for %s"
                .formatted(range.low()[0], range.high()[0], planName()));
      }
      for (int i = 0; i < channel.length; i++) {
        channel[i] /= 255;
      }
    }
  };

  private static final double TINY = 1e-8;

  private final String planName;

  Normalization(String planName) {
    this.planName = planName;
  }

  /**
   * Normalizes one channel in place.
   *
   * @param channel its voxels
   * @param inside the voxels that count and change; null for all. Only z-scores ask
   * @throws DataException in a clause, if the values are out of the range the scheme expects
   */
  public abstract void apply(float[] channel, boolean[] inside);

  /** As plans call it. */
  public String planName() {
    return planName;
  }

  /** The scheme of this name, which may lack its last word: {@code RescaleTo01}. */
  public static Optional<Normalization> named(String name) {
    return Arrays.stream(values())
        .filter(s -> s.planName.equals(name) || s.planName.equals(name + "Normalization"))
        .findFirst();
  }

  /** All names, for messages. */
  public static String names() {
    return Arrays.stream(values()).map(Normalization::planName).collect(Collectors.joining(", "));
  }
}
