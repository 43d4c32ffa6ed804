package dev.larmor.models.simclr.view;

import dev.larmor.engine.Philox;

/**
 * Where a span may start along one axis: {@code first … last}, each as likely as the others.
 *
 * @param last at least {@code first}
 */
public record Starts(int first, int last) {
  public Starts {
    if (last < first) {
      throw new IllegalArgumentException("no start between %d and %d".formatted(first, last));
    }
  }

  /** Anywhere inside an axis: {@code size} is at most its {@code extent}. */
  static Starts within(int extent, int size) {
    return new Starts(0, extent - size);
  }

  /**
   * Those of these starts that give a span of {@code size} voxels at least so large a share of the
   * shorter span in common with another. There always is one: inside the other, or around it.
   */
  Starts near(Span other, int size, double share) {
    int common = (int) Math.ceil(share * Math.min(size, other.size()));
    return new Starts(
        Math.max(first, other.start() + common - size), Math.min(last, other.end() - common));
  }

  /** Draws a start: the stream's {@code i}-th number decides. */
  int draw(Philox stream, int i) {
    return first + stream.below(last - first + 1, i);
  }
}
