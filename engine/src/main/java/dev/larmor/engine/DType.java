package dev.larmor.engine;

/**
 * Element types. Complex is a dtype: a {@link #C64} element is an interleaved (re, im) pair of
 * floats.
 *
 * <p>The {@code ref} backend keeps every floating-point element as double whatever its dtype says,
 * so the same model code runs there in double precision.
 */
public enum DType {
  /** IEEE single precision. */
  F32(4),
  /** Complex, two {@link #F32}: real part first. */
  C64(8),
  /** IEEE double precision: kept and converted everywhere, computed with on {@code ref} only. */
  F64(8),
  /**
   * bfloat16, the upper half of {@link #F32}; activations only, statistics and weights stay {@link
   * #F32}.
   */
  BF16(2),
  /**
   * IEEE half precision: 11 significant bits, largest number 65504; activations only, like {@link
   * #BF16}.
   */
  F16(2),
  /** 32-bit integer. */
  I32(4),
  /** Unsigned byte. */
  U8(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** Whether elements are real floating-point numbers. */
  public boolean isReal() {
    return this == F32 || this == BF16 || this == F16 || this == F64;
  }

  /** Whether elements are complex numbers. */
  public boolean isComplex() {
    return this == C64;
  }

  /** Whether elements are real or complex floating-point numbers. */
  public boolean isFloating() {
    return isReal() || isComplex();
  }
}
