package dev.larmor.models.nn;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Cast;
import java.util.Locale;

/**
 * What the feature maps inside the convolutional networks are kept in. Weights, their gradients,
 * the statistics of norms and everything that is an image or k-space stay F32.
 */
public enum Precision {
  /** Single precision everywhere. */
  FP32(DType.F32),
  /**
   * Feature maps between convolutions in bfloat16: half the memory, and fast where the device has
   * it.
   */
  BF16(DType.BF16);

  private final DType features;

  Precision(DType features) {
    this.features = features;
  }

  /**
   * The precision called {@code name} on the command line: {@code fp32}, {@code bf16}.
   *
   * @throws IllegalArgumentException in one sentence, if there is none
   */
  public static Precision named(String name) {
    for (Precision precision : values()) {
      if (precision.label().equals(name)) {
        return precision;
      }
    }
    throw new IllegalArgumentException("unknown precision '" + name + "', expected fp32 or bf16");
  }

  /** The name on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
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
