package dev.larmor.models.metric;

import dev.larmor.engine.DType;
import dev.larmor.engine.Recorder;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Narrow;
import dev.larmor.engine.op.Ssim;
import dev.larmor.engine.op.Sum;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.loss.AnatomicalRegion;
import java.util.Arrays;

/**
 * Structural similarity of a reconstruction to its target, 1 at best (Wang et al. 2004; {@link
 * Ssim#STANDARD}).
 *
 * <p>The mean over windows that lie inside the image is what scikit-image computes with {@code
 * win_size=7}: sample covariance, a border of 3 pixels dropped.
 */
public enum Metric {
  /**
   * Of the whole image, scikit-image's. Validation takes the target volume's maximum for the data
   * range.
   */
  SSIM {
    @Override
    double[] compute(Tensor reconstruction, Tensor target, double dataRange, Anatomy anatomy) {
      return similarities(reconstruction, target, dataRange);
    }
  },
  /** Of the target's anatomical region, all else being 0 in both: the leaderboard's. */
  ANATOMICAL_SSIM {
    @Override
    double[] compute(Tensor reconstruction, Tensor target, double dataRange, Anatomy anatomy) {
      AnatomicalRegion region = AnatomicalRegion.of(target, anatomy);
      return similarities(region.inside(reconstruction), region.inside(target), dataRange);
    }
  };

  /**
   * The metric of each slice.
   *
   * @param reconstruction {@code F32[N, H, W]}
   * @param target {@code F32[N, H, W]}
   * @param dataRange the largest value of the target volume
   * @return N numbers
   */
  public double[] perSlice(
      Tensor reconstruction, Tensor target, double dataRange, Anatomy anatomy) {
    return Recorder.paused(
        () -> Scope.run(() -> compute(reconstruction, target, dataRange, anatomy)));
  }

  abstract double[] compute(
      Tensor reconstruction, Tensor target, double dataRange, Anatomy anatomy);

  private static double[] similarities(Tensor x, Tensor y, double dataRange) {
    int n = x.shape().size(0);
    double[] ranges = new double[n];
    Arrays.fill(ranges, dataRange);
    Tensor range = x.device().fromDoubles(TensorSpec.of(DType.F32, n), ranges);
    Tensor map = Ssim.STANDARD.apply(x, y, range);
    double[] means = new double[n];
    for (int i = 0; i < n; i++) {
      means[i] = Sum.mean(new Narrow(0, i, 1).apply(map)).item();
    }
    return means;
  }
}
