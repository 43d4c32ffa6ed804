package dev.larmor.kernels.cuda;

import dev.larmor.engine.op.MatMul;

/** Matrix products by the library. */
final class MatrixProducts {
  /** Scratch memory that the library is given for each product. */
  static final long WORKSPACE_BYTES = 8L << 20;

  private final BlasLibrary library;
  private final boolean rounds;

  MatrixProducts(BlasLibrary library, boolean rounds) {
    this.library = library;
    this.rounds = rounds;
  }

  void multiply(MatMul o, Array a, Array b, Array c, long workspace) {
    library.multiply(
        c.dtype(),
        rounds,
        o.transposeA(),
        o.transposeB(),
        c.dim(0),
        c.dim(1),
        a.dim(o.transposeA() ? 0 : 1),
        a.address(),
        b.address(),
        c.address(),
        workspace,
        WORKSPACE_BYTES);
  }
}
