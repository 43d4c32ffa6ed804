package dev.larmor.kernels.cpu;

import dev.larmor.engine.Philox;
import dev.larmor.engine.op.Uniform;

/** Random numbers, by their row-major index. */
final class Noise {
  private final Team team;

  Noise(Team team) {
    this.team = team;
  }

  void uniform(Uniform op, Array y) {
    Philox stream = op.stream();
    float low = op.low();
    float span = op.high() - op.low();
    MemoryOrder order = MemoryOrder.of(y.spec());
    Split.ranges(
        team,
        y.elements(),
        Split.GRAIN / 8,
        (from, to) -> {
          for (long i = from; i < to; i++) {
            y.set(i, low + span * stream.uniform(order.rowMajor(i)));
          }
        });
  }
}
