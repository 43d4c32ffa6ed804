package dev.larmor.models.ssl.preprocess.numerics;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Brings a volume to another shape by cubic B-splines, as {@code skimage.transform.resize} does
 * with {@code order=3, mode="edge", clip=True, anti_aliasing=False}.
 *
 * <p>The spline of a volume is the product of one along each axis, so the volume is resampled along
 * one axis after the other ({@link CubicSpline}): 12 multiplications a voxel instead of 64. All is
 * in double until the last pass, and each axis that keeps its extent is left out.
 */
public final class CubicResampling {
  private CubicResampling() {}

  /**
   * Resamples one channel.
   *
   * @param values {@code [n0, n1, n2]}; a volume that keeps its shape is returned as it is
   * @param from its shape
   * @param to the new shape, every extent at least 1
   * @param separate the axis across which slices are thick: along it the nearest slice is taken,
   *     and every slice is resampled, and clipped to its range, by itself
   * @return {@code [to0, to1, to2]}
   */
  public static float[] resample(
      float[] values, int[] from, int[] to, OptionalInt separate, Workers workers) {
    if (Arrays.equals(from, to)) {
      return values;
    }
    // The axes that shrink come first: the others have less to do then.
    List<Integer> axes =
        IntStream.range(0, 3)
            .filter(axis -> from[axis] != to[axis])
            .filter(axis -> separate.isEmpty() || axis != separate.getAsInt())
            .boxed()
            .sorted(Comparator.comparingDouble(axis -> (double) to[axis] / from[axis]))
            .toList();
    float[] result = axes.isEmpty() ? values : passes(values, from, to, axes, separate, workers);
    if (separate.isEmpty()) {
      return result;
    }
    int axis = separate.getAsInt();
    int[] shape = to.clone();
    shape[axis] = from[axis];
    return nearest(result, shape, axis, to[axis]);
  }

  private static float[] passes(
      float[] values,
      int[] from,
      int[] to,
      List<Integer> axes,
      OptionalInt separate,
      Workers workers) {
    int[] shape = from.clone();
    for (int axis : axes) {
      shape[axis] = to[axis];
    }
    ValueRange range =
        separate.isEmpty()
            ? ValueRange.of(values)
            : ValueRange.ofSlices(values, from, separate.getAsInt(), shape);
    float[] result = new float[shape[0] * shape[1] * shape[2]];
    Samples before = new Samples.Floats(values, range);
    int[] now = from.clone();
    for (int axis : axes) {
      Axis grid = new Axis(from[axis], to[axis]);
      int outer = axis == 0 ? 1 : axis == 1 ? now[0] : now[0] * now[1];
      int inner = axis == 2 ? 1 : axis == 1 ? now[2] : now[1] * now[2];
      now[axis] = to[axis];
      boolean last = axis == axes.getLast();
      Samples after =
          last
              ? new Samples.Floats(result, range)
              : new Samples.Doubles(new double[now[0] * now[1] * now[2]]);
      Pass pass = new Pass(before, after, grid, outer * inner, inner);
      workers.forEach(pass.tiles(), pass::worker);
      before = after;
    }
    return result;
  }

  /**
   * One axis of the volume.
   *
   * @param lines along the axis
   * @param stride of neighbouring samples of a line, and the number of lines side by side
   */
  private record Pass(Samples before, Samples after, Axis axis, int lines, int stride) {
    int tiles() {
      return (lines + CubicSpline.LANES - 1) / CubicSpline.LANES;
    }

    IntConsumer worker() {
      CubicSpline spline = new CubicSpline(axis);
      int[] source = new int[CubicSpline.LANES];
      int[] target = new int[CubicSpline.LANES];
      return tile -> {
        int firstLine = tile * CubicSpline.LANES;
        int count = Math.min(CubicSpline.LANES, lines - firstLine);
        for (int l = 0; l < count; l++) {
          int block = (firstLine + l) / stride;
          int within = (firstLine + l) % stride;
          source[l] = block * axis.from() * stride + within;
          target[l] = block * axis.to() * stride + within;
        }
        for (int i = 0; i < axis.from(); i++) {
          before.read(source, i * stride, count, spline.row(i));
        }
        spline.filter();
        for (int k = 0; k < axis.to(); k++) {
          after.write(spline.sample(k), target, k * stride, count);
        }
      };
    }
  }

  private static float[] nearest(float[] values, int[] shape, int axis, int to) {
    if (shape[axis] == to) {
      return values;
    }
    Axis grid = new Axis(shape[axis], to);
    int outer = IntStream.range(0, axis).map(a -> shape[a]).reduce(1, (a, b) -> a * b);
    int inner = IntStream.range(axis + 1, 3).map(a -> shape[a]).reduce(1, (a, b) -> a * b);
    float[] result = new float[outer * to * inner];
    for (int block = 0; block < outer; block++) {
      for (int k = 0; k < to; k++) {
        int source = (block * shape[axis] + grid.nearest(k)) * inner;
        System.arraycopy(values, source, result, (block * to + k) * inner, inner);
      }
    }
    return result;
  }
}
