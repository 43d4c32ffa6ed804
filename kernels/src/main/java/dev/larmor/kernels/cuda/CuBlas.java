package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;

/** cuBLAS, with its workspace from outside. */
final class CuBlas implements BlasLibrary {
  private final CardDriver driver;
  private final cublasHandle handle = new cublasHandle();
  private final Arena arena = Arena.ofShared();
  private final Pointer one = new Address(arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1).address());
  private final Pointer zero = new Address(arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0).address());
  private long workspace = -1;
  private long workspaceBytes;

  CuBlas(CardDriver driver) {
    this.driver = driver;
    check(JCublas2.cublasCreate(handle), "cublasCreate");
    check(JCublas2.cublasSetStream(handle, driver.computeStream()), "cublasSetStream");
    // Sums that are cut in pieces stay F32 between the pieces.
    check(
        JCublas2.cublasSetMathMode(
            handle, cublasMath.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION),
        "cublasSetMathMode");
  }

  @Override
  public void multiply(
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
      long workspaceBytes) {
    if (workspace != this.workspace || workspaceBytes != this.workspaceBytes) {
      check(
          JCublas2.cublasSetWorkspace(handle, CardDriver.pointer(workspace), workspaceBytes),
          "cublasSetWorkspace");
      this.workspace = workspace;
      this.workspaceBytes = workspaceBytes;
    }
    int data = dataType(type);
    String product = "cuBLAS product %d x %d x %d of %s".formatted(m, n, k, type);
    // cuBLAS is column-major and so sees every matrix transposed: c' = op(b)' op(a)'. JCuda's
    // cublasGemmEx without "_new" takes a data type where cuBLAS takes the compute type.
    check(
        JCublas2.cublasGemmEx_new(
            handle,
            operation(transposeB),
            operation(transposeA),
            n,
            m,
            k,
            one,
            CardDriver.pointer(b),
            data,
            transposeB ? k : n,
            CardDriver.pointer(a),
            data,
            transposeA ? m : k,
            zero,
            CardDriver.pointer(c),
            data,
            n,
            computeType(type, rounds),
            cublasGemmAlgo.CUBLAS_GEMM_DEFAULT),
        product);
    driver.submitted(product);
  }

  private static int operation(boolean transpose) {
    return transpose ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
  }

  private static int dataType(DType type) {
    return switch (type) {
      case F32 -> cudaDataType.CUDA_R_32F;
      case BF16 -> cudaDataType.CUDA_R_16BF;
      case F16 -> cudaDataType.CUDA_R_16F;
      default -> throw new IllegalArgumentException("no matrix products of " + type);
    };
  }

  private static int computeType(DType type, boolean rounds) {
    if (type != DType.F32) {
      return cublasComputeType.CUBLAS_COMPUTE_32F;
    }
    return rounds
        ? cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32
        : cublasComputeType.CUBLAS_COMPUTE_32F_PEDANTIC;
  }

  private void check(int code, String call) {
    if (code != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      throw driver.libraryFailure(call, cublasStatus.stringFor(code));
    }
  }

  void close() {
    JCublas2.cublasDestroy(handle);
    arena.close();
  }
}
