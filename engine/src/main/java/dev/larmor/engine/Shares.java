package dev.larmor.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows or samples shared out among ranks, in the ranks' order.
 *
 * @param counts of each rank's
 */
public record Shares(List<Integer> counts) {
  /** One rank's part, {@code first … first + count − 1}. */
  public record Share(int first, int count) {
    /** All of something. */
    public static Share all(int count) {
      return new Share(0, count);
    }

    /** The one after the last. */
    public int end() {
      return first + count;
    }

    /** The same part of something of which each has {@code factor}. */
    public Share times(int factor) {
      return new Share(first * factor, count * factor);
    }
  }

  public Shares {
    counts = List.copyOf(counts);
  }

  /** {@code total} shared out as evenly as it goes: the counts differ by one at most. */
  public static Shares even(int total, int ranks) {
    List<Integer> counts = new ArrayList<>();
    for (int rank = 0; rank < ranks; rank++) {
      counts.add(first(total, ranks, rank + 1) - first(total, ranks, rank));
    }
    return new Shares(counts);
  }

  private static int first(int total, int ranks, int rank) {
    return (int) ((long) total * rank / ranks);
  }

  /** All ranks' together. */
  public int total() {
    return of(counts.size()).first();
  }

  /** A rank's part. */
  public Share of(int rank) {
    int first = 0;
    for (int before : counts.subList(0, rank)) {
      first += before;
    }
    return new Share(first, rank < counts.size() ? counts.get(rank) : 0);
  }

  /**
   * The shape of a tensor that has so many rows.
   *
   * @throws CollectiveException if it has not, or is not of F32
   */
  public Shape checked(TensorSpec spec, int rows) {
    if (spec.dtype() != DType.F32 || spec.shape().rank() == 0 || spec.shape().dim(0) != rows) {
      throw new CollectiveException(
          "expected %d rows of F32 of ranks' %s, got %s".formatted(rows, counts, spec));
    }
    return spec.shape();
  }
}
