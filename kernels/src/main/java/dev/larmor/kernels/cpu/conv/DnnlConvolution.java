package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.cpu.dnnl.DnnlEngine;
import dev.larmor.kernels.cpu.dnnl.MemoryDesc;
import dev.larmor.kernels.cpu.dnnl.Primitive;

/** Makes the oneDNN primitive of a convolution, on dense, channels-last activations. */
final class DnnlConvolution {

  private DnnlConvolution() {}

  /**
   * A convolution in one of its three directions, weights in a layout of oneDNN's choice; their
   * gradient is F32.
   *
   * @param type type of the input, of the packed weights and of the output
   */
  static Primitive primitive(
      DnnlEngine engine,
      ConvShape shape,
      ConvDirection direction,
      MemoryDesc.Type type,
      boolean bias) {
    return primitive(engine, shape, direction, type, type, bias);
  }

  /** The same, with an output of another type. */
  static Primitive primitive(
      DnnlEngine engine,
      ConvShape shape,
      ConvDirection direction,
      MemoryDesc.Type type,
      MemoryDesc.Type outType,
      boolean bias) {
    int rank = shape.axes().size();
    long[] in = new long[rank + 2];
    long[] out = new long[rank + 2];
    long[] strides = new long[rank];
    long[] gaps = new long[rank];
    long[] padsBefore = new long[rank];
    long[] padsAfter = new long[rank];
    in[0] = shape.batch();
    in[1] = shape.inChannels();
    out[0] = shape.batch();
    out[1] = shape.outChannels();
    for (int i = 0; i < rank; i++) {
      ConvShape.Axis axis = shape.axes().get(i);
      in[i + 2] = axis.in();
      out[i + 2] = axis.out();
      strides[i] = axis.stride();
      gaps[i] = axis.dilation() - 1L;
      padsBefore[i] = axis.padBefore();
      padsAfter[i] =
          (axis.out() - 1L) * axis.stride() + axis.extent() - axis.in() - axis.padBefore();
    }
    MemoryDesc.Type weightType =
        direction == ConvDirection.BACKWARD_WEIGHTS ? MemoryDesc.Type.F32 : type;
    try (MemoryDesc input = MemoryDesc.strided(type, in, channelsLast(in));
        MemoryDesc output = MemoryDesc.strided(outType, out, channelsLast(out));
        MemoryDesc weights = MemoryDesc.any(weightType, weightDims(shape));
        MemoryDesc biases = MemoryDesc.vector(MemoryDesc.Type.F32, shape.outChannels())) {
      return switch (direction) {
        case FORWARD ->
            Primitive.convolutionForward(
                engine,
                input,
                weights,
                bias ? biases : null,
                output,
                strides,
                gaps,
                padsBefore,
                padsAfter);
        case BACKWARD_DATA ->
            Primitive.convolutionBackwardData(
                engine, input, weights, output, strides, gaps, padsBefore, padsAfter);
        case BACKWARD_WEIGHTS ->
            Primitive.convolutionBackwardWeights(
                engine, input, weights, output, strides, gaps, padsBefore, padsAfter);
      };
    }
  }

  /**
   * Describes F32 weights in the engine's layout {@code [outChannels, kernel..., inChannels]}.
   *
   * @param inChannels input channels per group of the whole tensor; more than those of {@code
   *     shape} if that is a slab of it
   */
  static MemoryDesc engineWeights(ConvShape shape, int inChannels) {
    long[] dims = weightDims(shape);
    long[] strides = new long[dims.length];
    int first = dims.length - shape.axes().size(); // after group, output and input channels
    long stride = inChannels;
    for (int i = dims.length - 1; i >= first; i--) {
      strides[i] = stride;
      stride *= dims[i];
    }
    strides[first - 1] = 1;
    strides[first - 2] = stride;
    if (first == 3) {
      strides[0] = stride * dims[1];
    }
    return MemoryDesc.strided(MemoryDesc.Type.F32, dims, strides);
  }

  /** Output channels, input channels and kernel, of each group; preceded by the groups if many. */
  private static long[] weightDims(ConvShape shape) {
    int rank = shape.axes().size();
    int first = shape.groups() > 1 ? 3 : 2;
    long[] dims = new long[first + rank];
    dims[0] = shape.groups();
    dims[first - 2] = shape.outChannels() / shape.groups();
    dims[first - 1] = shape.inChannels() / shape.groups();
    for (int i = 0; i < rank; i++) {
      dims[first + i] = shape.axes().get(i).kernel();
    }
    return dims;
  }

  private static long[] channelsLast(long[] dims) {
    long[] strides = new long[dims.length];
    strides[1] = 1;
    long stride = dims[1];
    for (int i = dims.length - 1; i >= 2; i--) {
      strides[i] = stride;
      stride *= dims[i];
    }
    strides[0] = stride;
    return strides;
  }
}
