package dev.larmor.models.ssl.preprocess.numerics;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The order in which an image's axes are put: new axis {@code i} is old axis {@code axes(i)}.
 *
 * @param axes a permutation of 0, 1, 2
 */
public record AxisOrder(List<Integer> axes) {
  /** Axes as they are. */
  public static final AxisOrder IDENTITY = new AxisOrder(List.of(0, 1, 2));

  /**
   * Checks that it is a permutation.
   *
   * @throws IllegalArgumentException if it is not
   */
  public AxisOrder {
    axes = List.copyOf(axes);
    if (axes.size() != 3 || !axes.containsAll(List.of(0, 1, 2))) {
      throw new IllegalArgumentException(axes + " is no order of the axes 0, 1, 2");
    }
  }

  /** The axis of the greatest spacing first – the first one of equals –, the others as they are. */
  public static AxisOrder coarsestFirst(double[] spacing) {
    int coarsest = 0;
    for (int axis = 1; axis < 3; axis++) {
      if (spacing[axis] > spacing[coarsest]) {
        coarsest = axis;
      }
    }
    int first = coarsest;
    IntStream others = IntStream.range(0, 3).filter(axis -> axis != first);
    return new AxisOrder(IntStream.concat(IntStream.of(first), others).boxed().toList());
  }

  /** The order that undoes this one. */
  public AxisOrder inverse() {
    return new AxisOrder(IntStream.range(0, 3).mapToObj(axes::indexOf).toList());
  }

  /** Extents in the new order. */
  public int[] of(int[] extents) {
    return axes.stream().mapToInt(axis -> extents[axis]).toArray();
  }

  /** Spacings in the new order. */
  public double[] of(double[] spacings) {
    return axes.stream().mapToDouble(axis -> spacings[axis]).toArray();
  }

  /**
   * The volume with its axes in the new order.
   *
   * @param values {@code [channels, n0, n1, n2]}; returned as they are where the order is
   * @param shape n0, n1, n2
   */
  public float[] of(float[] values, int[] shape) {
    if (equals(IDENTITY)) {
      return values;
    }
    int[] strides = of(new int[] {shape[1] * shape[2], shape[2], 1});
    int[] to = of(shape);
    int voxels = shape[0] * shape[1] * shape[2];
    float[] result = new float[values.length];
    int at = 0;
    for (int channel = 0; channel < values.length; channel += voxels) {
      for (int i = 0; i < to[0]; i++) {
        for (int j = 0; j < to[1]; j++) {
          int from = channel + i * strides[0] + j * strides[1];
          for (int k = 0; k < to[2]; k++) {
            result[at++] = values[from + k * strides[2]];
          }
        }
      }
    }
    return result;
  }
}
