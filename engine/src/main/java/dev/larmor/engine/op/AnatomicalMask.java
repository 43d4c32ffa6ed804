package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Where the anatomy is: 1 where the image exceeds {@code threshold}, then 3 × 3 erosion once,
 * dilation 15 times, erosion 14 times; pixels outside the image never win (they neither erode nor
 * dilate). Input and output {@code F32[N, H, W]}.
 */
public record AnatomicalMask(float threshold) implements Op.NotDifferentiable {
  /** The erosions (negative) and dilations (positive), in order. */
  public static final List<Integer> STEPS = List.of(-1, 15, -14);

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    Check.that(
        in.getFirst().dtype() == DType.F32 && in.getFirst().shape().rank() == 3,
        this,
        "input must be F32[N, H, W]: %s",
        in.getFirst());
    return in;
  }
}
