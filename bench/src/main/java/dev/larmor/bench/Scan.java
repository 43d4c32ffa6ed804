package dev.larmor.bench;

import dev.larmor.models.training.DryRun;
import java.util.Arrays;
import java.util.Locale;

/** The slices of the published data, and what the original takes for a training step on each. */
public enum Scan {
  /** 26 to 28 s for ten iterations in the original's log. */
  KNEE("15x640x372", 2.65),
  /** 33 to 37 s for ten iterations. */
  BRAIN("16x768x396", 3.4);

  private final DryRun.Size size;
  private final double originalSeconds;

  Scan(String shape, double originalSeconds) {
    this.size = size(shape);
    this.originalSeconds = originalSeconds;
  }

  /** The size written as {@code 15x640x372}, to an image of 384 rows and columns. */
  static DryRun.Size size(String text) {
    int[] n = Arrays.stream(text.split("x")).mapToInt(Integer::parseInt).toArray();
    return new DryRun.Size(n[0], n[1], n[2], 384);
  }

  /** The largest slices there are. */
  public DryRun.Size size() {
    return size;
  }

  /** As in {@code knee 15x640x372}. */
  public String title() {
    String anatomy = name().toLowerCase(Locale.ROOT);
    return "%s %dx%dx%d".formatted(anatomy, size.coils(), size.height(), size.width());
  }

  /** The original's training step on a GTX 1080, seconds. */
  public double originalSeconds() {
    return originalSeconds;
  }
}
