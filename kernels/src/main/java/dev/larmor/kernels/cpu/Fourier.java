package dev.larmor.kernels.cpu;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fft2;
import dev.larmor.kernels.cpu.fft.Fft2Plan;
import java.lang.foreign.MemorySegment;

/** Two-dimensional transforms of batches of images on the team. */
final class Fourier {
  /** Images from which on each one is transformed by one thread, which keeps it in its cache. */
  private static final int WHOLE_IMAGES = 4;

  private final Team team;

  Fourier(Team team) {
    this.team = team;
  }

  /** Workspace: scratch of each thread. */
  static long workspace(TensorSpec x, int threads) {
    return threads * slot(plan(x));
  }

  private static long slot(Fft2Plan plan) {
    return CpuWorkspace.align(plan.scratchBytes());
  }

  private static Fft2Plan plan(TensorSpec x) {
    return Fft2Plan.of(x.shape().size(-2), x.shape().size(-1));
  }

  void transform(Fft2 op, Array x, Array y, long workspace) {
    long images = x.elements() / ((long) x.dim(-1) * x.dim(-2));
    transform(
        plan(x.spec()),
        op.inverse(),
        op.centred(),
        x.address(),
        y.address(),
        (int) images,
        workspace);
  }

  /** The centred transform between k-space and image. */
  void centred(TensorSpec spec, boolean inverse, long from, long to, int images, long workspace) {
    transform(plan(spec), inverse, true, from, to, images, workspace);
  }

  /** Which thread transforms which rows has no influence on the result. */
  private void transform(
      Fft2Plan plan,
      boolean inverse,
      boolean centred,
      long from,
      long to,
      int images,
      long workspace) {
    if (images >= WHOLE_IMAGES * team.threads()) {
      team.run(
          images,
          (image, worker) -> {
            long offset = image * plan.imageBytes();
            plan.transform(
                Lanes.MEMORY,
                from + offset,
                Lanes.MEMORY,
                to + offset,
                inverse,
                centred,
                scratch(plan, workspace, worker));
          });
      return;
    }
    int rowTasks = Math.min(plan.rowGroups(), WHOLE_IMAGES * team.threads());
    team.run(
        images * rowTasks,
        (task, worker) -> {
          long offset = task / rowTasks * plan.imageBytes();
          int part = task % rowTasks;
          plan.rows(
              cut(part, rowTasks, plan.rowGroups()),
              cut(part + 1, rowTasks, plan.rowGroups()),
              Lanes.MEMORY,
              from + offset,
              Lanes.MEMORY,
              to + offset,
              inverse,
              centred,
              scratch(plan, workspace, worker));
        });
    int columnTasks = Math.min(plan.columnGroups(), WHOLE_IMAGES * team.threads());
    team.run(
        images * columnTasks,
        (task, worker) -> {
          long offset = task / columnTasks * plan.imageBytes();
          int part = task % columnTasks;
          plan.columns(
              cut(part, columnTasks, plan.columnGroups()),
              cut(part + 1, columnTasks, plan.columnGroups()),
              Lanes.MEMORY,
              to + offset,
              inverse,
              centred,
              scratch(plan, workspace, worker));
        });
  }

  private static int cut(int part, int parts, int groups) {
    return (int) ((long) groups * part / parts);
  }

  private static MemorySegment scratch(Fft2Plan plan, long workspace, int worker) {
    return Lanes.MEMORY.asSlice(workspace + worker * slot(plan), slot(plan));
  }
}
