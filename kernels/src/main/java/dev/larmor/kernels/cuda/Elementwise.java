package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.Unary;
import java.util.Locale;

/** Ops that make one element from those at the same place; {@code elementwise.cu}. */
final class Elementwise {
  private static final String FILE = "elementwise";

  private final Kernels kernels;

  Elementwise(Kernels kernels) {
    this.kernels = kernels;
  }

  /** {@code add} or {@code subtract}: of complex tensors as of twice as many reals. */
  void combine(String function, Array a, Array b, Array y) {
    kernels.start(FILE, function, y.dtype()).at(a).at(b).at(y).count(y.reals()).over(packs(y));
  }

  void multiply(Array a, Array b, Array y) {
    if (y.isComplex()) {
      multiplyComplex(a, b, y, 1);
    } else {
      combine("multiply", a, b, y);
    }
  }

  void multiplyConjugate(Array a, Array b, Array y) {
    if (y.isComplex()) {
      multiplyComplex(a, b, y, -1);
    } else {
      combine("multiply", a, b, y);
    }
  }

  private void multiplyComplex(Array a, Array b, Array y, int sign) {
    kernels
        .start(FILE, "multiply_complex")
        .at(a)
        .at(b)
        .at(y)
        .number(sign)
        .count(y.elements())
        .over(packs(y));
  }

  void affine(Affine o, Array x, Array y) {
    boolean complex = x.isComplex() && o.shift() != 0;
    kernels
        .start(FILE, complex ? "affine_complex" : "affine", x.dtype())
        .at(x)
        .at(y)
        .number(o.scale())
        .number(o.shift())
        .count(complex ? x.elements() : x.reals())
        .over(complex ? x.elements() : packs(y));
  }

  void axpy(double alpha, Array y, Array x) {
    kernels
        .start(FILE, "axpy", y.dtype())
        .at(y)
        .at(x)
        .number(alpha)
        .count(y.reals())
        .over(packs(y));
  }

  void scaleBy(Array x, Array s, Array y) {
    kernels.start(FILE, "scale_by", x.dtype()).at(x).at(s).at(y).count(x.reals()).over(packs(y));
  }

  void spread(Array s, Array y) {
    kernels.start(FILE, "spread", y.dtype()).at(s).at(y).count(y.elements()).over(y.elements());
  }

  void fill(double value, Array y) {
    long one =
        switch (y.dtype()) {
          case F32, C64 -> Integer.toUnsignedLong(Float.floatToRawIntBits((float) value));
          case BF16 -> bfloat16((float) value);
          case F16 -> Short.toUnsignedInt(Float.floatToFloat16((float) value));
          case F64 -> Double.doubleToRawLongBits(value);
          case I32 -> Integer.toUnsignedLong((int) value);
          case U8 -> (int) value & 0xFF;
        };
    long low = one;
    if (y.dtype() != DType.C64) { // the imaginary part is 0
      for (int bits = 8 * y.dtype().bytes(); bits < Long.SIZE; bits *= 2) {
        low |= low << bits;
      }
    }
    long bytes = y.spec().bytes();
    kernels.start(FILE, "fill").at(y).count(low).count(low).count(bytes).over(bytes / 16);
  }

  private static long bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.isNaN(value) ? 0x7FC0 : (bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16;
  }

  void leakyRelu(float slope, Array x, Array y) {
    kernels
        .start(FILE, "leaky_relu", x.dtype())
        .at(x)
        .at(y)
        .number(slope)
        .count(x.elements())
        .over(packs(y));
  }

  void leakyReluGrad(float slope, Array g, Array x, Array y) {
    kernels
        .start(FILE, "leaky_relu_grad", x.dtype())
        .at(g)
        .at(x)
        .at(y)
        .number(slope)
        .count(x.elements())
        .over(packs(y));
  }

  void unary(Unary.Function function, Array x, Array y) {
    kernels.start(FILE, name(function), x.dtype()).at(x).at(y).count(x.elements()).over(packs(y));
  }

  void unaryGrad(Unary.Function function, Array g, Array x, Array y) {
    kernels
        .start(FILE, name(function) + "_grad", x.dtype())
        .at(g)
        .at(x)
        .at(y)
        .count(x.elements())
        .over(packs(y));
  }

  private static String name(Unary.Function function) {
    return "unary_" + function.name().toLowerCase(Locale.ROOT);
  }

  /** 16-byte pieces of a tensor: one for each thread. */
  static long packs(Array y) {
    return Math.ceilDiv(y.spec().bytes(), 16);
  }
}
