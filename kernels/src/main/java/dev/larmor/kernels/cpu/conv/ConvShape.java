package dev.larmor.kernels.cpu.conv;

import java.util.ArrayList;
import java.util.List;

/**
 * Geometry of a convolution (cross-correlation), 1 to 3 spatial axes, outermost axis first.
 *
 * <p>Tensors are dense and channels-last: input {@code [batch, in..., inChannels]}, output {@code
 * [batch, out..., outChannels]}, weights {@code [outChannels, kernel..., inChannels / groups]}.
 *
 * <pre>
 * y[n, o, t] = Σ_{i, k} w[t, k, i] · x[n, o·stride − padBefore + k·dilation, i]
 * </pre>
 *
 * <p>A transposed convolution is the adjoint of one of these: its forward pass is {@link
 * ConvDirection#BACKWARD_DATA} of the convolution that maps its output to its input, and its
 * weights {@code [I, kernel..., O / groups]} are that convolution's weights as they stand.
 *
 * @param batch number of images
 * @param groups number of groups; divides both channel counts
 * @param inChannels channels of the input, all groups together
 * @param outChannels channels of the output, all groups together
 * @param axes spatial axes
 */
public record ConvShape(int batch, int groups, int inChannels, int outChannels, List<Axis> axes) {

  /**
   * One spatial axis.
   *
   * @param in size of the input
   * @param kernel size of the kernel
   * @param stride step of the kernel over the input
   * @param padBefore zeros before the input
   * @param padAfter zeros after the input; negative if the last elements of the input are not read
   * @param dilation distance between two elements of the kernel; 1 means adjacent
   */
  public record Axis(int in, int kernel, int stride, int padBefore, int padAfter, int dilation) {

    /** Checks that the sizes are positive and the padded input holds the kernel at least once. */
    public Axis {
      if (in < 1 || kernel < 1 || stride < 1 || dilation < 1 || padBefore < 0) {
        throw new IllegalArgumentException(
            "[conv] sizes, stride and dilation must be at least 1 and padding at least 0: in %d, kernel %d, stride %d, dilation %d, padding %d"
                .formatted(in, kernel, stride, dilation, padBefore));
      }
      if ((long) in + padBefore + padAfter < (kernel - 1L) * dilation + 1) {
        throw new IllegalArgumentException(
            "[conv] kernel of %d with dilation %d does not fit an input of %d padded by %d and %d"
                .formatted(kernel, dilation, in, padBefore, padAfter));
      }
    }

    /** An axis with the same padding on both sides and no dilation. */
    public static Axis of(int in, int kernel, int stride, int pad) {
      return new Axis(in, kernel, stride, pad, pad, 1);
    }

    /** Size of the output. */
    public int out() {
      return (in + padBefore + padAfter - extent()) / stride + 1;
    }

    /** Number of input elements the dilated kernel spans. */
    public int extent() {
      return (kernel - 1) * dilation + 1;
    }

    /** The same kernel over other input and padding. */
    Axis part(int partIn, int partBefore, int partAfter) {
      return new Axis(partIn, kernel, stride, partBefore, partAfter, dilation);
    }
  }

  /** Checks counts and copies the axes. */
  public ConvShape {
    axes = List.copyOf(axes);
    if (axes.isEmpty() || axes.size() > 3) {
      throw new IllegalArgumentException(
          "[conv] 1, 2 or 3 spatial axes expected, got " + axes.size());
    }
    if (batch < 1 || groups < 1 || inChannels < 1 || outChannels < 1) {
      throw new IllegalArgumentException(
          "[conv] batch, groups and channels must be at least 1: batch %d, groups %d, in %d, out %d"
              .formatted(batch, groups, inChannels, outChannels));
    }
    if (inChannels % groups != 0 || outChannels % groups != 0) {
      throw new IllegalArgumentException(
          "[conv] groups %d does not divide in-channels %d and out-channels %d"
              .formatted(groups, inChannels, outChannels));
    }
  }

  /** A 2-D convolution with square kernel, the same stride and padding on both axes, one group. */
  public static ConvShape of2d(
      int batch,
      int inChannels,
      int height,
      int width,
      int outChannels,
      int kernel,
      int stride,
      int pad) {
    return new ConvShape(
        batch,
        1,
        inChannels,
        outChannels,
        List.of(Axis.of(height, kernel, stride, pad), Axis.of(width, kernel, stride, pad)));
  }

  /** A 3-D convolution with cubic kernel, the same stride and padding on all axes, one group. */
  public static ConvShape of3d(
      int batch,
      int inChannels,
      int depth,
      int height,
      int width,
      int outChannels,
      int kernel,
      int stride,
      int pad) {
    return new ConvShape(
        batch,
        1,
        inChannels,
        outChannels,
        List.of(
            Axis.of(depth, kernel, stride, pad),
            Axis.of(height, kernel, stride, pad),
            Axis.of(width, kernel, stride, pad)));
  }

  /** Number of input pixels (voxels) of one image. */
  public long inPixels() {
    long pixels = 1;
    for (Axis axis : axes) {
      pixels = Math.multiplyExact(pixels, axis.in());
    }
    return pixels;
  }

  /** Number of output pixels (voxels) of one image. */
  public long outPixels() {
    long pixels = 1;
    for (Axis axis : axes) {
      pixels = Math.multiplyExact(pixels, axis.out());
    }
    return pixels;
  }

  /** Number of kernel elements. */
  public int taps() {
    int taps = 1;
    for (Axis axis : axes) {
      taps = Math.multiplyExact(taps, axis.kernel());
    }
    return taps;
  }

  /** Number of weights. */
  public long weights() {
    return (long) outChannels * taps() * (inChannels / groups);
  }

  /** Multiplications of one pass in any direction, padding counted as if it were multiplied. */
  public long multiplications() {
    return batch * outPixels() * outChannels * taps() * (inChannels / groups);
  }

  /** The real convolution equal to this one when all its channels are complex. */
  ConvShape complexAsReal() {
    return withChannels(2 * inChannels, 2 * outChannels);
  }

  /** The same convolution on other images and another outermost axis. */
  ConvShape part(int images, Axis outermost) {
    List<Axis> partAxes = new ArrayList<>(axes);
    partAxes.set(0, outermost);
    return new ConvShape(images, groups, inChannels, outChannels, partAxes);
  }

  /** The same convolution with other numbers of channels. */
  ConvShape withChannels(int in, int out) {
    return new ConvShape(batch, groups, in, out, axes);
  }
}
