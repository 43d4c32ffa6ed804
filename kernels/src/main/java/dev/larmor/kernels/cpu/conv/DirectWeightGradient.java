package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.HostMemory;
import dev.larmor.kernels.cpu.Bytes;
import dev.larmor.kernels.cpu.Lanes;
import dev.larmor.kernels.cpu.Team;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * The weight gradient of an F32 convolution in Java, by the definition: used where oneDNN is not
 * available.
 *
 * <pre>
 * dw[o, tap, i] = Σ_p dy[p, o] · x[pixel(p, tap), i]
 * </pre>
 *
 * <p>Line after line of the output is added to eight output channels times a vector of input
 * channels in registers. Small gradients are cut into blocks of lines, whose partial sums are added
 * in order; large ones into blocks of output channels.
 *
 * <p>Workspace: the partial sums after the first, one tile per worker.
 */
final class DirectWeightGradient implements ConvPlan {

  private static final int LANES = Lanes.WIDTH;

  /** Output channels computed at a time. */
  private static final int TILE = 8;

  private static final long VECTOR_BYTES = (long) LANES * Float.BYTES;

  /** Room for one tile of sums and one vector of input. */
  private static final long STAGING_BYTES = HostMemory.align((TILE + 1) * VECTOR_BYTES);

  /** Blocks of lines a small gradient is cut into. */
  private static final int PARTS = 16;

  /** Gradients with more elements are cut by output channels. */
  private static final long MAX_SUMMED_WEIGHTS = 1 << 19;

  private final Team team;
  private final ConvShape shape;
  private final ConvShape.Axis depth;
  private final ConvShape.Axis height;
  private final ConvShape.Axis width;
  private final int inPerGroup;
  private final int outPerGroup;
  private final int tiles; // of output channels, in a group
  private final long lines;
  private final int parts;
  private final int blocks;
  private final long partialBytes;
  private final long stagingOffset;

  /** Plans the weight gradient. */
  DirectWeightGradient(Team team, ConvShape shape) {
    this.team = team;
    this.shape = shape;
    List<ConvShape.Axis> axes = DirectConvolution.threeAxes(shape);
    depth = axes.get(0);
    height = axes.get(1);
    width = axes.get(2);
    inPerGroup = shape.inChannels() / shape.groups();
    outPerGroup = shape.outChannels() / shape.groups();
    tiles = Math.ceilDiv(outPerGroup, TILE);
    lines = (long) shape.batch() * depth.out() * height.out();
    boolean summed = shape.weights() <= MAX_SUMMED_WEIGHTS;
    parts = summed ? (int) Math.min(PARTS, lines) : 1;
    blocks = summed ? 1 : shape.groups() * tiles;
    partialBytes = HostMemory.align(shape.weights() * Float.BYTES);
    stagingOffset = (parts - 1) * partialBytes;
  }

  @Override
  public long workspaceBytes() {
    return stagingOffset + STAGING_BYTES * team.threads();
  }

  @Override
  public void run(long input, long weights, long bias, long output, long workspace) {
    team.run(
        parts * blocks,
        (task, worker) -> {
          int part = task / blocks;
          int block = task % blocks;
          int all = shape.groups() * tiles;
          int firstTile = (int) ((long) block * all / blocks);
          int lastTile = (int) ((long) (block + 1) * all / blocks);
          long sum = part == 0 ? weights : workspace + (part - 1) * partialBytes;
          long staging = workspace + stagingOffset + worker * STAGING_BYTES;
          clear(sum, firstTile, lastTile);
          for (long line = part * lines / parts; line < (part + 1) * lines / parts; line++) {
            for (int tile = firstTile; tile < lastTile; tile++) {
              addLine(line, tile / tiles, tile % tiles * TILE, input, output, sum, staging);
            }
          }
        });
    PartialSums.add(team, weights, workspace, partialBytes, parts, shape.weights());
  }

  private void clear(long sum, int firstTile, int lastTile) {
    long perChannel = (long) shape.taps() * inPerGroup * Float.BYTES;
    for (int tile = firstTile; tile < lastTile; tile++) {
      int first = tile % tiles * TILE;
      int channels = Math.min(TILE, outPerGroup - first);
      long from = (tile / tiles * (long) outPerGroup + first) * perChannel;
      Bytes.clear(sum + from, channels * perChannel);
    }
  }

