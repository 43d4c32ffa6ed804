package dev.larmor.models.simclr.view;

import java.util.Arrays;

/** Volumes that the reference values were made of, and definitions written down naively. */
final class Reference {
  private Reference() {}

  /** Volume number {@code t}: splitmix64 of {@code k + t · 2^32}, scaled to −1 … 1. */
  static Volume volume(long t, Extent extent) {
    float[] values = new float[extent.voxels()];
    for (int k = 0; k < values.length; k++) {
      long z = k + (t << 32) + 0x9E3779B97F4A7C15L;
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      z ^= z >>> 31;
      values[k] = (float) (2 * ((z >>> 11) * 0x1p-53) - 1);
    }
    return new Volume(values, extent);
  }

  static double at(double[] values, Extent extent, int i0, int i1, int i2) {
    return values[(i0 * extent.n1() + i1) * extent.n2() + i2];
  }

  /** Trilinear at a place that is clamped to the volume. */
  static double at(double[] values, Extent extent, double y0, double y1, double y2) {
    double[] y = {y0, y1, y2};
    double sum = 0;
    for (int corner = 0; corner < 8; corner++) {
      double weight = 1;
      int[] i = new int[3];
      for (int axis = 0; axis < 3; axis++) {
        double place = Math.clamp(y[axis], 0, extent.along(axis) - 1);
        int low = (int) Math.floor(place);
        boolean above = (corner >> axis & 1) == 1;
        weight *= above ? place - low : 1 - (place - low);
        i[axis] = Math.min(low + (above ? 1 : 0), extent.along(axis) - 1);
      }
      sum += weight * at(values, extent, i[0], i[1], i[2]);
    }
    return sum;
  }

  static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  /** A view, one step after the other, each of whole volumes in double. */
  static double[] view(StretchedView view, Volume patch) {
    Extent size = view.size();
    Box crop = view.crop();
    double[] source = doubles(patch.values());
    double[] x = new double[size.voxels()];
    Extent box = crop.extent();
    double[] cropped = new double[box.voxels()];
    each(
        box,
        (i, i0, i1, i2) ->
            cropped[i] =
                at(
                    source,
                    patch.extent(),
                    crop.axis0().start() + i0,
                    crop.axis1().start() + i1,
                    crop.axis2().start() + i2));
    each(
        size,
        (i, i0, i1, i2) ->
            x[i] =
                at(
                    cropped,
                    box,
                    (i0 + 0.5) * box.n0() / size.n0() - 0.5,
                    (i1 + 0.5) * box.n1() / size.n1() - 0.5,
                    (i2 + 0.5) * box.n2() / size.n2() - 0.5));
    double[] flipped = new double[x.length];
    each(
        size,
        (i, i0, i1, i2) ->
            flipped[i] =
                at(
                    x,
                    size,
                    view.flips().axis0() ? size.n0() - 1 - i0 : i0,
                    view.flips().axis1() ? size.n1() - 1 - i1 : i1,
                    view.flips().axis2() ? size.n2() - 1 - i2 : i2));
    double c1 = (size.n1() - 1) / 2.0;
    double c2 = (size.n2() - 1) / 2.0;
    double cos = Math.cos(view.angle());
    double sin = Math.sin(view.angle());
    double[] turned = new double[x.length];
    each(
        size,
        (i, i0, i1, i2) ->
            turned[i] =
                at(
                        flipped,
                        size,
                        (double) i0,
                        cos * (i1 - c1) - sin * (i2 - c2) + c1,
                        sin * (i1 - c1) + cos * (i2 - c2) + c2)
                    + view.shift());
    double least = Arrays.stream(turned).min().getAsDouble();
    double range = Arrays.stream(turned).max().getAsDouble() - least;
    return Arrays.stream(turned)
        .map(v -> Math.pow((v - least) / (range + 1e-7), view.gamma()) * range + least)
        .toArray();
  }

  interface Voxel {
    void visit(int i, int i0, int i1, int i2);
  }

  static void each(Extent extent, Voxel voxel) {
    int i = 0;
    for (int i0 = 0; i0 < extent.n0(); i0++) {
      for (int i1 = 0; i1 < extent.n1(); i1++) {
        for (int i2 = 0; i2 < extent.n2(); i2++) {
          voxel.visit(i++, i0, i1, i2);
        }
      }
    }
  }
}
