package dev.larmor.models.ssl.adapt.segmentation;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.ChannelDot;
import dev.larmor.engine.op.ChannelSum;
import dev.larmor.engine.op.CrossEntropy;
import dev.larmor.engine.op.Dot;
import dev.larmor.engine.op.MatMul;
import dev.larmor.engine.op.Mul;
import dev.larmor.engine.op.Softmax;
import dev.larmor.engine.op.Sub;
import dev.larmor.engine.op.Unary;
import dev.larmor.engine.op.Unary.Function;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * nnU-Net's loss: cross-entropy minus soft Dice (Milletari et al., 3DV 2016; Isensee et al., Nature
 * Methods 2021).
 *
 * <p>With p the softmax of the scores and t the truth as zeros and ones, a class's soft Dice is
 * (2·Σ p·t + s)/(Σ p + Σ t + s) over the voxels of a sample, s being {@value #SMOOTH}; its mean is
 * over samples and all classes but the background.
 *
 * @param batchDice whether the sums run over the whole batch, so that a class which one sample
 *     lacks does not count by itself
 */
public record DiceCrossEntropy(boolean batchDice) {
  private static final double SMOOTH = 1e-5;

  /**
   * The loss of a batch and its two parts, scalars.
   *
   * @param total {@code crossEntropy − dice}
   */
  public record Parts(Tensor total, Tensor crossEntropy, Tensor dice) {}

  /**
   * The loss, in the current scope.
   *
   * @param scores {@code F32[N, classes, D, H, W]} before softmax
   * @param labels of all N·D·H·W voxels, each below the number of classes
   */
  public Parts loss(Tensor scores, int[] labels) {
    Shape shape = scores.shape();
    int samples = shape.size(0);
    int classes = shape.size(1);
    int voxels = Math.toIntExact(shape.positions());
    Device device = scores.device();
    Tensor crossEntropy = new CrossEntropy(0).apply(scores, whole(device, shape, labels));

    Tensor probabilities = new Softmax().apply(scores);
    float[] indicators = new float[samples * classes * voxels];
    float[] counts = new float[samples * classes];
    for (int sample = 0; sample < samples; sample++) {
      for (int voxel = 0; voxel < voxels; voxel++) {
        int channel = sample * classes + labels[sample * voxels + voxel];
        indicators[channel * voxels + voxel] = 1;
        counts[channel]++;
      }
    }
    Tensor truth = device.tensor(scores.spec(), indicators);
    Tensor common = over(new ChannelDot().apply(probabilities, truth));
    Tensor predicted = over(new ChannelSum().apply(probabilities));
    TensorSpec each = TensorSpec.of(DType.F32, samples, classes);
    Tensor present = over(device.tensor(each, counts));

    Tensor sizes = new Affine(1, SMOOTH).apply(new Add().apply(predicted, present));
    Tensor inverse = new Unary(Function.SQUARE).apply(new Unary(Function.RSQRT).apply(sizes));
    Tensor ratios = new Mul().apply(new Affine(2, SMOOTH).apply(common), inverse);
    Tensor dice = new Dot().apply(ratios, foreground(device, ratios.spec()));
    return new Parts(new Sub().apply(crossEntropy, dice), crossEntropy, dice);
  }

  /** Sums of each sample and class, {@code F32[N, classes]}, or of the batch. */
  private Tensor over(Tensor sums) {
    if (!batchDice) {
      return sums;
    }
    TensorSpec row = TensorSpec.of(DType.F32, 1, sums.shape().dim(0));
    float[] ones = new float[sums.shape().size(0)];
    Arrays.fill(ones, 1);
    return new MatMul(false, false).apply(sums.device().tensor(row, ones), sums);
  }

  /** The share of each ratio in the mean: none for the background. */
  private static Tensor foreground(Device device, TensorSpec ratios) {
    int rows = ratios.shape().size(0);
    int classes = ratios.shape().size(1);
    float[] shares = new float[rows * classes];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = i % classes == 0 ? 0 : 1f / (rows * (classes - 1));
    }
    return device.tensor(ratios, shares);
  }

  private static Tensor whole(Device device, Shape scores, int[] labels) {
    TensorSpec spec =
        TensorSpec.of(DType.I32, scores.dim(0), scores.dim(2), scores.dim(3), scores.dim(4));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_INT, labels);
      return device.tensor(spec, host);
    }
  }
}
