package dev.larmor.models.loss;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.Narrow;
import dev.larmor.engine.op.SobelMagnitude;
import dev.larmor.engine.op.Ssim;
import dev.larmor.engine.op.Sub;
import dev.larmor.engine.op.Sum;
import dev.larmor.engine.op.Unary;
import dev.larmor.engine.op.Unary.Function;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The losses that training can minimise ({@code --criterion}).
 *
 * <p>The usual form is {@code α·(1 − SSIM) + (1 − α)·mean|X − Y|}, of the whole image or of the
 * anatomical region alone, and each slice's loss may have a weight. X is the prediction, Y the
 * target.
 */
public enum Criterion {
  /** 1 − SSIM. */
  SSIM("SSIM", 1, Region.IMAGE, Weighting.EQUAL),
  /** α = 0.8. */
  SSIM_L1("SSIM_L1", 0.8, Region.IMAGE, Weighting.EQUAL),
  /** 1 − SSIM inside the anatomical region. */
  ANATOMICAL_SSIM("AnatomicalSSIM", 1, Region.ANATOMY, Weighting.EQUAL),
  /** α = 0.9, inside the anatomical region. */
  ANATOMICAL_SSIM_L1("AnatomicalSSIM_L1", 0.9, Region.ANATOMY, Weighting.EQUAL),
  /** {@link #ANATOMICAL_SSIM} with the slices that come first in the volume weighted most. */
  INDEX_BASED_ANATOMICAL_SSIM("IndexBasedAnatomicalSSIM", 1, Region.ANATOMY, Weighting.INDEX),
  /** As {@link #INDEX_BASED_ANATOMICAL_SSIM}, α = 0.8. */
  INDEX_BASED_ANATOMICAL_SSIM_L1(
      "IndexBasedAnatomicalSSIM_L1", 0.8, Region.ANATOMY, Weighting.INDEX),
  /** {@link #ANATOMICAL_SSIM} with the slices that show more anatomy weighted more. */
  AREA_BASED_ANATOMICAL_SSIM("AreaBasedAnatomicalSSIM", 1, Region.ANATOMY, Weighting.AREA),
  /** As {@link #AREA_BASED_ANATOMICAL_SSIM}, α = 0.8. */
  AREA_BASED_ANATOMICAL_SSIM_L1("AreaBasedAnatomicalSSIM_L1", 0.8, Region.ANATOMY, Weighting.AREA),
  /**
   * {@code 0.7·AnatomicalSSIM + 0.1·mean|X − Y| + 0.2·mean|E(X) − E(Y)|}, E the edge strength by
   * Sobel.
   */
  SOBEL("SobelLoss", 1, Region.ANATOMY, Weighting.EQUAL) {
    @Override
    Tensor ofSlice(Tensor x, Tensor y, SliceContext slice) {
      SobelMagnitude edges = new SobelMagnitude(1e-12);
      Tensor pixels = sum(0.7, super.ofSlice(x, y, slice), 0.1, meanAbsolute(x, y));
      return sum(1, pixels, 0.2, meanAbsolute(edges.apply(x), edges.apply(y)));
    }
  };

  private enum Region {
    IMAGE,
    ANATOMY
  }

  private enum Weighting {
    EQUAL,
    /** cos²(i·π/(2n)) of slice i of n. */
    INDEX,
    /** The anatomical region's area, the weights of a batch adding up to its size. */
    AREA
  }

  private final String label;
  private final double alpha;
  private final Region region;
  private final Weighting weighting;

  Criterion(String label, double alpha, Region region, Weighting weighting) {
    this.label = label;
    this.alpha = alpha;
    this.region = region;
    this.weighting = weighting;
  }

  /** The name on the command line. */
  public String label() {
    return label;
  }

