package dev.larmor.models.metric;

import java.util.Locale;

/** One number of a {@link Quality}. */
public enum Figure {
  /** Structural similarity. */
  SSIM("SSIM", "%.4f") {
    @Override
    public double of(Quality quality) {
      return quality.ssim();
    }
  },
  /** Peak signal-to-noise ratio. */
  PSNR("PSNR in dB", "%.2f") {
    @Override
    public double of(Quality quality) {
      return quality.psnr();
    }
  },
  /** Normalised mean squared error. */
  NMSE("NMSE", "%.5f") {
    @Override
    public double of(Quality quality) {
      return quality.nmse();
    }
  };

  private final String label;
  private final String format;

  Figure(String label, String format) {
    this.label = label;
    this.format = format;
  }

  /** The number. */
  public abstract double of(Quality quality);

  /** What people call it, and its unit. */
  public String label() {
    return label;
  }

  /** As files spell it: {@code ssim}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** A value as people read it; {@code -} for one that does not exist. */
  public String text(double value) {
    if (Double.isNaN(value)) {
      return "-";
    }
    return Double.isInfinite(value) ? "inf" : String.format(Locale.ROOT, format, value);
  }
}
