package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.HostMemory;
import dev.larmor.kernels.cpu.Bytes;
import dev.larmor.kernels.cpu.Lanes;
import dev.larmor.kernels.cpu.Team;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * The forward pass or the input gradient of an F32 convolution in Java, by the definition: used
 * where oneDNN is not available.
 *
 * <p>Both are one kernel. Every pixel p and channel c of the target is a sum over taps and over
 * channels j of the source; only which source pixel a tap reads differs, and that is tabulated per
 * axis:
 *
 * <pre>
 * target[p, c] = bias[c] + Σ_tap Σ_j source[pixel(p, tap), j] · packed[tap, j, c]
 * </pre>
 *
 * <p>A vector of channels is computed for eight pixels of a line at a time, in registers. Taps that
 * read padding are pointed to zeros. The sum's order is that of the formula wherever a task begins.
 *
 * <p>Workspace: packed weights, a pixel of zeros, the bias in whole vectors, one tile per worker.
 */
final class DirectConvolution implements ConvPlan {

  private static final int LANES = Lanes.WIDTH;

  /** Pixels computed at a time. */
  private static final int TILE = 8;

  /** Room for one tile of a vector that is not full. */
  private static final long STAGING_BYTES = HostMemory.align((long) TILE * LANES * Float.BYTES);

  /** Blocks of tiles, the tasks. */
  private static final int BLOCKS = 64;

  /** No source pixel: padding, or between the strides of a gradient. */
  private static final int NONE = -1;

  private final Team team;
  private final ConvShape shape;
  private final boolean forward;
  private final int[] target = new int[3];
  private final int[] source = new int[3];
  private final int[] kernel = new int[3];
  private final int[][] sourceOf = new int[3][]; // [axis][position · kernel + tap]
  private final int[]
      innerOrder; // positions along the innermost axis, those of equal taps together
  private final int targetPerGroup;
  private final int sourcePerGroup;
  private final int vectors; // of the target's channels, in a group
  private final long zerosOffset;
  private final long zerosBytes;
  private final long startOffset;
  private final long stagingOffset;
  private final long bytes;

  /** Plans the forward pass or the input gradient. */
  DirectConvolution(Team team, ConvShape shape, ConvDirection direction) {
    this.team = team;
    this.shape = shape;
    forward = direction == ConvDirection.FORWARD;
    List<ConvShape.Axis> axes = threeAxes(shape);
    for (int i = 0; i < 3; i++) {
      ConvShape.Axis axis = axes.get(i);
      target[i] = forward ? axis.out() : axis.in();
      source[i] = forward ? axis.in() : axis.out();
      kernel[i] = axis.kernel();
      sourceOf[i] = new int[target[i] * kernel[i]];
      for (int at = 0; at < sourceOf[i].length; at++) {
        sourceOf[i][at] = source(axis, at / kernel[i], at % kernel[i]);
      }
    }
    innerOrder = innerOrder(target[2], forward ? 1 : axes.get(2).stride());
    targetPerGroup = (forward ? shape.outChannels() : shape.inChannels()) / shape.groups();
    sourcePerGroup = (forward ? shape.inChannels() : shape.outChannels()) / shape.groups();
    vectors = Math.ceilDiv(targetPerGroup, LANES);
    Workspace layout = new Workspace();
    layout.reserve(
        (long) shape.groups() * vectors * shape.taps() * sourcePerGroup * LANES * Float.BYTES);
    zerosBytes = (long) sourcePerGroup * Float.BYTES;
    zerosOffset = layout.reserve(zerosBytes);
    startOffset = layout.reserve((long) shape.groups() * vectors * LANES * Float.BYTES);
    stagingOffset = layout.reserve(STAGING_BYTES * team.threads());
    bytes = layout.bytes();
  }

  /** The axes of a convolution, preceded by axes of size 1 to make three. */
  static List<ConvShape.Axis> threeAxes(ConvShape shape) {
    List<ConvShape.Axis> axes = new ArrayList<>(shape.axes());
    while (axes.size() < 3) {
      axes.addFirst(ConvShape.Axis.of(1, 1, 1, 0));
    }
    return axes;
  }

  private int source(ConvShape.Axis axis, int position, int tap) {
    if (forward) {
      int at = position * axis.stride() - axis.padBefore() + tap * axis.dilation();
      return at >= 0 && at < axis.in() ? at : NONE;
    }
    int at = position + axis.padBefore() - tap * axis.dilation();
    return at >= 0 && at % axis.stride() == 0 && at / axis.stride() < axis.out()
        ? at / axis.stride()
        : NONE;
  }

