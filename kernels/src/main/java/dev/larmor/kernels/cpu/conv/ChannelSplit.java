package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.cpu.Bytes;
import dev.larmor.kernels.cpu.Team;
import dev.larmor.kernels.cpu.dnnl.DnnlEngine;
import dev.larmor.kernels.cpu.dnnl.MemoryDesc;
import dev.larmor.kernels.cpu.dnnl.Primitive;

/**
 * A convolution cut into slabs of channels: the plan for small images with many channels, where
 * each part would otherwise read, or add up, all the weights for a few rows.
 *
 * <p>The output channels are cut for the forward pass, the input channels for both gradients.
 * oneDNN wants activations dense, so a slab is computed into, or copied to, a staging area.
 *
 * <p>Workspace: one slab of weights in oneDNN's layout, staging area and scratch for each worker.
 */
final class ChannelSplit implements ConvPlan {

  private final Team team;
  private final ConvDirection direction;
  private final int slabs;
  private final Primitive primitive;
  private final PackedWeights weights;
  private final long weightStride;
  private final long pixels;
  private final long slabBytes;
  private final long pixelBytes;
  private final int channels;
  private final long stagingOffset;
  private final long scratchOffset;
  private final long workerBytes;

  /**
   * Plans a convolution with one group.
   *
   * @param slabs number of slabs; divides the channels that are cut
   */
  ChannelSplit(
      DnnlEngine engine,
      Team team,
      ConvShape shape,
      ConvDirection direction,
      MemoryDesc.Type type,
      boolean bias,
      int slabs) {
    this.team = team;
    this.direction = direction;
    this.slabs = slabs;
    boolean cutsOutput = direction == ConvDirection.FORWARD;
    ConvShape slab =
        cutsOutput
            ? shape.withChannels(shape.inChannels(), shape.outChannels() / slabs)
            : shape.withChannels(shape.inChannels() / slabs, shape.outChannels());
    channels = cutsOutput ? slab.outChannels() : slab.inChannels();
    pixels = shape.batch() * (cutsOutput ? shape.outPixels() : shape.inPixels());
    slabBytes = (long) channels * type.bytes();
    pixelBytes = slabBytes * slabs;
    weightStride = (cutsOutput ? slab.weights() : channels) * Float.BYTES;

    Workspace worker = new Workspace();
    primitive = DnnlConvolution.primitive(engine, slab, direction, type, bias);
    weights = new PackedWeights(engine, slab, direction, shape.inChannels());
    weights.add(primitive, direction == ConvDirection.BACKWARD_WEIGHTS ? 2 : 1, worker);
    stagingOffset = worker.reserve(pixels * slabBytes);
    scratchOffset = worker.reserve(primitive.scratchBytes());
    workerBytes = worker.bytes();
  }

  @Override
  public long workspaceBytes() {
    return workerBytes * team.threads();
  }

  @Override
  public void run(long input, long w, long bias, long output, long workspace) {
    team.run(
        slabs,
        (slab, worker) -> {
          long base = workspace + worker * workerBytes;
          long staging = base + stagingOffset;
          long scratch = base + scratchOffset;
          long slabWeights = w + slab * weightStride;
          long packed = weights.address(0, slabWeights, base);
          long from = slab * slabBytes;
          switch (direction) {
            case FORWARD -> {
              weights.pack(worker, slabWeights, base);
              if (bias != 0) {
                long slabBias = bias + (long) slab * channels * Float.BYTES;
                primitive.execute(worker, scratch, input, packed, slabBias, staging);
              } else {
                primitive.execute(worker, scratch, input, packed, staging);
              }
              Bytes.copyRows(staging, slabBytes, output + from, pixelBytes, slabBytes, pixels);
            }
            case BACKWARD_DATA -> {
              weights.pack(worker, slabWeights, base);
              primitive.execute(worker, scratch, output, packed, staging);
              Bytes.copyRows(staging, slabBytes, input + from, pixelBytes, slabBytes, pixels);
            }
            case BACKWARD_WEIGHTS -> {
              Bytes.copyRows(input + from, pixelBytes, staging, slabBytes, slabBytes, pixels);
              primitive.execute(worker, scratch, staging, output, packed);
              weights.unpack(worker, slabWeights, base);
            }
          }
        });
  }

  @Override
  public void close() {
    weights.close();
    primitive.close();
  }
}
