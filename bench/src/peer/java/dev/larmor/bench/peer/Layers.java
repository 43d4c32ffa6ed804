package dev.larmor.bench.peer;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.LayoutOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The layers of the U-Nets as functions, {@code [N, C, H, W]} in libtorch's default layout. A
 * weight is cast to the data type of the activation it meets, so the precision of a network is that
 * of its input.
 */
final class Layers {
  private static final double NORM_EPS = 1e-5;
  private static final double NEGATIVE_SLOPE = 0.2;

  private Layers() {}

  /**
   * Applies {@code f} and closes its argument: {@code x = through(x, f)} is Python's {@code x =
   * f(x)}.
   */
  static Tensor through(Tensor x, UnaryOperator<Tensor> f) {
    Tensor y = f.apply(x);
    x.close();
    return y;
  }

  /** Convolution of stride 1 that keeps height and width; {@code bias} may be null. */
  static Tensor conv(Tensor x, Tensor weight, Tensor bias) {
    try (Frame f = new Frame()) {
      long[] same = {weight.size(2) / 2, weight.size(3) / 2};
      return f.keep(
          torch.conv2d(
              x,
              like(weight, x),
              optional(bias, x),
              new long[] {1, 1},
              same,
              new long[] {1, 1},
              1));
    }
  }

  /** Transposed 2×2 convolution of stride 2: twice the height and width. */
  static Tensor upConv(Tensor x, Tensor weight) {
    try (Frame f = new Frame()) {
      return f.keep(
          torch.conv_transpose2d(
              x,
              like(weight, x),
              new TensorOptional(),
              new long[] {2, 2},
              new long[] {0, 0},
              new long[] {0, 0},
              1,
              1,
              1));
    }
  }

  /** Instance norm without affine parameters: biased variance over H·W, eps 1e-5. */
  static Tensor instanceNorm(Tensor x) {
    try (Frame f = new Frame()) {
      TensorOptional none = new TensorOptional();
      return f.keep(torch.instance_norm(x, none, none, none, none, true, 0.1, NORM_EPS, false));
    }
  }

  /**
   * Instance norm, then leaky ReLU 0.2 in place (the norm's reverse rule does not read its output).
   */
  static Tensor normAct(Tensor x) {
    try (Frame f = new Frame()) {
      Tensor y = instanceNorm(x);
      torch.leaky_relu_(y, new Scalar(NEGATIVE_SLOPE));
      return f.keep(y);
    }
  }

  /** Convolution without bias, instance norm, leaky ReLU. */
  static Tensor convNormAct(Tensor x, Tensor weight) {
    return through(conv(x, weight, null), Layers::normAct);
  }

  /** 2×2 average pool. */
  static Tensor pool(Tensor x) {
    try (Frame f = new Frame()) {
      long[] two = {2, 2};
      return f.keep(
          torch.avg_pool2d(x, two, two, new long[] {0, 0}, false, true, new LongOptional()));
    }
  }

  /** Concatenation along channels. */
  static Tensor concat(Tensor a, Tensor b) {
    try (Frame f = new Frame()) {
      return f.keep(torch.cat(new TensorVector(a, b), 1));
    }
  }

  /** Crops H and W. */
  static Tensor crop(Tensor x, long top, long left, long height, long width) {
    if (x.size(-2) == height && x.size(-1) == width) {
      return new Tensor(x);
    }
    try (Frame f = new Frame()) {
      return f.keep(x.narrow(-2, top, height).narrow(-1, left, width));
    }
  }

  /** The tensor in another data type; another handle to the same one where it has that type. */
  static Tensor cast(Tensor x, ScalarType type) {
    try (Frame f = new Frame()) {
      return f.keep(
          x.to(
              new ScalarTypeOptional(type),
              new LayoutOptional(),
              new DeviceOptional(),
              new BoolOptional(),
              false,
              false,
              new MemoryFormatOptional()));
    }
  }

  private static Tensor like(Tensor weight, Tensor x) {
    return cast(weight, x.scalar_type());
  }

  private static TensorOptional optional(Tensor bias, Tensor x) {
    return bias == null ? new TensorOptional() : new TensorOptional(like(bias, x));
  }
}
