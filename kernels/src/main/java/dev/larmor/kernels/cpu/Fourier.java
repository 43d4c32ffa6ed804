package dev.larmor.kernels.cpu;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fft2;
import dev.larmor.kernels.HostMemory;
import dev.larmor.kernels.cpu.fft.Fft2Plan;
import java.lang.foreign.MemorySegment;

/**
 * Two-dimensional transforms of batches of images on the team. Which thread does which rows or
 * columns has no influence on the result, so here the number of threads may.
 */
final class Fourier {
  /** Tasks for each thread, so that none waits long for the last. */
  private static final int TASKS_PER_THREAD = 4;

  private final Team team;

  Fourier(Team team) {
    this.team = team;
  }

  /** Workspace of all transforms here: scratch of each thread. */
  static long workspace(TensorSpec images, int threads) {
    return threads * slot(plan(images));
  }

  private static long slot(Fft2Plan plan) {
    return HostMemory.align(plan.scratchBytes());
  }

  /** The plan for images in the last two axes. */
  static Fft2Plan plan(TensorSpec images) {
    return Fft2Plan.of(images.shape().size(-2), images.shape().size(-1));
  }

  /** One of the two passes over some groups of rows or columns of an image. */
  @FunctionalInterface
  interface Pass {
    void run(int image, int from, int to, MemorySegment scratch);
  }

  /** Runs a pass over the rows, then one over the columns, of each image. */
  void run(Fft2Plan plan, int images, Pass rows, Pass columns, long workspace) {
    if (images < TASKS_PER_THREAD * team.threads()) {
      pass(plan, images, plan.rowGroups(), rows, workspace);
      pass(plan, images, plan.columnGroups(), columns, workspace);
      return;
    }
    team.run(
        images,
        (image, worker) -> {
          MemorySegment scratch = scratch(plan, workspace, worker);
          rows.run(image, 0, plan.rowGroups(), scratch);
          columns.run(image, 0, plan.columnGroups(), scratch);
        });
  }

  /** Runs one pass over each image's {@code groups} groups. */
  void pass(Fft2Plan plan, int images, int groups, Pass body, long workspace) {
    int parts = Math.min(groups, Math.ceilDiv(TASKS_PER_THREAD * team.threads(), images));
    team.run(
        images * parts,
        (task, worker) -> {
          int part = task % parts;
          int from = (int) ((long) groups * part / parts);
          int to = (int) ((long) groups * (part + 1) / parts);
          body.run(task / parts, from, to, scratch(plan, workspace, worker));
        });
  }

  private static MemorySegment scratch(Fft2Plan plan, long workspace, int worker) {
    return Lanes.MEMORY.asSlice(workspace + worker * slot(plan), slot(plan));
  }

  void transform(Fft2 op, Array x, Array y, long workspace) {
    Fft2Plan plan = plan(x.spec());
    int images = Math.toIntExact(x.spec().bytes() / plan.imageBytes());
    MemorySegment memory = Lanes.MEMORY;
    run(
        plan,
        images,
        (image, from, to, scratch) -> {
          long at = image * plan.imageBytes();
          plan.rows(
              from,
              to,
              memory,
              x.address() + at,
              memory,
              y.address() + at,
              op.inverse(),
              op.centred(),
              scratch);
        },
        (image, from, to, scratch) -> {
          long at = y.address() + image * plan.imageBytes();
          plan.columns(from, to, memory, at, op.inverse(), op.centred(), scratch);
        },
        workspace);
  }
}