  /**
   * The criterion called {@code label}.
   *
   * @throws IllegalArgumentException in one sentence, if there is none
   */
  public static Criterion named(String label) {
    for (Criterion criterion : values()) {
      if (criterion.label.equals(label)) {
        return criterion;
      }
    }
    throw new IllegalArgumentException(
        "unknown criterion '"
            + label
            + "', expected one of "
            + Arrays.stream(values()).map(Criterion::label).collect(Collectors.joining(", ")));
  }

  /**
   * The loss of a batch: the mean over its slices.
   *
   * @param prediction {@code F32[B, H, W]}
   * @param target {@code F32[B, H, W]}; it gets no gradient
   * @param slices one for each of the B images
   * @return {@code F32[]}
   */
  public Tensor loss(Tensor prediction, Tensor target, List<SliceContext> slices) {
    int batch = prediction.shape().size(0);
    if (slices.size() != batch) {
      throw new IllegalArgumentException(
          slices.size() + " slices described for a batch of " + prediction.spec());
    }
    double[] weights = weights(target, slices);
    Tensor total = null;
    for (int b = 0; b < batch; b++) {
      Tensor loss = ofSlice(image(prediction, b), image(target, b), slices.get(b));
      Tensor weighted = weights[b] == batch ? loss : Affine.scale(weights[b] / batch).apply(loss);
      total = total == null ? weighted : new Add().apply(total, weighted);
    }
    return total;
  }

  /** The loss of one slice, the common case. */
  public Tensor loss(Tensor prediction, Tensor target, SliceContext slice) {
    return loss(prediction, target, List.of(slice));
  }

  private static Tensor image(Tensor batch, int b) {
    return batch.shape().size(0) == 1 ? batch : new Narrow(0, b, 1).apply(batch);
  }

  private double[] weights(Tensor target, List<SliceContext> slices) {
    double[] weights = new double[slices.size()];
    Arrays.fill(weights, 1);
    switch (weighting) {
      case EQUAL -> {}
      case INDEX -> {
        for (int b = 0; b < weights.length; b++) {
          double c = Math.cos(slices.get(b).index() * Math.PI / (2 * slices.get(b).slices()));
          weights[b] = c * c;
        }
      }
      case AREA -> {
        double sum = 0;
        double[] areas = new double[weights.length];
        for (int b = 0; weights.length > 1 && b < weights.length; b++) {
          Tensor mask = AnatomicalRegion.of(image(target, b), slices.get(b).anatomy()).mask();
          areas[b] = new Sum().apply(mask).item();
          sum += areas[b];
        }
        for (int b = 0; sum > 0 && b < weights.length; b++) {
          weights[b] = areas[b] / sum * weights.length;
        }
      }
    }
    return weights;
  }

  /** The loss of one slice, unweighted; x and y {@code F32[1, H, W]}. */
  Tensor ofSlice(Tensor x, Tensor y, SliceContext slice) {
    if (region == Region.IMAGE) {
      return mixed(x, y, slice);
    }
    AnatomicalRegion anatomy = AnatomicalRegion.of(y, slice.anatomy());
    return mixed(anatomy.inside(x), anatomy.inside(y), slice);
  }

  private Tensor mixed(Tensor x, Tensor y, SliceContext slice) {
    Tensor range = x.device().fromDoubles(TensorSpec.of(DType.F32, 1), slice.dataRange());
    Tensor similarity = Sum.mean(Ssim.STANDARD.apply(x, y, range));
    Tensor dissimilarity = new Affine(-1, 1).apply(similarity);
    return alpha == 1 ? dissimilarity : sum(alpha, dissimilarity, 1 - alpha, meanAbsolute(x, y));
  }

  private static Tensor meanAbsolute(Tensor x, Tensor y) {
    return Sum.mean(new Unary(Function.ABS).apply(new Sub().apply(x, y)));
  }

  /** a·x + b·y of scalars. */
  private static Tensor sum(double a, Tensor x, double b, Tensor y) {
    return new Add().apply(Affine.scale(a).apply(x), Affine.scale(b).apply(y));
  }
}
