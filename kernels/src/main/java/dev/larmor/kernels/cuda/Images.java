package dev.larmor.kernels.cuda;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.AnatomicalMask;
import dev.larmor.engine.op.Ssim;

/** Ops on real images {@code F32[N, H, W]}; {@code images.cu}. */
final class Images {
  private static final String FILE = "images";

  /** Quantities of a window that is put together from its rows. */
  private static final int MOMENTS = 5;

  /** Quantities of a window that its pixels' gradients are made of. */
  private static final int COEFFICIENTS = 5;

  private final Kernels kernels;

  Images(Kernels kernels) {
    this.kernels = kernels;
  }

  /** One image like x. */
  static long maskWorkspace(TensorSpec x) {
    return x.bytes();
  }

  /** Two numbers for each pixel. */
  static long sobelGradWorkspace(TensorSpec x) {
    return 2 * x.bytes();
  }

  static long ssimWorkspace(TensorSpec x) {
    return MOMENTS * x.bytes();
  }

  /** Sums over the rows of windows come to lie where moments were. */
  static long ssimGradWorkspace(TensorSpec x) {
    return (MOMENTS + COEFFICIENTS) * x.bytes();
  }

  private static long rows(Array x) {
    return (long) x.dim(0) * x.dim(1);
  }

  /** Erosions and dilations by squares: first along rows, then down columns. */
  void anatomicalMask(AnatomicalMask o, Array x, Array y, long workspace) {
    long from = x.address();
    float threshold = o.threshold();
    for (int steps : AnatomicalMask.STEPS) {
      spread(x, from, workspace, threshold, steps, false);
      spread(x, workspace, y.address(), 0.5f, steps, true);
      from = y.address();
      threshold = 0.5f;
    }
  }

  private void spread(Array x, long from, long to, float threshold, int steps, boolean down) {
    kernels
        .start(FILE, "any_or_all")
        .at(from)
        .at(to)
        .number(threshold)
        .whole(steps > 0 ? 1 : 0)
        .whole(Math.abs(steps))
        .whole(down ? 1 : 0)
        .count(rows(x))
        .whole(x.dim(1))
        .whole(x.dim(2))
        .rows(x.dim(2), rows(x));
  }

  void sobel(double eps, Array x, Array y) {
    onPixels(kernels.start(FILE, "sobel").at(x).at(y).number(eps), x);
  }

  void sobelGrad(double eps, Array g, Array x, Array dx, long workspace) {
    Launch edges = kernels.start(FILE, "sobel_grad_edges").at(g).at(x).at(workspace);
    onPixels(edges.number(eps), x);
    onPixels(kernels.start(FILE, "sobel_grad").at(workspace).at(dx), x);
  }

  private static void onPixels(Launch launch, Array x) {
    launch.count(rows(x)).whole(x.dim(1)).whole(x.dim(2)).rows(x.dim(2), rows(x));
  }

  void ssim(Ssim o, Array x, Array y, Array range, Array map, long workspace) {
    moments(o, x, y, workspace);
    onWindows(kernels.start(FILE, "ssim").at(workspace).at(range).at(map), o, x);
  }

  void ssimGrad(Ssim o, Array g, Array x, Array y, Array range, Array dx, long workspace) {
    long windows = workspace + MOMENTS * x.spec().bytes();
    moments(o, x, y, workspace);
    Launch launch = kernels.start(FILE, "ssim_grad_windows");
    onWindows(launch.at(g).at(workspace).at(range).at(windows), o, x);
    int w = x.dim(2);
    long rows = (long) x.dim(0) * (x.dim(1) - o.window() + 1);
    kernels
        .start(FILE, "ssim_grad_rows")
        .at(windows)
        .at(workspace)
        .count(rows)
        .whole(w)
        .whole(o.window())
        .rows(w, rows);
    kernels
        .start(FILE, "ssim_grad")
        .at(x)
        .at(y)
        .at(windows)
        .at(workspace)
        .at(dx)
        .whole(x.dim(0))
        .whole(x.dim(1))
        .whole(w)
        .whole(o.window())
        .rows(w, rows(x));
  }

  private void moments(Ssim o, Array x, Array y, long to) {
    int w = x.dim(2);
    kernels
        .start(FILE, "ssim_rows")
        .at(x)
        .at(y)
        .at(to)
        .count(rows(x))
        .whole(w)
        .whole(o.window())
        .rows(w - o.window() + 1, rows(x));
  }

  private static void onWindows(Launch launch, Ssim o, Array x) {
    int across = x.dim(2) - o.window() + 1;
    int down = x.dim(1) - o.window() + 1;
    launch
        .whole(x.dim(0))
        .whole(x.dim(1))
        .whole(x.dim(2))
        .whole(o.window())
        .number(o.k1())
        .number(o.k2())
        .rows(across, (long) x.dim(0) * down);
  }
}
