package dev.larmor.bench.peer;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * The published criterion: 0.1·mean|X − Y| + 0.7·(1 − SSIM of the masked images) + 0.2·mean|E(X) −
 * E(Y)|, with E the magnitude of the Sobel gradient.
 */
final class SobelLoss implements AutoCloseable {
  private static final int WINDOW = 7;
  private static final double K1 = 0.01;
  private static final double K2 = 0.03;

  private final Tensor target;
  private final Tensor mask;
  private final Tensor window;
  private final Tensor sobel;
  private final double c1;
  private final double c2;

  /**
   * @param target F32 {@code [1, H, W]}
   * @param dataRange the maximum of the volume
   */
  SobelLoss(Tensor target, AnatomicalMask anatomy, double dataRange) {
    try (Frame _ = new Frame()) {
      int height = (int) target.size(1);
      int width = (int) target.size(2);
      float[] pixels = new float[height * width];
      new FloatPointer(target.data_ptr()).get(pixels);
      this.target = Frame.own(target.clone());
      this.mask = Frame.own(Tensor.create(anatomy.of(pixels, height, width), 1, height, width));
      float[] box = new float[WINDOW * WINDOW];
      Arrays.fill(box, 1f / box.length);
      this.window = Frame.own(Tensor.create(box, 1, 1, WINDOW, WINDOW));
      float[] kernels = {-1, 0, 1, -2, 0, 2, -1, 0, 1, -1, -2, -1, 0, 0, 0, 1, 2, 1};
      this.sobel = Frame.own(Tensor.create(kernels, 2, 1, 3, 3));
      this.c1 = Math.pow(K1 * dataRange, 2);
      this.c2 = Math.pow(K2 * dataRange, 2);
    }
  }

  /** The loss of a prediction, F32 {@code [1, H, W]}; a scalar tensor. */
  Tensor of(Tensor prediction) {
    try (Frame f = new Frame()) {
      Tensor pixels = meanDifference(prediction, target).mul(new Scalar(0.1));
      Tensor structure = ssim(prediction.mul(mask), target.mul(mask)).mul(new Scalar(-0.7));
      Tensor edges = meanDifference(edges(prediction), edges(target)).mul(new Scalar(0.2));
      return f.keep(pixels.add(structure).add(edges).add(new Scalar(0.7)));
    }
  }

  private static Tensor meanDifference(Tensor a, Tensor b) {
    return a.sub(b).abs().mean();
  }

  private Tensor ssim(Tensor x, Tensor y) {
    try (Frame f = new Frame()) {
      double covNorm = WINDOW * WINDOW / (WINDOW * WINDOW - 1.0);
      Tensor ux = average(x);
      Tensor uy = average(y);
      Tensor vx = average(x.mul(x)).sub(ux.mul(ux)).mul(new Scalar(covNorm));
      Tensor vy = average(y.mul(y)).sub(uy.mul(uy)).mul(new Scalar(covNorm));
      Tensor vxy = average(x.mul(y)).sub(ux.mul(uy)).mul(new Scalar(covNorm));
      Tensor a1 = twice(ux.mul(uy)).add(new Scalar(c1));
      Tensor a2 = twice(vxy).add(new Scalar(c2));
      Tensor b1 = ux.mul(ux).add(uy.mul(uy)).add(new Scalar(c1));
      Tensor b2 = vx.add(vy).add(new Scalar(c2));
      return f.keep(a1.mul(a2).div(b1.mul(b2)).mean());
    }
  }

  private static Tensor twice(Tensor x) {
    return x.mul(new Scalar(2.0));
  }

  private Tensor average(Tensor x) {
    return torch.conv2d(
        x.unsqueeze(1),
        window,
        new TensorOptional(),
        new long[] {1, 1},
        new long[] {0, 0},
        new long[] {1, 1},
        1);
  }

  private Tensor edges(Tensor x) {
    Tensor g = Layers.conv(x.unsqueeze(1), sobel, null);
    return g.mul(g).sum(1).add(new Scalar(1e-12)).sqrt();
  }

  @Override
  public void close() {
    List.of(target, mask, window, sobel).forEach(Tensor::close);
  }
}