  private static int[] innerOrder(int size, int stride) {
    int[] order = new int[size];
    int next = 0;
    for (int residue = 0; residue < stride; residue++) {
      for (int position = residue; position < size; position += stride) {
        order[next++] = position;
      }
    }
    return order;
  }

  @Override
  public long workspaceBytes() {
    return bytes;
  }

  @Override
  public void run(long input, long weights, long bias, long output, long workspace) {
    long from = forward ? input : output;
    long to = forward ? output : input;
    team.run(
        shape.groups() * shape.taps(),
        (task, worker) -> pack(task / shape.taps(), task % shape.taps(), weights, workspace));
    Bytes.clear(workspace + zerosOffset, zerosBytes);
    copyBias(bias, workspace);
    int tilesPerLine = Math.ceilDiv(target[2], TILE);
    long tiles = (long) shape.batch() * target[0] * target[1] * tilesPerLine;
    int blocks = (int) Math.min(tiles, BLOCKS);
    team.run(
        blocks,
        (task, worker) -> {
          long staging = workspace + stagingOffset + worker * STAGING_BYTES;
          long tile = task * tiles / blocks;
          long end = (task + 1) * tiles / blocks;
          while (tile < end) {
            int first = (int) (tile % tilesPerLine);
            int count = (int) Math.min(tilesPerLine - first, end - tile);
            line(tile / tilesPerLine, first, count, from, workspace, to, staging);
            tile += count;
          }
        });
  }

  /** Copies the bias to whole vectors, or clears them. */
  private void copyBias(long bias, long workspace) {
    Bytes.clear(start(0, 0, workspace), (long) shape.groups() * vectors * LANES * Float.BYTES);
    if (bias != 0) {
      long bytes = (long) targetPerGroup * Float.BYTES;
      for (int group = 0; group < shape.groups(); group++) {
        Bytes.copy(bias + group * bytes, start(group, 0, workspace), bytes);
      }
    }
  }

  private long start(int group, int vector, long workspace) {
    return workspace + startOffset + ((long) group * vectors + vector) * LANES * Float.BYTES;
  }

  /** Packs one tap of one group as [vector, tap, source channel, lane], lanes padded by zeros. */
  private void pack(int group, int tap, long weights, long packed) {
    int taps = shape.taps();
    int inPerGroup = shape.inChannels() / shape.groups();
    int outPerGroup = shape.outChannels() / shape.groups();
    for (int vector = 0; vector < vectors; vector++) {
      long block = packed(group, vector, packed) + tap * tapBytes();
      for (int j = 0; j < sourcePerGroup; j++) {
        for (int lane = 0; lane < LANES; lane++) {
          int c = vector * LANES + lane;
          float weight = 0;
          if (c < targetPerGroup) {
            long out = (long) group * outPerGroup + (forward ? c : j);
            long at = (out * taps + tap) * inPerGroup + (forward ? j : c);
            weight = Lanes.get(weights + at * Float.BYTES);
          }
          Lanes.set(block + ((long) j * LANES + lane) * Float.BYTES, weight);
        }
      }
    }
  }

  private long tapBytes() {
    return (long) sourcePerGroup * LANES * Float.BYTES;
  }

  private long packed(int group, int vector, long packed) {
    return packed + ((long) group * vectors + vector) * shape.taps() * tapBytes();
  }

  /** The source lines that the taps of a target line read; 0 where they are padding. */
  private long[] sourceLines(long line, long from, long sourcePixel) {
    int middle = (int) (line % target[1]);
    int outer = (int) (line / target[1] % target[0]);
    long image = line / target[1] / target[0];
    long[] lines = new long[kernel[0] * kernel[1]];
    for (int a = 0; a < kernel[0]; a++) {
      int z = sourceOf[0][outer * kernel[0] + a];
      for (int b = 0; b < kernel[1]; b++) {
        int y = sourceOf[1][middle * kernel[1] + b];
        lines[a * kernel[1] + b] =
            z == NONE || y == NONE
                ? 0
                : from + ((image * source[0] + z) * source[1] + y) * source[2] * sourcePixel;
      }
    }
    return lines;
  }

