package dev.larmor.kernels.cpu;

import dev.larmor.engine.op.Reshape;

/** Ops that are other looks at the same bytes, or lay feature maps out anew. */
final class Views {
  private final Team team;
  private final Blocks blocks;

  Views(Team team) {
    this.team = team;
    this.blocks = new Blocks(team);
  }

  /** Complex images and their two channels are the same bytes. */
  void complex(Array x, Array y) {
    blocks.copy(x.address(), y.address(), x.spec().bytes());
  }

  /** The elements of {@link Reshape}, in row-major order on both sides. */
  void reshape(Array x, Array y) {
    MemoryOrder from = MemoryOrder.of(x.spec());
    MemoryOrder to = MemoryOrder.of(y.spec());
    int bytes = x.dtype().bytes();
    Split.ranges(
        team,
        y.elements(),
        Split.GRAIN,
        (first, last) -> {
          for (long i = first; i < last; i++) {
            Bytes.copyRows(
                x.address() + from.index(to.rowMajor(i)) * bytes,
                0,
                y.address() + i * bytes,
                0,
                bytes,
                1);
          }
        });
  }
}
