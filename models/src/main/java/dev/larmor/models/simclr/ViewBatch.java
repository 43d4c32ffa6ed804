package dev.larmor.models.simclr;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * A step's views in host memory.
 *
 * @param side of each view, a cube of one channel
 * @param pairs of each image: its two views, side³ voxels
 * @param groups of each image: see {@link NtXent#loss(Tensor, Tensor, int[])}
 */
public record ViewBatch(int side, List<float[][]> pairs, int[] groups) {
  /** The same, as a step on a device takes it. */
  public ContrastiveStep.Views on(Device device) {
    return new ContrastiveStep.Views() {
      @Override
      public int[] groups() {
        return groups;
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
