package dev.larmor.models.training;

import dev.larmor.models.data.Anatomy;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The leaderboard's score: the mean SSIM over all slices of each acceleration, and the mean of
 * those.
 */
public record Score(List<Volume> volumes) {
  /**
   * One volume's result.
   *
   * @param ssim one number a slice
   */
  public record Volume(Leaderboard.Entry entry, double[] ssim) {
    /** The mean over slices. */
    public double mean() {
      return Arrays.stream(ssim).average().orElse(Double.NaN);
    }
  }

  /** The accelerations there are. */
  public SortedSet<Integer> accelerations() {
    return volumes.stream()
        .map(v -> v.entry.acceleration())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The mean over the accelerations' means. */
  public double total() {
    return accelerations().stream()
        .mapToDouble(acceleration -> mean(acceleration).orElseThrow())
        .average()
        .orElse(Double.NaN);
  }

  /** The mean over all slices of one acceleration. */
  public OptionalDouble mean(int acceleration) {
    return mean(entry -> entry.acceleration() == acceleration);
  }

  /** The mean over all slices of one acceleration and anatomy; empty if there are none. */
  public OptionalDouble mean(int acceleration, Anatomy anatomy) {
    return mean(entry -> entry.acceleration() == acceleration && entry.anatomy() == anatomy);
  }

  private OptionalDouble mean(Predicate<Leaderboard.Entry> which) {
    return volumes.stream()
        .filter(v -> which.test(v.entry))
        .flatMapToDouble(v -> Arrays.stream(v.ssim))
        .average();
  }
}
