package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.HostMemory;
import dev.larmor.kernels.cpu.Team;
import dev.larmor.kernels.cpu.dnnl.DnnlEngine;
import dev.larmor.kernels.cpu.dnnl.MemoryDesc;
import dev.larmor.kernels.cpu.dnnl.Primitive;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A convolution cut into images and blocks of rows: the plan for large images with few channels.
 *
 * <p>Outputs and input gradients of the parts do not overlap. Each part of a weight gradient gives
 * a partial sum over its pixels; the partial sums are added in the order of the parts.
 *
 * <p>Workspace: weights in oneDNN's layout, the partial sums after the first, scratch per worker.
 */
final class RowSplit implements ConvPlan {

  private record Part(Primitive primitive, int packing, long inOffset, long outOffset) {}

  private final Team team;
  private final ConvDirection direction;
  private final List<Part> parts = new ArrayList<>();
  private final Map<ConvShape, Primitive> primitives = new HashMap<>();
  private final PackedWeights weights;
  private final Workspace layout = new Workspace();
  private final long partialBytes;
  private final long partialOffset;
  private final long scratchBytes;
  private final long scratchOffset;

  /**
   * Plans a convolution.
   *
   * @param type element type of activations
   * @param bias whether the forward pass adds a bias
   * @param imagesPerPart images of a part
   * @param blocks row blocks of an image; 1 if a part has several images
   */
  RowSplit(
      DnnlEngine engine,
      Team team,
      ConvShape shape,
      ConvDirection direction,
      MemoryDesc.Type type,
      boolean bias,
      int imagesPerPart,
      int blocks) {
    this.team = team;
    this.direction = direction;
    boolean gradient = direction == ConvDirection.BACKWARD_WEIGHTS;
    weights = new PackedWeights(engine, shape, direction, shape.inChannels() / shape.groups());
    long scratch = 0;
    for (ConvPart part : ConvPart.cut(shape, direction, imagesPerPart, blocks)) {
      Primitive primitive =
          primitives.computeIfAbsent(
              part.shape(), key -> DnnlConvolution.primitive(engine, key, direction, type, bias));
      scratch = Math.max(scratch, primitive.scratchBytes());
      parts.add(
          new Part(
              primitive,
              weights.add(primitive, gradient ? 2 : 1, layout),
              part.inOffset(shape) * type.bytes(),
              part.outOffset(shape) * type.bytes()));
    }
    partialBytes = gradient ? weights.bytes(0) : 0;
    partialOffset = layout.reserve(partialBytes * (parts.size() - 1));
    scratchBytes = HostMemory.align(scratch);
    scratchOffset = layout.reserve(scratchBytes * team.threads());
  }

  /** Whether partial weight gradients can be added: all parts chose the same layout. */
  boolean isSummable() {
    return weights.layouts() == 1;
  }

  @Override
  public long workspaceBytes() {
    return layout.bytes();
  }

  @Override
  public void run(long input, long w, long bias, long output, long workspace) {
    if (direction == ConvDirection.BACKWARD_WEIGHTS) {
      weightGradient(input, w, output, workspace);
      return;
    }
    team.run(1, (task, worker) -> weights.pack(worker, w, workspace));
    team.run(
        parts.size(),
        (task, worker) -> {
          Part part = parts.get(task);
          long scratch = workspace + scratchOffset + worker * scratchBytes;
          long in = input + part.inOffset;
          long out = output + part.outOffset;
          long packed = weights.address(part.packing, w, workspace);
          if (direction == ConvDirection.BACKWARD_DATA) {
            part.primitive.execute(worker, scratch, out, packed, in);
          } else if (bias != 0) {
            part.primitive.execute(worker, scratch, in, packed, bias, out);
          } else {
            part.primitive.execute(worker, scratch, in, packed, out);
          }
        });
  }

  private void weightGradient(long input, long w, long output, long workspace) {
    long sum = weights.address(0, w, workspace); // the first part's partial sum, then the total
    long others = workspace + partialOffset;
    team.run(
        parts.size(),
        (task, worker) -> {
          Part part = parts.get(task);
          part.primitive.execute(
              worker,
              workspace + scratchOffset + worker * scratchBytes,
              input + part.inOffset,
              output + part.outOffset,
              task == 0 ? sum : others + (task - 1) * partialBytes);
        });
    PartialSums.add(team, sum, others, partialBytes, parts.size(), weights.elements(0));
    team.run(1, (task, worker) -> weights.unpack(worker, w, workspace));
  }

  @Override
  public void close() {
    weights.close();
    primitives.values().forEach(Primitive::close);
  }
}
