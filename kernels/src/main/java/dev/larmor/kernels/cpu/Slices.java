package dev.larmor.kernels.cpu;

import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Crop;
import dev.larmor.engine.op.Narrow;
import java.util.List;

/** Parts of tensors, and tensors from parts. */
final class Slices {
  private final Blocks blocks;

  Slices(Team team) {
    blocks = new Blocks(team);
  }

  void narrow(Narrow op, Array x, Array y) {
    long[] origin = new long[y.shape().rank()];
    origin[op.axis()] = op.start();
    blocks.copy(x, origin, y, new long[origin.length], y.shape().dims());
  }

  void crop(Crop op, Array x, Array y) {
    long[] origin = new long[y.shape().rank()];
    int first = origin.length - op.offset().size();
    for (int i = first; i < origin.length; i++) {
      origin[i] = op.offset().get(i - first);
    }
    blocks.copy(x, origin, y, new long[origin.length], y.shape().dims());
  }

  void concat(Concat op, List<Array> parts, Array y) {
    long[] origin = new long[y.shape().rank()];
    for (Array x : parts) {
      blocks.copy(x, new long[origin.length], y, origin, x.shape().dims());
      origin[op.axis()] += x.dim(op.axis());
    }
  }
}
