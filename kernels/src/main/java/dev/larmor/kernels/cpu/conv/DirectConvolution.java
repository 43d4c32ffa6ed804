package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.cpu.Team;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

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
 * <p>Workspace: packed weights, a pixel of zeros.
 */
final class DirectConvolution implements ConvPlan {

  private static final int LANES = Memory.FLOATS.length();

  /** Pixels computed at a time. */
  private static final int TILE = 8;

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
    zerosOffset = layout.reserve((long) sourcePerGroup * Float.BYTES);
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
    long zeros = workspace + zerosOffset;
    long from = forward ? input : output;
    long to = forward ? output : input;
    team.run(
        shape.groups() * shape.taps(),
        (task, worker) -> pack(task / shape.taps(), task % shape.taps(), weights, workspace));
    Memory.ALL.asSlice(zeros, (long) sourcePerGroup * Float.BYTES).fill((byte) 0);
    long lines = (long) shape.batch() * target[0] * target[1];
    int blocks = (int) Math.min(lines, 64);
    team.run(
        blocks,
        (task, worker) -> {
          for (long line = task * lines / blocks; line < (task + 1) * lines / blocks; line++) {
            line(line, from, workspace, bias, to, zeros);
          }
        });
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
            weight = Memory.getFloat(weights + at * Float.BYTES);
          }
          Memory.setFloat(block + ((long) j * LANES + lane) * Float.BYTES, weight);
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

  /** Computes one line of the target along the innermost axis. */
  private void line(long line, long from, long packed, long bias, long to, long zeros) {
    int middle = (int) (line % target[1]);
    int outer = (int) (line / target[1] % target[0]);
    long image = line / target[1] / target[0];
    long sourcePixel = (long) sourcePerGroup * shape.groups() * Float.BYTES;
    long targetPixel = (long) targetPerGroup * shape.groups() * Float.BYTES;
    long[] lines = new long[kernel[0] * kernel[1]]; // addresses of the source lines the taps read
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
    for (int group = 0; group < shape.groups(); group++) {
      long groupSource = (long) group * sourcePerGroup * Float.BYTES;
      for (int vector = 0; vector < vectors; vector++) {
        int lanes = Math.min(LANES, targetPerGroup - vector * LANES);
        long channel = (long) group * targetPerGroup + (long) vector * LANES;
        VectorMask<Float> mask = Memory.FLOATS.indexInRange(0, lanes);
        FloatVector start =
            bias == 0
                ? FloatVector.zero(Memory.FLOATS)
                : FloatVector.fromMemorySegment(
                    Memory.FLOATS, Memory.ALL, bias + channel * Float.BYTES, Memory.ORDER, mask);
        long targetLine = to + line * target[2] * targetPixel + channel * Float.BYTES;
        for (int first = 0; first < target[2]; first += TILE) {
          tile(
              lines,
              groupSource,
              sourcePixel,
              packed(group, vector, packed),
              start,
              targetLine,
              targetPixel,
              mask,
              first,
              zeros);
        }
      }
    }
  }

  /** Computes a vector of channels of the eight pixels that follow {@code first} in the order. */
  private void tile(
      long[] lines,
      long groupSource,
      long sourcePixel,
      long packed,
      FloatVector start,
      long targetLine,
      long targetPixel,
      VectorMask<Float> mask,
      int first,
      long zeros) {
    int pixels = Math.min(TILE, target[2] - first);
    int columns = kernel[2];
    long step = (long) LANES * Float.BYTES;
    long[] pixel = new long[TILE];
    FloatVector s0 = start;
    FloatVector s1 = start;
    FloatVector s2 = start;
    FloatVector s3 = start;
    FloatVector s4 = start;
    FloatVector s5 = start;
    FloatVector s6 = start;
    FloatVector s7 = start;
    for (int row = 0; row < lines.length; row++) {
      if (lines[row] == 0) {
        continue;
      }
      long line = lines[row] + groupSource;
      for (int column = 0; column < columns; column++) {
        boolean any = false;
        Arrays.fill(pixel, zeros);
        for (int i = 0; i < pixels; i++) {
          int x = sourceOf[2][innerOrder[first + i] * columns + column];
          if (x != NONE) {
            pixel[i] = line + x * sourcePixel;
            any = true;
          }
        }
        if (!any) {
          continue;
        }
        long p0 = pixel[0];
        long p1 = pixel[1];
        long p2 = pixel[2];
        long p3 = pixel[3];
        long p4 = pixel[4];
        long p5 = pixel[5];
        long p6 = pixel[6];
        long p7 = pixel[7];
        long weights = packed + ((long) row * columns + column) * tapBytes();
        long end = (long) sourcePerGroup * Float.BYTES;
        for (long j = 0; j < end; j += Float.BYTES) {
          FloatVector w = Memory.load(weights);
          weights += step;
          s0 = Memory.broadcast(p0 + j).fma(w, s0);
          s1 = Memory.broadcast(p1 + j).fma(w, s1);
          s2 = Memory.broadcast(p2 + j).fma(w, s2);
          s3 = Memory.broadcast(p3 + j).fma(w, s3);
          s4 = Memory.broadcast(p4 + j).fma(w, s4);
          s5 = Memory.broadcast(p5 + j).fma(w, s5);
          s6 = Memory.broadcast(p6 + j).fma(w, s6);
          s7 = Memory.broadcast(p7 + j).fma(w, s7);
        }
      }
    }
    for (int i = 0; i < pixels; i++) {
      FloatVector sum =
          switch (i) {
            case 0 -> s0;
            case 1 -> s1;
            case 2 -> s2;
            case 3 -> s3;
            case 4 -> s4;
            case 5 -> s5;
            case 6 -> s6;
            default -> s7;
          };
      sum.intoMemorySegment(
          Memory.ALL, targetLine + innerOrder[first + i] * targetPixel, Memory.ORDER, mask);
    }
  }

  @Override
  public void close() {}
}
