package dev.larmor.models.simclr.view;

/**
 * Neighbouring voxels along one axis: {@code start … start + size − 1}.
 *
 * @param start may be negative where a patch begins outside its image
 * @param size at least 1
 */
public record Span(int start, int size) {
  public Span {
    if (size < 1) {
      throw new IllegalArgumentException("a span of " + size + " voxels");
    }
  }

  /** The first voxel behind the span. */
  public int end() {
    return start + size;
  }

  /** How many voxels two spans share. */
  public int overlap(Span other) {
    return Math.max(0, Math.min(end(), other.end()) - Math.max(start, other.start));
  }
}
