package dev.larmor.models.ssl.preprocess.numerics;

import java.util.OptionalInt;

/** For each new voxel of an axis: its lower and upper neighbour, and the weight of the lower. */
record Neighbours(int[] lower, int[] upper, double[] weights) {
  /**
   * Those of three axes.
   *
   * @param separate the axis along which the nearest voxel is taken
   */
  static Neighbours[] of(int[] from, int[] to, OptionalInt separate) {
    Neighbours[] axes = new Neighbours[3];
    for (int axis = 0; axis < 3; axis++) {
      Axis grid = new Axis(from[axis], to[axis]);
      boolean nearest = separate.isPresent() && separate.getAsInt() == axis;
      axes[axis] = nearest ? nearest(grid) : linear(grid);
    }
    return axes;
  }

  static Neighbours linear(Axis axis) {
    Neighbours all = nearest(axis);
    for (int k = 0; k < axis.to(); k++) {
      double at = axis.clampedAt(k);
      all.lower[k] = (int) at;
      all.upper[k] = Math.min((int) at + 1, axis.from() - 1);
      all.weights[k] = 1 - (at - Math.floor(at));
    }
    return all;
  }

  static Neighbours nearest(Axis axis) {
    int[] index = new int[axis.to()];
    double[] weights = new double[axis.to()];
    for (int k = 0; k < axis.to(); k++) {
      index[k] = axis.nearest(k);
      weights[k] = 1;
    }
    return new Neighbours(index, index.clone(), weights);
  }

  int index(int k, int side) {
    return side == 0 ? lower[k] : upper[k];
  }

  double weight(int k, int side) {
    return side == 0 ? weights[k] : 1 - weights[k];
  }
}
