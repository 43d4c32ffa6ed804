package dev.larmor.engine;

import dev.larmor.engine.op.Cast;
import java.util.Locale;

/**
 * What convolutional networks compute in. Weights, their gradients, the statistics of norms, sums
 * and everything that is an image or k-space stay F32; models cast to and from {@link #features} at
 * the ends of their networks.
 */
public enum Precision {
  /** Single precision everywhere, in products too. */
  FP32(DType.F32),
  /**
   * F32 feature maps; convolutions and matrix products of F32 may round their factors to 11
   * significant bits, on tensor cores, and add up in F32.
   */
  TF32(DType.F32),
  /**
   * Feature maps between convolutions in bfloat16, and on tensor cores F32 products as in {@link
   * #TF32}: half the memory, and fast where the device has it.
   */
  BF16(DType.BF16),
  /**
   * Feature maps between convolutions in IEEE half precision, and on tensor cores F32 products as
   * in {@link #TF32}: eight times as fine as bfloat16, but only up to 65504, so training scales the
   * loss.
   */
  FP16(DType.F16);

  private final DType features;

  Precision(DType features) {
    this.features = features;
  }

  /**
   * The precision called {@code name} on the command line: {@code fp32}, {@code tf32}, {@code
   * bf16}, {@code fp16}.
   *
   * @throws IllegalArgumentException in one sentence, if there is none
   */
  public static Precision named(String name) {
    for (Precision precision : values()) {
      if (precision.label().equals(name)) {
        return precision;
      }
    }
    throw new IllegalArgumentException(
        "unknown precision '" + name + "', expected fp32, tf32, bf16 or fp16");
  }

  /** The name on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What feature maps are kept in. */
  public DType features() {
    return features;
  }

  /** F32 feature maps on their way into a network. */
  public Tensor enter(Tensor x) {
    return to(x, features);
  }

  /** Feature maps on their way out, as F32. */
  public Tensor leave(Tensor x) {
    return to(x, DType.F32);
  }

  private static Tensor to(Tensor x, DType dtype) {
    return x.dtype() == dtype ? x : new Cast(dtype).apply(x);
  }
}
