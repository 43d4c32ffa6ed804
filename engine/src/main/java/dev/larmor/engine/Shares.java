package dev.larmor.engine;

/**
 * Rows or samples shared out among ranks in order, as evenly as it goes: the shares' sizes differ
 * by one at most.
 */
public record Shares(int total, int ranks) {
  /** One rank's part, {@code first … first + count − 1}. */
  public record Share(int first, int count) {
    /** The one after the last. */
    public int end() {
      return first + count;
    }
  }

  public Shares {
    if (total < 0 || ranks < 1) {
      throw new IllegalArgumentException(total + " rows for " + ranks + " ranks");
    }
  }

  /** A rank's part. */
  public Share of(int rank) {
    int first = first(rank);
    return new Share(first, first(rank + 1) - first);
  }

  /**
   * The shape of a tensor that has so many rows.
   *
   * @throws CollectiveException if it has not, or is not of F32
   */
  public Shape checked(TensorSpec spec, int rows) {
    if (spec.dtype() != DType.F32 || spec.shape().rank() == 0 || spec.shape().dim(0) != rows) {
      throw new CollectiveException(
          "expected %d rows of F32 among %d of %d ranks, got %s"
              .formatted(rows, total, ranks, spec));
    }
    return spec.shape();
  }

  private int first(int rank) {
    return (int) ((long) total * rank / ranks);
  }
}
