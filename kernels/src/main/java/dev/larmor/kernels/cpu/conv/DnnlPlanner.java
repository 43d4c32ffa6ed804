package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.cpu.Team;
import dev.larmor.kernels.cpu.dnnl.DnnlEngine;
import dev.larmor.kernels.cpu.dnnl.MemoryDesc;

/**
 * Chooses how a real convolution is cut into oneDNN primitives, from its geometry and type alone.
 *
 * <p>The numbers below are measured over the shapes of FI-VarNet on AMD Zen 4, as processor time on
 * one thread against one primitive for the whole problem: such a cut costs 1 to 6 %, for BF16
 * weight gradients of small images up to 13 %; F32 weight gradients take 0.4 to 1.05 of the time,
 * since oneDNN blocks small problems better than large ones.
 */
record DnnlPlanner(DnnlEngine engine, Team team) {

  /** Parts aimed at, so that even a large team is kept busy. */
  private static final int PARTS = 32;

  /** Parts aimed at for a weight gradient, where each costs a partial sum. */
  private static final int GRADIENT_PARTS = 16;

  /** Fewer pixels per part, and reading all the weights for each part begins to show. */
  private static final int MIN_PIXELS = 112;

  /** The same for a weight gradient, where each part writes them. */
  private static final int MIN_GRADIENT_PIXELS = 768;

  /** Larger weight gradients are not summed from parts: the partial sums would take the memory. */
  private static final long MAX_SUMMED_WEIGHTS = 1 << 19;

  /** Fewer multiplications take less time than handing the part to a thread. */
  private static final long MIN_MULTIPLICATIONS = 1 << 20;

  /** Slabs of channels aimed at. */
  private static final int SLABS = 8;

  /** The same for a weight gradient, where each slab lays out the other side anew. */
  private static final int GRADIENT_SLABS = 4;

  /** Fewest channels of a slab. */
  private static final int MIN_SLAB_CHANNELS = 32;

  /** With fewer input channels, adding up folded columns takes longer than the convolution. */
  private static final int MIN_FOLDED_CHANNELS = 8;

  /** oneDNN's channel block. */
  private static final int BLOCK = 16;

  ConvPlan plan(ConvShape shape, ConvDirection direction, MemoryDesc.Type type, boolean bias) {
    boolean mirrors = MirroredConvolution.exists(shape);
    return switch (direction) {
      case FORWARD ->
          isFoldable(shape)
              ? new FoldedKernel(
                  engine, team, shape, type, images(shape, PARTS), blocks(shape, direction))
              : split(shape, direction, type, bias);
      case BACKWARD_DATA ->
          mirrors && isFoldable(MirroredConvolution.of(shape))
              ? new MirroredConvolution(
                  team,
                  shape,
                  direction,
                  plan(MirroredConvolution.of(shape), ConvDirection.FORWARD, type, false))
              : split(shape, direction, type, bias);
      case BACKWARD_WEIGHTS ->
          mirrors && 2 * shape.outChannels() <= BLOCK && shape.inChannels() >= BLOCK
              ? new MirroredConvolution(
                  team,
                  shape,
                  direction,
                  split(MirroredConvolution.of(shape), direction, type, false))
              : split(shape, direction, type, bias);
    };
  }

  /** Whether kernel columns as output channels fill at most half as many channel blocks. */
  private static boolean isFoldable(ConvShape shape) {
    ConvShape.Axis inner = shape.axes().getLast();
    int folded = Math.ceilDiv(shape.outChannels() * inner.kernel(), BLOCK);
    return shape.groups() == 1
        && shape.axes().size() > 1
        && inner.stride() == 1
        && shape.inChannels() >= MIN_FOLDED_CHANNELS
        && 2 * folded <= inner.kernel() * Math.ceilDiv(shape.outChannels(), BLOCK);
  }

  private ConvPlan split(
      ConvShape shape, ConvDirection direction, MemoryDesc.Type type, boolean bias) {
    boolean gradient = direction == ConvDirection.BACKWARD_WEIGHTS;
    long pixels = shape.batch() * pixels(shape, direction);
    boolean deep =
        gradient
            ? pixels < 8 * MIN_GRADIENT_PIXELS || shape.weights() > MAX_SUMMED_WEIGHTS
            : pixels < 1024;
    int slabs = slabs(shape, direction);
    if (deep && slabs > 1) {
      return new ChannelSplit(engine, team, shape, direction, type, bias, slabs);
    }
    if (!gradient) {
      return new RowSplit(
          engine,
          team,
          shape,
          direction,
          type,
          bias,
          images(shape, PARTS),
          blocks(shape, direction));
    }
    int parts = Math.clamp(8 * MAX_SUMMED_WEIGHTS / shape.weights(), 1, GRADIENT_PARTS);
    RowSplit plan =
        new RowSplit(
            engine,
            team,
            shape,
            direction,
            type,
            bias,
            images(shape, parts),
            Math.min(blocks(shape, direction), Math.ceilDiv(parts, shape.batch())));
    if (plan.isSummable()) {
      return plan;
    }
    plan.close();
    return new RowSplit(engine, team, shape, direction, type, bias, shape.batch(), 1);
  }

  /** Pixels of one image on the side that is cut into rows. */
  private static long pixels(ConvShape shape, ConvDirection direction) {
    return direction == ConvDirection.BACKWARD_DATA ? shape.inPixels() : shape.outPixels();
  }

  /** Images of a part, so that there are at most about {@code parts} parts. */
  private static int images(ConvShape shape, int parts) {
    return Math.max(1, shape.batch() / parts);
  }

  /** Row blocks of an image: a power of two. */
  private static int blocks(ConvShape shape, ConvDirection direction) {
    boolean gradient = direction == ConvDirection.BACKWARD_WEIGHTS;
    int parts = gradient ? GRADIENT_PARTS : PARTS;
    if (images(shape, parts) > 1) {
      return 1;
    }
    long pixels = pixels(shape, direction);
    long most = pixels / MIN_PIXELS;
    if (gradient) {
      most = Math.max(pixels / MIN_GRADIENT_PIXELS, Math.min(4, most));
    }
    most = Math.min(most, shape.multiplications() / shape.batch() / MIN_MULTIPLICATIONS);
    most = Math.min(most, Math.ceilDiv(parts, shape.batch()));
    return Integer.highestOneBit((int) Math.max(1, most));
  }

  /** Equal slabs of the channels that a channel split cuts; 1 if they cannot be cut. */
  private static int slabs(ConvShape shape, ConvDirection direction) {
    int channels = direction == ConvDirection.FORWARD ? shape.outChannels() : shape.inChannels();
    int most = direction == ConvDirection.BACKWARD_WEIGHTS ? GRADIENT_SLABS : SLABS;
    for (int slabs = most; slabs > 1; slabs--) {
      if (shape.groups() == 1
          && channels % (slabs * BLOCK) == 0
          && channels / slabs >= MIN_SLAB_CHANNELS) {
        return slabs;
      }
    }
    return 1;
  }
}
