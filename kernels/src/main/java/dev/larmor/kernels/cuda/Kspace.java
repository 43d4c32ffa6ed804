package dev.larmor.kernels.cuda;

/** k-space and its sampling mask; {@code kspace.cu}. */
final class Kspace {
  private static final String FILE = "kspace";

  private final Kernels kernels;

  Kspace(Kernels kernels) {
    this.kernels = kernels;
  }

  void mask(Array k, Array mask, Array y) {
    finish(kernels.start(FILE, "mask_columns").at(k).at(mask), y);
  }

  void residual(Array k, Array reference, Array mask, Array y) {
    finish(kernels.start(FILE, "masked_residual").at(k).at(reference).at(mask), y);
  }

  void softDataConsistency(
      Array k, Array reference, Array refinement, Array mask, Array w, Array y) {
    Launch launch = kernels.start(FILE, "soft_data_consistency");
    finish(launch.at(k).at(reference).at(refinement).at(mask).at(w), y);
  }

  void softGrad(Array g, Array mask, Array w, Array y) {
    finish(kernels.start(FILE, "soft_grad").at(g).at(mask).at(w), y);
  }

  private static void finish(Launch launch, Array y) {
    int w = y.dim(-1);
    long rows = y.elements() / w;
    launch.at(y).count(rows).whole(w).rows(w % 2 == 0 ? w / 2 : w, rows);
  }
}
