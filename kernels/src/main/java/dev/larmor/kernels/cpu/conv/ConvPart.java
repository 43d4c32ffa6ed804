package dev.larmor.kernels.cpu.conv;

import java.util.ArrayList;
import java.util.List;

/**
 * A part of a convolution that is itself a convolution on contiguous memory: whole images, or a
 * block of rows of one image ("rows" are slices along the outermost spatial axis).
 *
 * @param shape geometry of the part
 * @param image its first image
 * @param inRow first input row of the part
 * @param outRow first output row of the part
 */
record ConvPart(ConvShape shape, int image, int inRow, int outRow) {

  /**
   * Cuts a convolution. Parts own disjoint output rows, or input rows for {@link
   * ConvDirection#BACKWARD_DATA}; on the other side they overlap where kernels do.
   *
   * @param imagesPerPart images of a part; must be 1 if {@code blocks} is not
   * @param blocks number of row blocks of an image, met as nearly as the geometry allows
   */
  static List<ConvPart> cut(
      ConvShape whole, ConvDirection direction, int imagesPerPart, int blocks) {
    ConvShape.Axis axis = whole.axes().getFirst();
    List<ConvPart> parts = new ArrayList<>();
    for (int image = 0; image < whole.batch(); image += imagesPerPart) {
      int images = Math.min(imagesPerPart, whole.batch() - image);
      if (blocks == 1 || !isCuttable(axis)) {
        parts.add(new ConvPart(whole.part(images, axis), image, 0, 0));
      } else if (direction == ConvDirection.BACKWARD_DATA) {
        cutInput(whole, axis, image, blocks, parts);
      } else {
        cutOutput(whole, axis, image, blocks, parts);
      }
    }
    return parts;
  }

  /** Whether every window overlaps the input, so that no part can consist of padding alone. */
  private static boolean isCuttable(ConvShape.Axis axis) {
    return axis.padBefore() < axis.extent() && axis.padAfter() < axis.extent();
  }

  private static void cutOutput(
      ConvShape whole, ConvShape.Axis axis, int image, int blocks, List<ConvPart> parts) {
    int rows = Math.ceilDiv(axis.out(), blocks);
    for (int first = 0; first < axis.out(); first += rows) {
      int last = Math.min(first + rows, axis.out()) - 1;
      int from = first * axis.stride() - axis.padBefore();
      int to = last * axis.stride() - axis.padBefore() + axis.extent();
      int inFrom = Math.max(from, 0);
      int inTo = Math.min(to, axis.in());
      parts.add(
          new ConvPart(
              whole.part(1, axis.part(inTo - inFrom, inFrom - from, to - inTo)),
              image,
              inFrom,
              first));
    }
  }

  /** Cuts where a window begins, so that the first window of a part does not begin before it. */
  private static void cutInput(
      ConvShape whole, ConvShape.Axis axis, int image, int blocks, List<ConvPart> parts) {
    int stride = axis.stride();
    int pad = axis.padBefore();
    int windows = Math.ceilDiv(Math.ceilDiv(axis.in() + pad, stride), blocks);
    int from = 0;
    for (int window = windows; from < axis.in(); window += windows) {
      int to = window * stride - pad;
      if (to <= from) {
        continue;
      }
      if (window >= axis.out() || to > axis.in()) {
        to = axis.in();
      }
      int first = Math.max(0, Math.ceilDiv(from + pad - (axis.extent() - 1), stride));
      int last = Math.min(axis.out() - 1, (to - 1 + pad) / stride);
      int before = pad + from - first * stride;
      int after = (last - first) * stride + axis.extent() - (to - from) - before;
      parts.add(
          new ConvPart(whole.part(1, axis.part(to - from, before, after)), image, from, first));
      from = to;
    }
  }

  /** Offset in elements of the part's input in a dense, channels-last tensor. */
  long inOffset(ConvShape whole) {
    long row = whole.inPixels() / whole.axes().getFirst().in();
    return (image * whole.inPixels() + inRow * row) * whole.inChannels();
  }

  /** Offset in elements of the part's output in a dense, channels-last tensor. */
  long outOffset(ConvShape whole) {
    long row = whole.outPixels() / whole.axes().getFirst().out();
    return (image * whole.outPixels() + outRow * row) * whole.outChannels();
  }
}
