package dev.larmor.models.ensemble;

/**
 * The weighted mean of several images of each of a volume's slices, summed in double precision in
 * the order they come. The mean of one image has that image's bits, whatever its weight.
 */
final class WeightedMean {
  private final double[][] sums; // by slice
  private final double[] weights; // by slice: the sum of the weights so far

  WeightedMean(int slices, int pixels) {
    sums = new double[slices][pixels];
    weights = new double[slices];
  }

  void add(int slice, float[] image, double weight) {
    double[] sum = sums[slice];
    for (int i = 0; i < sum.length; i++) {
      sum[i] += weight * image[i];
    }
    weights[slice] += weight;
  }

  /** The mean of a slice's images. */
  float[] image(int slice) {
    double[] sum = sums[slice];
    float[] mean = new float[sum.length];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = (float) (sum[i] / weights[slice]);
    }
    return mean;
  }
}
