package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.HostMemory;
import dev.larmor.kernels.cpu.Bytes;
import dev.larmor.kernels.cpu.Lanes;
import dev.larmor.kernels.cpu.Team;
import dev.larmor.kernels.cpu.dnnl.DnnlEngine;
import dev.larmor.kernels.cpu.dnnl.MemoryDesc;
import dev.larmor.kernels.cpu.dnnl.Primitive;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A forward convolution with very few output channels, such as 32 → 2.
 *
 * <p>oneDNN computes 16 output channels at a time, and would throw most of them away. So the
 * innermost axis of the kernel is turned into output channels: a convolution with a kernel of width
 * 1 gives for every pixel the contribution of each kernel column, and the outputs are sums of
 * shifted contributions.
 *
 * <pre>
 * z[x, k, o] = Σ_{i, rows} w[o, rows, k, i] · input[.., x, i]
 * y[x, o]    = bias[o] + Σ_k z[x − pad + k·dilation, k, o]
 * </pre>
 *
 * <p>Workspace: folded weights, the same in oneDNN's layout, then z of one part and scratch for
 * each worker.
 */
final class FoldedKernel implements ConvPlan {

  private record Part(
      Primitive primitive, int packing, long inOffset, long outOffset, long lines) {}

  private final Team team;
  private final MemoryDesc.Type type;
  private final ConvShape shape;
  private final List<Part> parts = new ArrayList<>();
  private final Map<ConvShape, Primitive> primitives = new HashMap<>();
  private final PackedWeights weights;
  private final Workspace layout = new Workspace();
  private final long foldedOffset;
  private final long sumsOffset;
  private final long sumsBytes;
  private final long zOffset;
  private final long zBytes;
  private final long scratchOffset;
  private final long scratchBytes;

  /**
   * Plans a forward convolution with one group whose innermost axis has stride 1.
   *
   * @param imagesPerPart images of a part
   * @param blocks row blocks of an image; 1 if a part has several images
   */
  FoldedKernel(
      DnnlEngine engine,
      Team team,
      ConvShape shape,
      MemoryDesc.Type type,
      int imagesPerPart,
      int blocks) {
    this.team = team;
    this.type = type;
    this.shape = shape;
    ConvShape.Axis inner = shape.axes().getLast();
    List<ConvShape.Axis> axes = new ArrayList<>(shape.axes());
    axes.set(axes.size() - 1, ConvShape.Axis.of(inner.in(), 1, 1, 0));
    ConvShape folded =
        new ConvShape(
            shape.batch(), 1, shape.inChannels(), shape.outChannels() * inner.kernel(), axes);

    foldedOffset = layout.reserve(shape.weights() * Float.BYTES);
    weights = new PackedWeights(engine, folded, ConvDirection.FORWARD, shape.inChannels());
    long scratch = 0;
    long z = 0;
    for (ConvPart part : ConvPart.cut(folded, ConvDirection.FORWARD, imagesPerPart, blocks)) {
      Primitive primitive =
          primitives.computeIfAbsent(
              part.shape(),
              key ->
                  DnnlConvolution.primitive(
                      engine, key, ConvDirection.FORWARD, type, MemoryDesc.Type.F32, false));
      scratch = Math.max(scratch, primitive.scratchBytes());
      long pixels = part.shape().batch() * part.shape().outPixels();
      z = Math.max(z, pixels * folded.outChannels() * Float.BYTES);
      parts.add(
          new Part(
              primitive,
              weights.add(primitive, 1, layout),
              part.inOffset(folded) * type.bytes(),
              outLine(part) * inner.out() * shape.outChannels() * type.bytes(),
              pixels / inner.in()));
    }
    sumsBytes = HostMemory.align((long) inner.out() * shape.outChannels() * Float.BYTES);
    sumsOffset = layout.reserve(sumsBytes * team.threads());
    zBytes = HostMemory.align(z);
    zOffset = layout.reserve(zBytes * team.threads());
    scratchBytes = HostMemory.align(scratch);
    scratchOffset = layout.reserve(scratchBytes * team.threads());
  }

