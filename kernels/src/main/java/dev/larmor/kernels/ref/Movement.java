package dev.larmor.kernels.ref;

import dev.larmor.engine.Shape;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Crop;
import dev.larmor.engine.op.Embed;
import dev.larmor.engine.op.Narrow;
import dev.larmor.engine.op.Pad;
import java.util.List;

/** Ops that move elements and compute nothing. */
final class Movement {
  private Movement() {}

  /** Coordinates of row-major element {@code i}. */
  private static long[] coordinates(Shape shape, long i) {
    long[] at = new long[shape.rank()];
    for (int axis = at.length - 1; axis >= 0; axis--) {
      at[axis] = i % shape.dim(axis);
      i /= shape.dim(axis);
    }
    return at;
  }

  /** Row-major index of the element at these coordinates. */
  private static long index(Shape shape, long[] at) {
    long i = 0;
    for (int axis = 0; axis < at.length; axis++) {
      i = i * shape.dim(axis) + at[axis];
    }
    return i;
  }

  private static boolean inside(Shape shape, long[] at) {
    for (int axis = 0; axis < at.length; axis++) {
      if (at[axis] < 0 || at[axis] >= shape.dim(axis)) {
        return false;
      }
    }
    return true;
  }

  /** Adds {@code sign · offset} to the last coordinates. */
  private static void shift(long[] at, List<Integer> offset, int sign) {
    for (int i = 0; i < offset.size(); i++) {
      at[at.length - offset.size() + i] += sign * offset.get(i);
    }
  }

  static void narrow(Narrow op, RefTensor x, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      long[] at = coordinates(y.shape(), i);
      at[op.axis()] += op.start();
      y.copy(i, x, index(x.shape(), at));
    }
  }

  static void embed(Embed op, RefTensor x, RefTensor y) {
    y.zero();
    for (long i = 0; i < x.elements(); i++) {
      long[] at = coordinates(x.shape(), i);
      at[op.axis()] += op.start();
      y.copy(index(y.shape(), at), x, i);
    }
  }

  static void concat(Concat op, RefTensor[] parts, RefTensor y) {
    long start = 0;
    for (RefTensor x : parts) {
      for (long i = 0; i < x.elements(); i++) {
        long[] at = coordinates(x.shape(), i);
        at[op.axis()] += start;
        y.copy(index(y.shape(), at), x, i);
      }
      start += x.shape().dim(op.axis());
    }
  }

  static void crop(Crop op, RefTensor x, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      long[] at = coordinates(y.shape(), i);
      shift(at, op.offset(), 1);
      y.copy(i, x, index(x.shape(), at));
    }
  }

  static void pad(Pad op, RefTensor x, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      long[] from = source(op, x.shape(), coordinates(y.shape(), i));
      if (inside(x.shape(), from)) {
        y.copy(i, x, index(x.shape(), from));
      } else {
        y.set(i, 0, 0);
      }
    }
  }

  static void padFold(Pad op, RefTensor g, RefTensor y) {
    y.zero();
    for (long i = 0; i < g.elements(); i++) {
      long[] from = source(op, y.shape(), coordinates(g.shape(), i));
      if (inside(y.shape(), from)) {
        y.add(index(y.shape(), from), g.re(i), g.im(i));
      }
    }
  }

  /** Where in the unpadded tensor the padded element at {@code at} comes from. */
  private static long[] source(Pad op, Shape inner, long[] at) {
    shift(at, op.before(), -1);
    if (op.mode() == Pad.Mode.REFLECT) {
      for (int axis = 0; axis < at.length; axis++) {
        long last = inner.dim(axis) - 1;
        at[axis] = at[axis] < 0 ? -at[axis] : at[axis] > last ? 2 * last - at[axis] : at[axis];
      }
    }
    return at;
  }

  static void complexToChannels(RefTensor x, RefTensor y) {
    long positions = y.shape().positions();
    for (long i = 0; i < x.elements(); i++) {
      long real = i / positions * 2 * positions + i % positions;
      y.set(real, x.re(i));
      y.set(real + positions, x.im(i));
    }
  }

  static void channelsToComplex(RefTensor x, RefTensor y) {
    long positions = x.shape().positions();
    for (long i = 0; i < y.elements(); i++) {
      long real = i / positions * 2 * positions + i % positions;
      y.set(i, x.re(real), x.re(real + positions));
    }
  }
}
