package dev.larmor.models.metric;

import dev.larmor.engine.Recorder;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.models.loss.AnatomicalRegion;

/**
 * How close one slice x comes to its target y, where the target shows anatomy. With m the
 * anatomical mask, 1 on n pixels:
 *
 * <ul>
 *   <li>{@code ssim}: the leaderboard's, {@link StructuralSimilarity} of x·m and y·m as whole
 *       images; 1 at best
 *   <li>{@code psnr}: peak signal-to-noise ratio in dB, {@code 10 · log10(range² / MSE)}, MSE = Σ
 *       m(x − y)² / n; infinite where x is y. fastMRI's definition – the range is the volume's
 *       maximum – but over the n pixels: it does not depend on how much air surrounds the anatomy
 *   <li>{@code nmse}: normalised mean squared error, {@code Σ m(x − y)² / Σ m·y²}, fastMRI's
 *       definition; 0 at best
 * </ul>
 *
 * A slice without anatomy (n = 0) compares two empty images: its SSIM is 1, as the formula gives
 * and as the leaderboard counts it. Its PSNR and NMSE do not exist and are NaN; no mean counts
 * them.
 */
public record Quality(double ssim, double psnr, double nmse) {
  /**
   * Compares one slice.
   *
   * @param image {@code F32[1, H, W]}, H and W at least 7
   * @param target {@code F32[1, H, W]}
   * @param region the target's
   * @param dataRange the largest value of the target volume
   */
  public static Quality of(Tensor image, Tensor target, AnatomicalRegion region, double dataRange) {
    return Recorder.paused(() ->
        Scope.run(
            () -> inside(region.inside(image), region.inside(target), region.mask(), dataRange)));
  }

  private static Quality inside(Tensor image, Tensor target, Tensor mask, double dataRange) {
    double ssim = StructuralSimilarity.perSlice(image, target, dataRange)[0];
    float[] x = image.toFloats();
    float[] y = target.toFloats();
    double error = 0;
    double energy = 0;
    double pixels = 0;
    for (int i = 0; i < x.length; i++) {
      double wanted = y[i];
      double difference = x[i] - wanted;
      error += difference * difference;
      energy += wanted * wanted;
    }
    for (float pixel : mask.toFloats()) {
      pixels += pixel;
    }
    // Of no pixels both are 0 / 0.
    double mse = error / pixels;
    return new Quality(ssim, 10 * Math.log10(dataRange * dataRange / mse), error / energy);
  }

  /** Whether the target shows anatomy, without which there is no PSNR and no NMSE. */
  public boolean showsAnatomy() {
    return !Double.isNaN(nmse);
  }
}
