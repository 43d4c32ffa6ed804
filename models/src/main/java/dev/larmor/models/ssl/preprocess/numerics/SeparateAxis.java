package dev.larmor.models.ssl.preprocess.numerics;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Whether slices are so thick that nothing is interpolated across them, and along which axis.
 *
 * <p>By itself ({@code force} is null) the decision falls for a grid whose greatest spacing is more
 * than {@value #ANISOTROPY} times the smallest: the image's own, else the one it shall get. Two or
 * three axes that share the greatest spacing make no slices.
 */
public final class SeparateAxis {
  private static final double ANISOTROPY = 3;

  private SeparateAxis() {}

  /**
   * Decides.
   *
   * @param current the image's spacing along each axis, in mm
   * @param target the spacing it shall get
   * @param force true or false to say so, null to go by the spacings
   */
  public static OptionalInt of(double[] current, double[] target, Boolean force) {
    if (force != null) {
      return force ? coarsest(current) : OptionalInt.empty();
    }
    if (isAnisotropic(current)) {
      return coarsest(current);
    }
    return isAnisotropic(target) ? coarsest(target) : OptionalInt.empty();
  }

  private static boolean isAnisotropic(double[] spacing) {
    double least = Arrays.stream(spacing).min().orElseThrow();
    return Arrays.stream(spacing).max().orElseThrow() / least > ANISOTROPY;
  }

  private static OptionalInt coarsest(double[] spacing) {
    double most = Arrays.stream(spacing).max().orElseThrow();
    int[] axes = IntStream.range(0, 3).filter(axis -> spacing[axis] == most).toArray();
    return axes.length == 1 ? OptionalInt.of(axes[0]) : OptionalInt.empty();
  }
}
