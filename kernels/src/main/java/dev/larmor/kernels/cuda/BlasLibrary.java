package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;

/** Matrix products (cuBLAS). */
interface BlasLibrary {
  /**
   * {@code c = op(a)·op(b)}, row-major and dense; op(a) is m × k, op(b) is k × n, op the transpose
   * where asked for. Sums are F32, whatever the type.
   *
   * @param type F32, BF16 or F16 of all three
   * @param rounds whether factors of F32 may be rounded to TF32
   */
  void multiply(
      DType type,
      boolean rounds,
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      long a,
      long b,
      long c,
      long workspace,
      long workspaceBytes);
}
