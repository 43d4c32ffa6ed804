package dev.larmor.models.picture;

/** From a number in [0, 1] to a colour, {@code 0xRRGGBB}. */
public enum ColorMap {
  /** Black to white. */
  GRAY {
    @Override
    int color(double t) {
      return 0x010101 * level(t);
    }
  },

  /** Yellow, black in the middle, red: for differences. */
  YELLOW_BLACK_RED {
    @Override
    int color(double t) {
      int strength = level(Math.abs(2 * t - 1));
      return t < 0.5 ? strength << 16 | strength << 8 : strength << 16;
    }
  };

  /** The colour of a number that is in [0, 1]. */
  abstract int color(double t);

  private static int level(double t) {
    return (int) Math.round(255 * t);
  }
}
