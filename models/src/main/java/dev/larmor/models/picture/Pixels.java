package dev.larmor.models.picture;

import java.util.Arrays;

/** A square image of numbers: {@code side × side}, row-major. */
public record Pixels(int side, float[] values) {
  public Pixels {
    if (values.length != side * side) {
      throw new IllegalArgumentException(values.length + " pixels for a side of " + side);
    }
  }

  /** This image minus another of its size, pixel by pixel. */
  public Pixels minus(Pixels other) {
    float[] difference = new float[values.length];
    for (int i = 0; i < difference.length; i++) {
      difference[i] = values[i] - other.values[i];
    }
    return new Pixels(side, difference);
  }

  /** This image with at most so many pixels a side: each the mean of a square of this one's. */
  public Pixels reduced(int largest) {
    int block = (side + largest - 1) / largest;
    int small = (side + block - 1) / block;
    float[] means = new float[small * small];
    for (int row = 0; row < small; row++) {
      for (int column = 0; column < small; column++) {
        means[row * small + column] = mean(row * block, column * block, block);
      }
    }
    return new Pixels(small, means);
  }

  private float mean(int top, int left, int block) {
    int bottom = Math.min(top + block, side);
    int right = Math.min(left + block, side);
    double sum = 0;
    for (int row = top; row < bottom; row++) {
      for (int column = left; column < right; column++) {
        sum += values[row * side + column];
      }
    }
    return (float) (sum / ((bottom - top) * (right - left)));
  }

  /** The value that the given share of pixels do not exceed, such as 0.99. */
  public double quantile(double share) {
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.round(share * (sorted.length - 1))];
  }

  /**
   * Whether the pixel belongs to a region: its value is above a half; none beyond the border do.
   */
  boolean inside(int row, int column) {
    return row >= 0
        && row < side
        && column >= 0
        && column < side
        && values[row * side + column] > 0.5f;
  }
}
