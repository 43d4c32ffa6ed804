package dev.larmor.kernels.cuda;

import dev.larmor.engine.op.Uniform;

/** Random numbers by their row-major index, the same bits as on a CPU; {@code noise.cu}. */
final class Noise {
  private static final String FILE = "noise";

  private final Kernels kernels;

  Noise(Kernels kernels) {
    this.kernels = kernels;
  }

  void uniform(Uniform o, Array y) {
    boolean rows = !kernels.channelsLast() || !y.spec().isFeatureMap();
    Launch launch =
        kernels
            .start(FILE, rows ? "uniform_rows" : "uniform_channels_last")
            .table(o.stream().key(), o.stream().high())
            .number(o.low())
            .number(o.high() - o.low())
            .at(y);
    if (rows) {
      launch.count(y.elements()).over(Elementwise.packs(y));
    } else {
      int positions = Math.toIntExact(y.shape().positions());
      launch.whole(y.dim(1)).whole(positions).count(y.elements()).over(y.elements());
    }
  }
}
