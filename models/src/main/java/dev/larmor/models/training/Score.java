package dev.larmor.models.training;

import dev.larmor.models.data.Anatomy;
import dev.larmor.models.metric.Figure;
import dev.larmor.models.metric.Quality;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The figures of all slices of all volumes, and their means.
 *
 * <p>The leaderboard's score is {@link #total}: the mean SSIM over all slices of each acceleration,
 * and the mean of those – so a volume of many slices weighs more than one of few, but four-fold
 * weighs as much as eight-fold.
 */
public record Score(List<Volume> volumes) {
  /**
   * One volume's result.
   *
   * @param slices for each slice, in order, the quality of every image there is of it
   */
  public record Volume(Leaderboard.Entry entry, List<Map<Method, Quality>> slices) {
    /** The mean over the slices that have this figure. */
    public OptionalDouble mean(Method method, Figure figure) {
      return Score.mean(slices.stream(), method, figure);
    }
  }

  /** The accelerations there are. */
  public SortedSet<Integer> accelerations() {
    return volumes.stream()
        .map(v -> v.entry.acceleration())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The anatomies there are of one acceleration. */
  public SortedSet<Anatomy> anatomies(int acceleration) {
    return volumes.stream()
        .map(Volume::entry)
        .filter(entry -> entry.acceleration() == acceleration)
        .map(Leaderboard.Entry::anatomy)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The methods that made at least one image. */
  public SortedSet<Method> methods() {
    return all()
        .map(Map::keySet)
        .flatMap(Collection::stream)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The number of slices. */
  public int slices() {
    return Math.toIntExact(all().count());
  }

  /** The number of slices that have an image of this method. */
  public int slices(Method method) {
    return Math.toIntExact(all().filter(slice -> slice.containsKey(method)).count());
  }

  /** The number of slices whose target shows no anatomy, see {@link Quality}. */
  public int emptySlices() {
    return Math.toIntExact(
        all().filter(slice -> slice.values().stream().noneMatch(Quality::showsAnatomy)).count());
  }

  /**
   * The leaderboard's score: the mean over the accelerations' mean SSIM; empty if the method has no
   * image of one of them.
   */
  public OptionalDouble total(Method method) {
    List<OptionalDouble> means =
        accelerations().stream().map(r -> mean(method, Figure.SSIM, r)).toList();
    return means.stream().allMatch(OptionalDouble::isPresent)
        ? means.stream().mapToDouble(OptionalDouble::getAsDouble).average()
        : OptionalDouble.empty();
  }

  /** The mean over all slices of one acceleration that have this figure; empty if none has. */
  public OptionalDouble mean(Method method, Figure figure, int acceleration) {
    return mean(method, figure, entry -> entry.acceleration() == acceleration);
  }

  /** The same of one acceleration and anatomy. */
  public OptionalDouble mean(Method method, Figure figure, int acceleration, Anatomy anatomy) {
    return mean(
        method,
        figure,
        entry -> entry.acceleration() == acceleration && entry.anatomy() == anatomy);
  }

  private OptionalDouble mean(Method method, Figure figure, Predicate<Leaderboard.Entry> which) {
    return mean(
        volumes.stream().filter(v -> which.test(v.entry)).flatMap(v -> v.slices.stream()),
        method,
        figure);
  }

  private static OptionalDouble mean(
      Stream<Map<Method, Quality>> slices, Method method, Figure figure) {
    return slices
        .filter(slice -> slice.containsKey(method))
        .mapToDouble(slice -> figure.of(slice.get(method)))
        .filter(value -> !Double.isNaN(value))
        .average();
  }

  private Stream<Map<Method, Quality>> all() {
    return volumes.stream().flatMap(v -> v.slices.stream());
  }
}
