package dev.larmor.models.resenc;

import dev.larmor.autograd.Init;
import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Conv;
import dev.larmor.engine.op.InstanceNormAffineAct;
import dev.larmor.models.nn.Convolution;
import java.util.List;

/**
 * A convolution of odd cubic kernel, instance normalisation with scale and shift, and perhaps a
 * leaky ReLU: {@code [N, in, D, H, W]} to {@code [N, out, D/s, H/s, W/s]}. Parameters: {@code
 * conv.weight}, {@code conv.bias} if asked for, {@code norm.weight}, {@code norm.bias}.
 */
final class ConvUnit extends Layer {
  /** The slope of all leaky ReLUs of this network. */
  static final float SLOPE = 0.01f;

  private static final float EPS = 1e-5f;

  private final Convolution conv;
  private final Parameter scale;
  private final Parameter shift;
  private final InstanceNormAffineAct norm;

  /**
   * A unit.
   *
   * @param bias whether the convolution adds one; the norm takes it away again, but checkpoints
   *     have it
   * @param activated whether the leaky ReLU follows
   */
  ConvUnit(int in, int out, int kernel, int stride, boolean bias, boolean activated) {
    List<Integer> strides = List.of(stride, stride, stride);
    List<Integer> padding = List.of(kernel / 2, kernel / 2, kernel / 2);
    Conv op = new Conv(strides, padding, List.of(1, 1, 1), 1);
    conv = child("conv", new Convolution(op, in, out, List.of(kernel, kernel, kernel), bias));
    scale = parameter("norm.weight", TensorSpec.of(DType.F32, out), Init.constant(1));
    shift = parameter("norm.bias", TensorSpec.of(DType.F32, out), Init.constant(0));
    norm = new InstanceNormAffineAct(EPS, activated ? SLOPE : 1);
  }

  @Override
  protected Tensor forward(Tensor x) {
    return norm.apply(conv.apply(x), scale.value(), shift.value());
  }
}
