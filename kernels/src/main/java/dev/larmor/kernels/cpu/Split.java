package dev.larmor.kernels.cpu;

/**
 * Cuts a range into tasks of a given size. The cut depends on the problem alone, never on the
 * number of threads, so sums over a task have the same bits however many there are.
 */
final class Split {
  /** Elements of a task: 256 KiB of floats, some ten microseconds. */
  static final long GRAIN = 1 << 16;

  /** Work on the elements {@code from} (inclusive) to {@code to} (exclusive). */
  @FunctionalInterface
  interface Range {
    void run(long from, long to);
  }

  private Split() {}

  /** Number of tasks that {@code count} elements make. */
  static int tasks(long count, long grain) {
    return Math.toIntExact(Math.ceilDiv(count, grain));
  }

  /** Runs {@code body} over 0 … count − 1 in tasks of {@code grain}. */
  static void ranges(Team team, long count, long grain, Range body) {
    team.run(
        tasks(count, grain),
        (task, worker) -> body.run(task * grain, Math.min(count, (task + 1) * grain)));
  }
}
