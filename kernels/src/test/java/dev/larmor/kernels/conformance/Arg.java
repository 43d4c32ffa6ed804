package dev.larmor.kernels.conformance;

import dev.larmor.engine.DType;
import dev.larmor.engine.Philox;
import dev.larmor.engine.TensorSpec;

/**
 * An input of a case: its spec, and what numbers suit it.
 *
 * @param below whole numbers are drawn from 0 to this, exclusive
 */
record Arg(TensorSpec spec, Domain domain, int below) {
  /** What random numbers an input takes. */
  enum Domain {
    /** Uniform with mean 0 and variance 1. */
    ANY,
    /** The same, moved away from zero, where some functions have a kink. */
    NOT_ZERO,
    /** Between 0.5 and 2. */
    POSITIVE,
    /** Variance 1 about 100: what a sum of squares in single precision does not stand. */
    FAR,
    /** Zeros and ones. */
    MASK
  }

  Arg(TensorSpec spec, Domain domain) {
    this(spec, domain, 256);
  }

  static Arg of(DType dtype, long... dims) {
    return new Arg(TensorSpec.of(dtype, dims), Domain.ANY);
  }

  static Arg f32(long... dims) {
    return of(DType.F32, dims);
  }

  static Arg c64(long... dims) {
    return of(DType.C64, dims);
  }

  /** Labels of the positions of a feature map, or of the rows of a matrix. */
  static Arg labels(TensorSpec logits) {
    long[] all = logits.shape().dims();
    long[] dims = new long[all.length - 1];
    dims[0] = all[0];
    System.arraycopy(all, 2, dims, 1, dims.length - 1);
    return new Arg(TensorSpec.of(DType.I32, dims), Domain.ANY, (int) all[1]);
  }

  Arg notZero() {
    return new Arg(spec, Domain.NOT_ZERO);
  }

  Arg positive() {
    return new Arg(spec, Domain.POSITIVE);
  }

  Arg far() {
    return new Arg(spec, Domain.FAR);
  }

  Arg mask() {
    return new Arg(spec, Domain.MASK);
  }

  int reals() {
    return Math.toIntExact(spec.shape().elements()) * (spec.dtype().isComplex() ? 2 : 1);
  }

  /** Random numbers that the dtype holds exactly, so that every device starts from the same. */
  double[] draw(Philox stream) {
    double[] values = new double[reals()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (spec.dtype()) {
            case U8, I32 -> stream.below(below, i);
            case F64 -> number(stream, i);
            case F32, C64 -> (float) number(stream, i);
            case BF16 -> {
              float wide = (float) number(stream, i);
              yield Float.intBitsToFloat(Float.floatToIntBits(wide) & 0xFFFF0000);
            }
            case F16 -> Float.float16ToFloat(Float.floatToFloat16((float) number(stream, i)));
          };
    }
    return values;
  }

  private double number(Philox stream, long i) {
    double u = stream.uniform(i);
    double z = Math.sqrt(12) * (u - 0.5);
    return switch (domain) {
      case ANY -> z;
      case NOT_ZERO -> z + Math.copySign(0.2, z);
      case POSITIVE -> 0.5 + 1.5 * u;
      case FAR -> 100 + z;
      case MASK -> u < 0.5 ? 0 : 1;
    };
  }
}
