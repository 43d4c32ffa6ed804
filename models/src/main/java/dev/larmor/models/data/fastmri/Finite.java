package dev.larmor.models.data.fastmri;

/** Finds values that are NaN or infinite. */
final class Finite {
  private Finite() {}

  /** The index of the first NaN or infinite value, or −1. */
  static int firstNonFinite(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        return i;
      }
    }
    return -1;
  }
}
