package dev.larmor.models.data;

import java.util.Locale;

/**
 * Tells a volume's anatomy and acceleration, by which it is routed to an expert (specification
 * sections 9 and 14).
 */
public enum Classifier {
  /**
   * The anatomy the file name says, else by the k-space width; the acceleration from the spacing of
   * the outer columns, so it suits any matrix size.
   */
  STANDARD {
    @Override
    public Anatomy anatomy(String fileName, int width) {
      String name = fileName.toLowerCase(Locale.ROOT);
      boolean brain = name.contains("brain");
      boolean knee = name.contains("knee");
      if (brain != knee) {
        return brain ? Anatomy.BRAIN : Anatomy.KNEE;
      }
      return byWidth(width);
    }

    @Override
    public int acceleration(SamplingMask mask) {
      return mask.acceleration();
    }
  },

  /**
   * The original system's rule: brain if the k-space is 384 … 400 wide, whatever the name says, and
   * acceleration 4 if at least 95 columns are sampled, else 8. It suits full-size data only.
   */
  ORIGINAL {
    @Override
    public Anatomy anatomy(String fileName, int width) {
      return byWidth(width);
    }

    @Override
    public int acceleration(SamplingMask mask) {
      return mask.sampledColumns() >= 95 ? 4 : 8;
    }
  };

  /**
   * The anatomy of a volume.
   *
   * @param fileName its file name
   * @param width W of its k-space
   */
  public abstract Anatomy anatomy(String fileName, int width);

  /** The acceleration R of a volume's mask. */
  public abstract int acceleration(SamplingMask mask);

  private static Anatomy byWidth(int width) {
    return width >= 384 && width <= 400 ? Anatomy.BRAIN : Anatomy.KNEE;
  }

  /**
   * The expert for an acceleration: the nearest of those there are, the smaller one of two equally
   * near.
   *
   * @param acceleration R
   * @param experts the accelerations experts exist for, at least one
   */
  public static int nearest(int acceleration, int... experts) {
    if (experts.length == 0) {
      throw new IllegalArgumentException("no expert to choose from");
    }
    int best = experts[0];
    for (int expert : experts) {
      int distance = Math.abs(expert - acceleration);
      int bestDistance = Math.abs(best - acceleration);
      if (distance < bestDistance || (distance == bestDistance && expert < best)) {
        best = expert;
      }
    }
    return best;
  }
}