  /** Computes tiles of one line of the target along the innermost axis. */
  private void line(
      long line, int firstTile, int tiles, long from, long workspace, long to, long staging) {
    long sourcePixel = (long) sourcePerGroup * shape.groups() * Float.BYTES;
    long targetPixel = (long) targetPerGroup * shape.groups() * Float.BYTES;
    long[] lines = sourceLines(line, from, sourcePixel);
    long[] reads = new long[shape.taps() * (TILE + 1)];
    long[] writes = new long[TILE];
    for (int group = 0; group < shape.groups(); group++) {
      long groupSource = (long) group * sourcePerGroup * Float.BYTES;
      for (int vector = 0; vector < vectors; vector++) {
        int lanes = Math.min(LANES, targetPerGroup - vector * LANES);
        long channel = (long) group * targetPerGroup + (long) vector * LANES;
        long targetLine = to + line * target[2] * targetPixel + channel * Float.BYTES;
        long packed = packed(group, vector, workspace);
        long start = start(group, vector, workspace);
        for (int tile = firstTile; tile < firstTile + tiles; tile++) {
          int first = tile * TILE;
          int taps =
              reads(first, lines, groupSource, sourcePixel, packed, workspace + zerosOffset, reads);
          int pixels = Math.min(TILE, target[2] - first);
          for (int i = 0; i < TILE; i++) {
            writes[i] =
                lanes == LANES
                    // Beyond the line the last pixel is written first, with zeros.
                    ? targetLine + innerOrder[first + Math.min(i, pixels - 1)] * targetPixel
                    : staging + (long) i * LANES * Float.BYTES;
          }
          multiply(reads, taps, (long) sourcePerGroup * Float.BYTES, start, writes);
          for (int i = 0; i < pixels && lanes < LANES; i++) {
            long pixel = targetLine + innerOrder[first + i] * targetPixel;
            Bytes.copy(writes[i], pixel, (long) lanes * Float.BYTES);
          }
        }
      }
    }
  }

  /**
   * Finds what the eight pixels that follow {@code first} in the order read, for each tap that does
   * not read padding alone.
   *
   * @return number of such taps
   */
  private int reads(
      int first,
      long[] lines,
      long groupSource,
      long sourcePixel,
      long packed,
      long zeros,
      long[] reads) {
    int pixels = Math.min(TILE, target[2] - first);
    int columns = kernel[2];
    int taps = 0;
    for (int row = 0; row < lines.length; row++) {
      for (int column = 0; column < columns && lines[row] != 0; column++) {
        int at = taps * (TILE + 1);
        boolean any = false;
        for (int i = 0; i < TILE; i++) {
          int x = i < pixels ? sourceOf[2][innerOrder[first + i] * columns + column] : NONE;
          any |= x != NONE;
          reads[at + i] = x == NONE ? zeros : lines[row] + groupSource + x * sourcePixel;
        }
        if (any) {
          reads[at + TILE] = packed + ((long) row * columns + column) * tapBytes();
          taps++;
        }
      }
    }
    return taps;
  }

  /**
   * The innermost loops. Everything here is a vector of all lanes, so that it stays in registers.
   *
   * @param reads for each tap, the addresses of eight source pixels and of the packed weights
   * @param bytes bytes of the channels of a source pixel
   * @param start address of the value the sums start from
   * @param writes addresses for eight vectors; later ones are written first
   */
  private static void multiply(long[] reads, int taps, long bytes, long start, long[] writes) {
    FloatVector s0 = Lanes.load(start);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    for (int tap = 0; tap < taps; tap++) {
      int at = tap * (TILE + 1);
      long p0 = reads[at];
      long p1 = reads[at + 1];
      long p2 = reads[at + 2];
      long p3 = reads[at + 3];
      long p4 = reads[at + 4];
      long p5 = reads[at + 5];
      long p6 = reads[at + 6];
      long p7 = reads[at + 7];
      long weights = reads[at + TILE];
      for (long j = 0; j < bytes; j += Float.BYTES) {
        FloatVector w = Lanes.load(weights + j * LANES);
        s0 = Lanes.broadcast(Lanes.get(p0 + j)).fma(w, s0);
        s1 = Lanes.broadcast(Lanes.get(p1 + j)).fma(w, s1);
        s2 = Lanes.broadcast(Lanes.get(p2 + j)).fma(w, s2);
        s3 = Lanes.broadcast(Lanes.get(p3 + j)).fma(w, s3);
        s4 = Lanes.broadcast(Lanes.get(p4 + j)).fma(w, s4);
        s5 = Lanes.broadcast(Lanes.get(p5 + j)).fma(w, s5);
        s6 = Lanes.broadcast(Lanes.get(p6 + j)).fma(w, s6);
        s7 = Lanes.broadcast(Lanes.get(p7 + j)).fma(w, s7);
      }
    }
    Lanes.store(s7, writes[7]);
    Lanes.store(s6, writes[6]);
    Lanes.store(s5, writes[5]);
    Lanes.store(s4, writes[4]);
    Lanes.store(s3, writes[3]);
    Lanes.store(s2, writes[2]);
    Lanes.store(s1, writes[1]);
    Lanes.store(s0, writes[0]);
  }

  @Override
  public void close() {}
}
