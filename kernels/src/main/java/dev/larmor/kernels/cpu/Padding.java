package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.DType;
import dev.larmor.engine.op.Embed;
import dev.larmor.engine.op.Pad;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Larger tensors around smaller ones: each axis has a map from the larger tensor's indices to the
 * smaller one's, or to nothing.
 */
final class Padding {
  /** Stands in a map for an index that comes from nowhere. */
  private static final int NOTHING = -1;

  private final Team team;

  Padding(Team team) {
    this.team = team;
  }

  void pad(Pad op, Array x, Array y) {
    gather(maps(op, x, y), x, y);
  }

  void embed(Embed op, Array x, Array y) {
    int[][] maps = identities(y);
    maps[op.axis()] = shifted(x.dim(op.axis()), op.start(), op.total(), Pad.Mode.ZERO);
    gather(maps, x, y);
  }

  private static int[][] identities(Array outer) {
    int[][] maps = new int[outer.shape().rank()][];
    for (int axis = 0; axis < maps.length; axis++) {
      maps[axis] = shifted(outer.dim(axis), 0, outer.dim(axis), Pad.Mode.ZERO);
    }
    return maps;
  }

  private static int[][] maps(Pad op, Array inner, Array outer) {
    int[][] maps = identities(outer);
    int first = maps.length - op.before().size();
    for (int axis = first; axis < maps.length; axis++) {
      maps[axis] =
          shifted(inner.dim(axis), op.before().get(axis - first), outer.dim(axis), op.mode());
    }
    return maps;
  }

  /** Where each of {@code total} indices comes from if {@code inner} ones lie at {@code start}. */
  private static int[] shifted(int inner, int start, int total, Pad.Mode mode) {
    int[] map = new int[total];
    for (int i = 0; i < total; i++) {
      int from = i - start;
      boolean inside = from >= 0 && from < inner;
      int mirrored = from < 0 ? -from : 2 * (inner - 1) - from;
      map[i] = inside ? from : mode == Pad.Mode.REFLECT ? mirrored : NOTHING;
    }
    return map;
  }

  /** {@code count} consecutive elements from {@code from}, or from nothing. */
  private record Run(int to, int from, int count) {}

