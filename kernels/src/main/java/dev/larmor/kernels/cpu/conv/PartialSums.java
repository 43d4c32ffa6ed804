package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.cpu.Lanes;
import dev.larmor.kernels.cpu.Team;
import jdk.incubator.vector.FloatVector;

/** Adds partial sums of one array, in a fixed order. */
final class PartialSums {

  /** Tasks the elements are cut into; each element is added by one of them. */
  private static final int TASKS = 16;

  private PartialSums() {}

  /**
   * Adds {@code parts} arrays of floats; the sum replaces the first.
   *
   * @param first address of the first array
   * @param others address of the second array
   * @param stride bytes from each of the others to the next
   * @param parts number of arrays, the first included
   */
  static void add(Team team, long first, long others, long stride, int parts, long floats) {
    if (parts == 1) {
      return;
    }
    long block = Math.ceilDiv(floats, TASKS);
    team.run(
        TASKS,
        (task, worker) ->
            add(
                first,
                others,
                stride,
                parts,
                Math.min(floats, task * block) * Float.BYTES,
                Math.min(floats, (task + 1) * block) * Float.BYTES));
  }

  private static void add(long first, long others, long stride, int parts, long from, long to) {
    long at = from;
    for (; at <= to - Lanes.BYTES; at += Lanes.BYTES) {
      FloatVector sum = Lanes.load(first + at);
      for (int part = 0; part < parts - 1; part++) {
        sum = sum.add(Lanes.load(others + part * stride + at));
      }
      Lanes.store(sum, first + at);
    }
    for (; at < to; at += Float.BYTES) {
      float sum = Lanes.get(first + at);
      for (int part = 0; part < parts - 1; part++) {
        sum += Lanes.get(others + part * stride + at);
      }
      Lanes.set(first + at, sum);
    }
  }
}
