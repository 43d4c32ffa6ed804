package dev.larmor.kernels.cuda;

import dev.larmor.kernels.PlanCache;

/** Two-dimensional complex Fourier transforms, unscaled (cuFFT). */
interface FftLibrary {
  /**
   * A plan for a batch of row-major {@code C64[batch, height, width]}; to be closed.
   *
   * @throws dev.larmor.engine.DeviceException if the library can not
   */
  Plan plan(int batch, int height, int width);

  /** A transform of one size. */
  interface Plan extends PlanCache.Plan {
    long workspaceBytes();

    /** Transforms; {@code to} may be {@code from}. The inverse is not divided by the size. */
    void run(long from, long to, boolean inverse, long workspace);
  }
}
