package dev.larmor.models.ssl.adapt.segmentation;

import dev.larmor.models.data.DataException;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Flips;
import dev.larmor.models.simclr.view.Mirror;
import dev.larmor.models.simclr.view.Volume;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/**
 * Scores of a whole volume from a network that sees a patch at a time, as nnU-Net has them: patches
 * overlap, and where they do their scores are averaged with Gaussian weights, the patch's middle
 * counting most.
 *
 * <p>In memory are the sums of scores, a float for each class and voxel, and one patch.
 *
 * @param patch what the network sees
 * @param step from patch to patch as a share of the patch, in (0, 1]
 * @param mirrored whether each patch is also seen mirrored, in all 8 ways
 */
public record SlidingWindow(Extent patch, double step, boolean mirrored) {
  /** The Gaussian's standard deviation as a share of the patch. */
  private static final double DEVIATION = 1.0 / 8;

  public SlidingWindow {
    if (!(step > 0 && step <= 1)) {
      throw new IllegalArgumentException("the step must be in (0, 1], not " + step);
    }
  }

  /** Where patches come from. */
  @FunctionalInterface
  public interface Source {
    /**
     * Reads a patch, zero outside of the volume.
     *
     * @param start its first voxel, which may lie outside
     * @param into {@code [channels, patch]}
     */
    void read(int[] start, float[] into);
  }

  /** Where patches start along an axis; one that is shorter than the patch is in its middle. */
  static int[] starts(int extent, int patch, double step) {
    if (extent <= patch) {
      return new int[] {-((patch - extent) / 2)};
    }
    int count = (int) Math.ceil((extent - patch) / (patch * step)) + 1;
    int[] starts = new int[count];
    for (int i = 0; i < count; i++) {
      starts[i] = (int) Math.rint((double) (extent - patch) / (count - 1) * i);
    }
    return starts;
  }

  /** The weights along an axis. The least is exp(−8), so no product of three is zero. */
  static float[] weights(int patch) {
    float[] weights = new float[patch];
    double deviation = patch * DEVIATION;
    for (int i = 0; i < patch; i++) {
      double from = (i - patch / 2) / deviation;
      weights[i] = (float) StrictMath.exp(-0.5 * from * from);
    }
    return weights;
  }

  /**
   * Scores a volume.
   *
   * @param volume its extents
   * @param network from {@code [channels, patch]} to scores {@code [classes, patch]}; may change
   *     what it is given
   * @param stop asked before each patch
   * @return {@code [classes, volume]}; empty if asked to stop
   * @throws DataException if those are more numbers than an array holds
   */
  public Optional<float[]> scores(
      int[] volume,
      int channels,
      int classes,
      Source source,
      UnaryOperator<float[]> network,
      BooleanSupplier stop) {
    long scores = (long) classes * volume[0] * volume[1] * volume[2];
    if (scores > Integer.MAX_VALUE) {
      throw new DataException(
          "a volume of %s voxels has %d scores of %d classes, more than the %d that are possible: crop it or resample it"
              .formatted(Arrays.toString(volume), scores, classes, Integer.MAX_VALUE));
    }
    int voxels = (int) (scores / classes);
    float[] sums = new float[(int) scores];
    float[] total = new float[voxels];
    float[] input = new float[channels * patch.voxels()];
    for (int s0 : starts(volume[0], patch.n0(), step)) {
      for (int s1 : starts(volume[1], patch.n1(), step)) {
        for (int s2 : starts(volume[2], patch.n2(), step)) {
          if (stop.getAsBoolean()) {
            return Optional.empty();
          }
          int[] start = {s0, s1, s2};
          source.read(start, input);
          add(start, scores(input, channels, classes, network), volume, sums, total);
        }
      }
    }
    for (int c = 0; c < classes; c++) {
      for (int i = 0; i < voxels; i++) {
        sums[c * voxels + i] /= total[i];
      }
    }
    return Optional.of(sums);
  }

  /** The mean over all ways to see the patch. */
  private float[] scores(float[] input, int channels, int classes, UnaryOperator<float[]> network) {
    if (!mirrored) {
      return network.apply(input.clone());
    }
    float[] mean = new float[classes * patch.voxels()];
    List<Mirror> ways = ways();
    for (Mirror way : ways) {
      float[] seen = mirrored(input, channels, way);
      float[] scores = mirrored(network.apply(seen), classes, way);
      for (int i = 0; i < mean.length; i++) {
        mean[i] += scores[i] / ways.size();
      }
    }
    return mean;
  }

  private static List<Mirror> ways() {
    List<Mirror> ways = new ArrayList<>();
    for (int way = 0; way < 8; way++) {
      ways.add(new Mirror(new Flips((way & 4) != 0, (way & 2) != 0, (way & 1) != 0)));
    }
    return ways;
  }

  private float[] mirrored(float[] values, int channels, Mirror way) {
    float[] result = new float[values.length];
    int voxels = patch.voxels();
    for (int c = 0; c < channels; c++) {
      Volume channel = new Volume(Arrays.copyOfRange(values, c * voxels, (c + 1) * voxels), patch);
      way.apply(channel);
      System.arraycopy(channel.values(), 0, result, c * voxels, voxels);
    }
    return result;
  }

  /** Adds weighted scores to what of the volume the patch shows. */
  private void add(int[] start, float[] scores, int[] volume, float[] sums, float[] total) {
    float[] w0 = weights(patch.n0());
    float[] w1 = weights(patch.n1());
    float[] w2 = weights(patch.n2());
    int voxels = total.length;
    int classes = sums.length / voxels;
    int first = Math.max(0, -start[2]);
    int end = Math.min(patch.n2(), volume[2] - start[2]);
    for (int i0 = Math.max(0, -start[0]); i0 < Math.min(patch.n0(), volume[0] - start[0]); i0++) {
      for (int i1 = Math.max(0, -start[1]); i1 < Math.min(patch.n1(), volume[1] - start[1]); i1++) {
        float weight = w0[i0] * w1[i1];
        int from = (i0 * patch.n1() + i1) * patch.n2();
        int to = ((start[0] + i0) * volume[1] + start[1] + i1) * volume[2] + start[2];
        for (int i2 = first; i2 < end; i2++) {
          total[to + i2] += weight * w2[i2];
        }
        for (int c = 0; c < classes; c++) {
          int own = c * patch.voxels() + from;
          int into = c * voxels + to;
          for (int i2 = first; i2 < end; i2++) {
            sums[into + i2] += weight * w2[i2] * scores[own + i2];
          }
        }
      }
    }
  }
}
