package dev.larmor.models.simclr;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * A step's views in host memory, or a rank's share of them.
 *
 * @param first the number of the first pair among the whole batch's
 * @param side of each view, a cube of one channel
 * @param pairs two views each, side³ voxels
 * @param images of each pair: the number of its image
 * @param groups of each pair: what its image belongs to, see {@link PatchSource#group}
 * @param replaced images that others stand for
 */
public record ViewBatch(
    int first,
    int side,
    List<float[][]> pairs,
    int[] images,
    int[] groups,
    List<Replaced> replaced) {
  /**
   * An image that could not be used.
   *
   * @param image its number
   * @param reason one sentence
   */
  public record Replaced(int image, String reason) {}

  /** The same, as a step on a device takes it. */
  public ContrastiveStep.Views on(Device device, Negatives negatives) {
    int[] apart = negatives.groups(this);
    return new ContrastiveStep.Views() {
      @Override
      public int[] groups() {
        return apart;
      }

      @Override
      public Tensor upload(int view, int first, int count) {
        int voxels = side * side * side;
        float[] together = new float[count * voxels];
        for (int i = 0; i < count; i++) {
          System.arraycopy(pairs.get(first + i)[view], 0, together, i * voxels, voxels);
        }
        return device.tensor(TensorSpec.of(DType.F32, count, 1, side, side, side), together);
      }
    };
  }
}
