package dev.larmor.kernels.cpu;

import dev.larmor.engine.TensorSpec;

/**
 * A channels-last feature map as rows of whole vectors.
 *
 * <p>The elements of a sample lie as {@code [positions][channels]}. Lane by lane, the pattern of
 * channels repeats after lcm(channels, vector width) elements. A row is one or more repetitions: a
 * whole number of vectors, and of positions. Read row by row, any number of channels looks like a
 * multiple of the vector width: a value per channel becomes {@code period} values, and sums over
 * rows are folded to channels in the end. A sample's last row may be incomplete.
 *
 * <p>Samples are cut into parts that start with a row; work on a part is a task. The cut depends on
 * the shape alone.
 *
 * @param samples N
 * @param positions positions of a sample
 * @param channels C
 * @param period elements of a row
 * @param partElements elements of a part, whole rows; the last one may have fewer
 * @param parts parts of a sample
 */
record ChannelRows(
    int samples, long positions, int channels, int period, long partElements, int parts) {

  /** Least elements of a row, so that the loop along it is worth its start. */
  private static final int ROW = 256;

  /** Elements of the samples that are worked on at a time: 8 MiB, which a cache may hold. */
  private static final long GROUP = 1 << 21;

  /** Work on {@code count} elements from element {@code first} of a tensor. */
  @FunctionalInterface
  interface PartTask {
    /**
     * Runs the task.
     *
     * @param slot number of the part among those worked on at a time
     */
    void run(int sample, int slot, long first, long count);
  }

  static ChannelRows of(TensorSpec featureMap) {
    return of(
        featureMap.shape().size(0), featureMap.shape().positions(), featureMap.shape().size(1));
  }

  static ChannelRows of(int samples, long positions, int channels) {
    int pattern = channels / gcd(channels, Lanes.WIDTH) * Lanes.WIDTH;
    int period = Math.ceilDiv(ROW, pattern) * pattern;
    // rows of a part: several, so that its sums are small beside it
    long rows = Math.max(16, Split.GRAIN / period);
    long partElements = rows * period;
    int parts = Split.tasks(positions * channels, partElements);
    return new ChannelRows(samples, positions, channels, period, partElements, parts);
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  /** Elements of a sample. */
  long elements() {
    return positions * channels;
  }

  /** Samples worked on at a time. */
  int group() {
    return Math.clamp(GROUP / elements(), 1, samples);
  }

  /** Parts worked on at a time. */
  int slots() {
    return group() * parts;
  }

  /**
   * Runs a task for each part of samples {@code from} to {@code to}.
   *
   * @param backwards starts with the last part: what was touched last may still be in a cache
   */
  void run(Team team, int from, int to, boolean backwards, PartTask body) {
    int tasks = (to - from) * parts;
    team.run(
        tasks,
        (task, worker) -> {
          int slot = backwards ? tasks - 1 - task : task;
          int sample = from + slot / parts;
          long start = slot % parts * partElements;
          body.run(
              sample,
              slot,
              sample * elements() + start,
              Math.min(partElements, elements() - start));
        });
  }
}