  /** Number of the first line, along the innermost axis, of a part's output. */
  private long outLine(ConvPart part) {
    long linesPerImage = shape.outPixels() / shape.axes().getLast().out();
    return part.image() * linesPerImage
        + part.outRow() * (linesPerImage / shape.axes().getFirst().out());
  }

  @Override
  public long workspaceBytes() {
    return layout.bytes();
  }

  @Override
  public void run(long input, long w, long bias, long output, long workspace) {
    long folded = workspace + foldedOffset;
    team.run(
        1,
        (task, worker) -> {
          fold(w, folded);
          weights.pack(worker, folded, workspace);
        });
    int channels = shape.outChannels();
    ConvShape.Axis inner = shape.axes().getLast();
    long zLine = (long) inner.in() * inner.kernel() * channels * Float.BYTES;
    long outLine = (long) inner.out() * channels * type.bytes();
    team.run(
        parts.size(),
        (task, worker) -> {
          Part part = parts.get(task);
          long z = workspace + zOffset + worker * zBytes;
          part.primitive.execute(
              worker,
              workspace + scratchOffset + worker * scratchBytes,
              input + part.inOffset,
              weights.address(part.packing, folded, workspace),
              z);
          for (long line = 0; line < part.lines; line++) {
            addShifted(
                z + line * zLine,
                bias,
                workspace + sumsOffset + worker * sumsBytes,
                output + part.outOffset + line * outLine,
                inner,
                channels);
          }
        });
  }

  /** Turns the innermost kernel axis into output channels. */
  private void fold(long from, long to) {
    int columns = shape.axes().getLast().kernel();
    int rows = shape.taps() / columns;
    long bytes = (long) shape.inChannels() * Float.BYTES;
    for (int out = 0; out < shape.outChannels(); out++) {
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          Bytes.copy(
              from + ((out * rows + row) * columns + column) * bytes,
              to + ((column * shape.outChannels() + out) * rows + row) * bytes,
              bytes);
        }
      }
    }
  }

  /**
   * Adds the shifted contributions of one line, kernel columns in ascending order.
   *
   * @param sums room for the line in F32
   */
  private void addShifted(
      long z, long bias, long sums, long output, ConvShape.Axis axis, int channels) {
    int columns = axis.kernel();
    long elements = (long) axis.out() * channels;
    for (long element = 0; element < elements; element++) {
      float start = bias == 0 ? 0 : Lanes.get(bias + element % channels * Float.BYTES);
      Lanes.set(sums + element * Float.BYTES, start);
    }
    long zPixel = (long) columns * channels * Float.BYTES;
    long outPixel = (long) channels * Float.BYTES;
    for (int column = 0; column < columns; column++) {
      int shift = column * axis.dilation() - axis.padBefore();
      int first = Math.max(0, -shift);
      int end = Math.min(axis.out(), axis.in() - shift);
      for (int channel = 0; channel < channels; channel++) {
        long from = z + ((long) first + shift) * zPixel;
        from += ((long) column * channels + channel) * Float.BYTES;
        long to = sums + first * outPixel + (long) channel * Float.BYTES;
        for (int x = first; x < end; x++) {
          Lanes.set(to, Lanes.get(to) + Lanes.get(from));
          from += zPixel;
          to += outPixel;
        }
      }
    }
    if (type == MemoryDesc.Type.F32) {
      Bytes.copy(sums, output, elements * Float.BYTES);
    } else {
      for (long element = 0; element < elements; element++) {
        Lanes.setBf16(output + element * Short.BYTES, Lanes.get(sums + element * Float.BYTES));
      }
    }
  }

  @Override
  public void close() {
    weights.close();
    primitives.values().forEach(Primitive::close);
  }
}