  private static List<Run> runs(int[] map) {
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i < map.length; ) {
      int n = 1;
      while (i + n < map.length && map[i + n] == (map[i] == NOTHING ? NOTHING : map[i] + n)) {
        n++;
      }
      runs.add(new Run(i, map[i], n));
      i += n;
    }
    return runs;
  }

  /**
   * The axes of a padding in memory order. Innermost axes that are not padded are one unit of
   * bytes; the innermost padded axis is a line of units.
   */
  private record Lines(int[][] maps, long[] innerDims, int[] line, long innerLine, long unit) {
    static Lines of(int[][] logical, Array inner) {
      long[] dims = Blocks.memoryOrder(inner.spec());
      int[][] maps = logical.clone();
      if (inner.spec().isFeatureMap()) {
        System.arraycopy(logical, 2, maps, 1, maps.length - 2);
        maps[maps.length - 1] = logical[1];
      }
      long unit = inner.dtype().bytes();
      int last = maps.length - 1;
      while (last > 0 && isIdentity(maps[last], dims[last])) {
        unit *= dims[last--];
      }
      if (last < 0) {
        return new Lines(new int[0][], new long[0], new int[] {0}, 1, unit);
      }
      return new Lines(
          Arrays.copyOf(maps, last), Arrays.copyOf(dims, last), maps[last], dims[last], unit);
    }

    private static boolean isIdentity(int[] map, long inner) {
      return map.length == inner && map[0] == 0 && (inner == 1 || map[1] == 1);
    }

    long count() {
      long n = 1;
      for (int[] map : maps) {
        n *= map.length;
      }
      return n;
    }

    long lineBytes() {
      return line.length * unit;
    }

    long grain() {
      return Math.max(1, Split.GRAIN * FLOAT / lineBytes());
    }

    /** The inner line that outer line {@code i} comes from, or {@link #NOTHING}. */
    long source(long i) {
      long source = 0;
      long stride = 1;
      for (int axis = maps.length - 1; axis >= 0; axis--) {
        int from = maps[axis][(int) (i % maps[axis].length)];
        if (from == NOTHING) {
          return NOTHING;
        }
        source += from * stride;
        stride *= innerDims[axis];
        i /= maps[axis].length;
      }
      return source;
    }
  }

  private void gather(int[][] maps, Array x, Array y) {
    Lines lines = Lines.of(maps, x);
    List<Run> runs = runs(lines.line);
    long unit = lines.unit;
    Split.ranges(
        team,
        lines.count(),
        lines.grain(),
        (first, last) -> {
          for (long i = first; i < last; i++) {
            long target = y.address() + i * lines.lineBytes();
            long from = lines.source(i);
            if (from == NOTHING) {
              Bytes.clear(target, lines.lineBytes());
              continue;
            }
            long source = x.address() + from * lines.innerLine * unit;
            for (Run run : runs) {
              if (run.from == NOTHING) {
                Bytes.clear(target + run.to * unit, run.count * unit);
              } else {
                Bytes.copyRows(
                    source + run.from * unit, 0, target + run.to * unit, 0, run.count * unit, 1);
              }
            }
          }
        });
  }

  /** The adjoint of padding by reflection: each inner element sums those copied from it. */
  void fold(Pad op, Array g, Array y) {
    Lines lines = Lines.of(maps(op, y, g), y);
    int[][][] sources = new int[lines.maps.length][][];
    for (int axis = 0; axis < sources.length; axis++) {
      sources[axis] = inverse(lines.maps[axis], (int) lines.innerDims[axis]);
    }
    int[][] along = inverse(lines.line, (int) lines.innerLine);
    long innerLines = y.elements() * y.dtype().bytes() / (lines.innerLine * lines.unit);
    Split.ranges(
        team,
        innerLines,
        lines.grain(),
        (first, last) -> {
          for (long i = first; i < last; i++) {
            foldLine(lines, outerLines(lines, sources, i), along, g, y, i);
          }
        });
  }

  /** For each inner index the outer ones that come from it, ascending. */
  private static int[][] inverse(int[] map, int inner) {
    int[][] sources = new int[inner][0];
    for (int i = 0; i < map.length; i++) {
      if (map[i] != NOTHING) {
        int[] known = sources[map[i]];
        sources[map[i]] = Arrays.copyOf(known, known.length + 1);
        sources[map[i]][known.length] = i;
      }
    }
    return sources;
  }

  /** The outer lines that come from inner line {@code i}. */
  private static long[] outerLines(Lines lines, int[][][] sources, long i) {
    long[] found = {0};
    long stride = 1;
    for (int axis = sources.length - 1; axis >= 0; axis--) {
      int[] here = sources[axis][(int) (i % sources[axis].length)];
      long[] more = new long[found.length * here.length];
      for (int k = 0; k < more.length; k++) {
        more[k] = found[k % found.length] + here[k / found.length] * stride;
      }
      found = more;
      stride *= lines.maps[axis].length;
      i /= sources[axis].length;
    }
    return found;
  }

  private static void foldLine(
      Lines lines, long[] outer, int[][] along, Array g, Array y, long line) {
    long unit = lines.unit;
    long target = y.address() + line * lines.innerLine * unit;
    long size = g.isComplex() ? FLOAT : g.dtype().bytes();
    DType dtype = g.dtype();
    int numbers = (int) (unit / size);
    for (int w = 0; w < along.length; w++) {
      if (outer.length == 1 && along[w].length == 1) {
        long source = g.address() + outer[0] * lines.lineBytes() + along[w][0] * unit;
        Bytes.copyRows(source, 0, target + w * unit, 0, unit, 1);
        continue;
      }
      for (int k = 0; k < numbers; k++) {
        double sum = 0;
        for (long from : outer) {
          for (int at : along[w]) {
            sum += Element.get(dtype, g.address() + from * lines.lineBytes() + at * unit, k);
          }
        }
        Element.set(dtype, target + w * unit, k, sum);
      }
    }
  }
}
