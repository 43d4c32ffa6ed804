package dev.larmor.bench.peer;

/** Where the anatomy is: threshold, 3×3 erode once, dilate 15 times, erode 14 times. */
enum AnatomicalMask {
  BRAIN(5e-5f),
  KNEE(2e-5f);

  private final float threshold;

  AnatomicalMask(float threshold) {
    this.threshold = threshold;
  }

  /**
   * @param target {@code [height, width]} row by row
   * @return 1 inside, 0 outside
   */
  float[] of(float[] target, int height, int width) {
    boolean[] mask = new boolean[target.length];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = target[i] > threshold;
    }
    mask = spread(mask, height, width, false, 1);
    mask = spread(mask, height, width, true, 15);
    mask = spread(mask, height, width, false, 14);
    float[] out = new float[mask.length];
    for (int i = 0; i < mask.length; i++) {
      out[i] = mask[i] ? 1 : 0;
    }
    return out;
  }

  /** Gives every pixel the value if a pixel within {@code radius} rows and columns has it. */
  private static boolean[] spread(
      boolean[] mask, int height, int width, boolean value, int radius) {
    boolean[] out = mask.clone();
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        if (mask[y * width + x] != value) {
          continue;
        }
        for (int v = Math.max(0, y - radius); v <= Math.min(height - 1, y + radius); v++) {
          for (int u = Math.max(0, x - radius); u <= Math.min(width - 1, x + radius); u++) {
            out[v * width + u] = value;
          }
        }
      }
    }
    return out;
  }
}
