package dev.larmor.engine.op;

/**
 * Which inputs and outputs a reverse rule reads; the tape keeps exactly these. Bit i stands for
 * input or output i.
 */
public record Reads(int inputMask, int outputMask) {
  /** A rule that needs the upstream gradient alone. */
  public static final Reads NOTHING = new Reads(0, 0);

  public static Reads inputs(int... indices) {
    return new Reads(mask(indices), 0);
  }

  public static Reads outputs(int... indices) {
    return new Reads(0, mask(indices));
  }

  private static int mask(int[] indices) {
    int mask = 0;
    for (int i : indices) {
      mask |= 1 << i;
    }
    return mask;
  }

  public boolean input(int i) {
    return (inputMask >> i & 1) != 0;
  }

  public boolean output(int i) {
    return (outputMask >> i & 1) != 0;
  }
}
