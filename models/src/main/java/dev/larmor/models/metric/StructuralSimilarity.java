package dev.larmor.models.metric;

import dev.larmor.engine.DType;
import dev.larmor.engine.Recorder;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Narrow;
import dev.larmor.engine.op.Ssim;
import dev.larmor.engine.op.Sum;
import java.util.Arrays;

/**
 * Structural similarity of images to their targets, 1 at best (Wang et al. 2004; {@link
 * Ssim#STANDARD}).
 *
 * <p>The mean over windows that lie inside the image is what scikit-image computes with {@code
 * win_size=7}: sample covariance, a border of 3 pixels dropped.
 */
public final class StructuralSimilarity {
  private StructuralSimilarity() {}

  /**
   * The similarity of each slice.
   *
   * @param image {@code F32[N, H, W]}, H and W at least 7
   * @param target {@code F32[N, H, W]}
   * @param dataRange the largest value of the target volume
   * @return N numbers
   */
  public static double[] perSlice(Tensor image, Tensor target, double dataRange) {
    return Recorder.paused(() -> Scope.run(() -> means(image, target, dataRange)));
  }

  private static double[] means(Tensor image, Tensor target, double dataRange) {
    int n = image.shape().size(0);
    double[] ranges = new double[n];
    Arrays.fill(ranges, dataRange);
    Tensor range = image.device().fromDoubles(TensorSpec.of(DType.F32, n), ranges);
    Tensor map = Ssim.STANDARD.apply(image, target, range);
    double[] means = new double[n];
    for (int i = 0; i < n; i++) {
      means[i] = Sum.mean(new Narrow(0, i, 1).apply(map)).item();
    }
    return means;
  }
}