  /** Adds one line of the output to the gradient of a tile of output channels, for every tap. */
  private void addLine(
      long line, int group, int first, long input, long output, long sum, long staging) {
    long inputEnd = input + shape.batch() * shape.inPixels() * shape.inChannels() * Float.BYTES;
    int y = (int) (line % height.out());
    int z = (int) (line / height.out() % depth.out());
    long image = line / height.out() / depth.out();
    long inPixel = (long) shape.inChannels() * Float.BYTES;
    long outPixel = (long) shape.outChannels() * Float.BYTES;
    long firstChannel = (long) group * outPerGroup + first;
    long outLine = output + line * width.out() * outPixel + firstChannel * Float.BYTES;
    int channels = Math.min(TILE, outPerGroup - first);
    int taps = shape.taps();
    for (int tap = 0; tap < taps; tap++) {
      int column = tap % width.kernel();
      int row = tap / width.kernel() % height.kernel();
      int slice = tap / width.kernel() / height.kernel();
      int inZ = z * depth.stride() - depth.padBefore() + slice * depth.dilation();
      int inY = y * height.stride() - height.padBefore() + row * height.dilation();
      if (inZ < 0 || inZ >= depth.in() || inY < 0 || inY >= height.in()) {
        continue;
      }
      int shift =
          column * width.dilation() - width.padBefore(); // input x = output x · stride + shift
      int from = shift < 0 ? Math.ceilDiv(-shift, width.stride()) : 0;
      int to = Math.min(width.out(), Math.ceilDiv(width.in() - shift, width.stride()));
      if (from >= to) {
        continue;
      }
      long inLine = input + ((image * depth.in() + inZ) * height.in() + inY) * width.in() * inPixel;
      long x = inLine + ((long) from * width.stride() + shift) * inPixel;
      long weightAt = sum + (firstChannel * taps + tap) * inPerGroup * Float.BYTES;
      for (int i = 0; i < inPerGroup; i += LANES) {
        addPixels(
            x + ((long) group * inPerGroup + i) * Float.BYTES,
            outLine + from * outPixel,
            to - from,
            inputEnd,
            weightAt + (long) i * Float.BYTES,
            channels,
            Math.min(LANES, inPerGroup - i),
            staging);
      }
    }
  }

  /**
   * Adds pixels of a line to one tap of a tile of output channels and a vector of input channels.
   *
   * @param inputEnd end of the input: the last vector of input channels, where it is not full, may
   *     read the next pixel but not beyond
   */
  private void addPixels(
      long x, long dy, int pixels, long inputEnd, long dw, int channels, int lanes, long staging) {
    long xStride = (long) width.stride() * shape.inChannels() * Float.BYTES;
    long dyStride = (long) shape.outChannels() * Float.BYTES;
    int whole = pixels;
    if (lanes < LANES) {
      long room = inputEnd - VECTOR_BYTES - x;
      whole = room < 0 ? 0 : (int) Math.min(pixels, room / xStride + 1);
    }
    if (whole > 0) {
      multiply(x, xStride, dy, dyStride, whole, channels, staging);
      addTile(staging, dw, channels, lanes);
    }
    for (int p = whole; p < pixels; p++) {
      long vector = staging + TILE * VECTOR_BYTES;
      Bytes.clear(vector, VECTOR_BYTES);
      Bytes.copy(x + p * xStride, vector, (long) lanes * Float.BYTES);
      multiply(vector, 0, dy + p * dyStride, 0, 1, channels, staging);
      addTile(staging, dw, channels, lanes);
    }
  }

  private void addTile(long tile, long dw, int channels, int lanes) {
    long dwStride = (long) shape.taps() * inPerGroup * Float.BYTES;
    for (int o = 0; o < channels; o++) {
      long from = tile + o * VECTOR_BYTES;
      long to = dw + o * dwStride;
      if (lanes == LANES) {
        Lanes.store(Lanes.load(to).add(Lanes.load(from)), to);
      } else {
        for (long i = 0; i < (long) lanes * Float.BYTES; i += Float.BYTES) {
          Lanes.set(to + i, Lanes.get(to + i) + Lanes.get(from + i));
        }
      }
    }
  }

  /** The innermost loop: Σ dy[p, o] · x[p, lanes] for eight output channels o, to {@code tile}. */
  private static void multiply(
      long x, long xStride, long dy, long dyStride, int pixels, int channels, long tile) {
    // Channels beyond the last compute it again and are not used.
    long o1 = Math.min(1, channels - 1) * (long) Float.BYTES;
    long o2 = Math.min(2, channels - 1) * (long) Float.BYTES;
    long o3 = Math.min(3, channels - 1) * (long) Float.BYTES;
    long o4 = Math.min(4, channels - 1) * (long) Float.BYTES;
    long o5 = Math.min(5, channels - 1) * (long) Float.BYTES;
    long o6 = Math.min(6, channels - 1) * (long) Float.BYTES;
    long o7 = Math.min(7, channels - 1) * (long) Float.BYTES;
    FloatVector s0 = FloatVector.zero(Lanes.FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    for (int p = 0; p < pixels; p++) {
      FloatVector v = Lanes.load(x);
      s0 = Lanes.broadcast(Lanes.get(dy)).fma(v, s0);
      s1 = Lanes.broadcast(Lanes.get(dy + o1)).fma(v, s1);
      s2 = Lanes.broadcast(Lanes.get(dy + o2)).fma(v, s2);
      s3 = Lanes.broadcast(Lanes.get(dy + o3)).fma(v, s3);
      s4 = Lanes.broadcast(Lanes.get(dy + o4)).fma(v, s4);
      s5 = Lanes.broadcast(Lanes.get(dy + o5)).fma(v, s5);
      s6 = Lanes.broadcast(Lanes.get(dy + o6)).fma(v, s6);
      s7 = Lanes.broadcast(Lanes.get(dy + o7)).fma(v, s7);
      x += xStride;
      dy += dyStride;
    }
    Lanes.store(s0, tile);
    Lanes.store(s1, tile + VECTOR_BYTES);
    Lanes.store(s2, tile + 2 * VECTOR_BYTES);
    Lanes.store(s3, tile + 3 * VECTOR_BYTES);
    Lanes.store(s4, tile + 4 * VECTOR_BYTES);
    Lanes.store(s5, tile + 5 * VECTOR_BYTES);
    Lanes.store(s6, tile + 6 * VECTOR_BYTES);
    Lanes.store(s7, tile + 7 * VECTOR_BYTES);
  }

  @Override
  public void close() {}
}
