package dev.larmor.models.data.simulate;

import dev.larmor.models.data.Anatomy;
import java.util.List;

/**
 * What a simulated data set is like.
 *
 * @param anatomy named in the files
 * @param plane orientation of the slices
 * @param coils number of receive coils
 * @param height rows H of k-space
 * @param width columns W of k-space, the undersampled axis
 * @param crop side S of the square images, at most H and W; the object fills most of it
 * @param slices slices per volume
 * @param accelerations one volume of each subject is made for each of these R
 * @param centreFraction share of the columns in the masks' fully sampled centre
 * @param peak about the largest intensity of the target
 * @param noise the target's intensity in air, where the root-sum-of-squares shows noise alone
 * @param seed decides masks, coils, phases and noise; the same seed gives the same bytes
 */
public record SimulationSettings(
    Anatomy anatomy,
    Plane plane,
    int coils,
    int height,
    int width,
    int crop,
    int slices,
    List<Integer> accelerations,
    double centreFraction,
    double peak,
    double noise,
    long seed) {
  /** Checks the ranges. */
  public SimulationSettings {
    atLeast(1, "coils", coils);
    atLeast(8, "k-space rows", height);
    atLeast(8, "k-space columns", width);
    atLeast(8, "crop", crop);
    atLeast(1, "slices", slices);
    if (crop > height || crop > width) {
      throw new IllegalArgumentException(
          "crop %d exceeds the k-space of %d x %d".formatted(crop, height, width));
    }
    if (accelerations.isEmpty()) {
      throw new IllegalArgumentException("no acceleration given");
    }
    accelerations.forEach(r -> atLeast(1, "acceleration", r));
    if (!(centreFraction > 0 && centreFraction <= 1)) {
      throw new IllegalArgumentException("centre fraction " + centreFraction + " outside (0, 1]");
    }
    if (!(peak > 0 && noise >= 0 && noise < peak)) {
      throw new IllegalArgumentException(
          "peak " + peak + " and noise " + noise + ", expected 0 <= noise < peak");
    }
    accelerations = List.copyOf(accelerations);
  }

  private static void atLeast(int least, String what, int value) {
    if (value < least) {
      throw new IllegalArgumentException(what + " " + value + ", expected at least " + least);
    }
  }

  /** Axial head slices of 8 coils on a grid of 192 x 160, for accelerations 4 and 8. */
  public static SimulationSettings head(long seed) {
    return new SimulationSettings(
        Anatomy.BRAIN, Plane.AXIAL, 8, 192, 160, 160, 8, List.of(4, 8), 0.08, 1e-3, 2e-5, seed);
  }
}
