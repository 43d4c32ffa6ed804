package dev.larmor.kernels.cuda;

import dev.larmor.engine.op.AdamStep;
import dev.larmor.engine.op.SgdStep;
import java.util.function.Consumer;

/** Parameter updates, many parameters at once; {@code optimizer.cu}. */
final class Optimizer {
  private static final String FILE = "optimizer";

  /** Parameters of one launch. */
  private static final int TENSORS = 80;

  /** Elements that a block takes. */
  private static final int CHUNK = 16 * Launch.BLOCK;

  /** 64-bit words that tell of a parameter. */
  private static final int WORDS = 6;

  private final Kernels kernels;
  private final long[] table = new long[TENSORS * WORDS];

  Optimizer(Kernels kernels) {
    this.kernels = kernels;
  }

  /** Tensors in groups of four: parameter, gradient, first moment and second. */
  void adam(AdamStep o, Array[] tensors) {
    double debias1 = 1 - Math.pow(o.beta1(), (double) o.step());
    double debias2 = 1 - Math.pow(o.beta2(), (double) o.step());
    launch(
        "adam",
        4,
        tensors,
        launch ->
            launch
                .number(o.decoupled() ? 1 - o.rate() * o.weightDecay() : 1)
                .number(o.decoupled() ? 0 : o.weightDecay())
                .number(o.beta1())
                .number(1 - o.beta1())
                .number(o.beta2())
                .number(1 - o.beta2())
                .number(o.rate() / debias1)
                .number(Math.sqrt(debias2))
                .number(o.eps()));
  }

  /** Tensors in groups of three: parameter, gradient and velocity. */
  void sgd(SgdStep o, Array[] tensors) {
    launch(
        "sgd",
        3,
        tensors,
        launch ->
            launch
                .number(o.rate())
                .number(o.momentum())
                .number(o.weightDecay())
                .number(o.nesterov() ? 1 : 0));
  }

  /**
   * As many launches as it takes. The parts of a complex parameter are two parameters.
   *
   * @param group tensors for each parameter, at most 4
   * @param constants of the step
   */
  private void launch(String function, int group, Array[] tensors, Consumer<Launch> constants) {
    for (int first = 0; first < tensors.length; first += group * TENSORS) {
      long blocks = 0;
      for (int i = 0; i < TENSORS; i++) {
        int at = first + group * i;
        if (at < tensors.length) {
          for (int k = 0; k < group; k++) {
            table[WORDS * i + k] = tensors[at + k].address();
          }
          table[WORDS * i + 4] = tensors[at].reals();
          table[WORDS * i + 5] = blocks;
          blocks += Math.ceilDiv(tensors[at].reals(), CHUNK);
        } else {
          table[WORDS * i + 5] = Long.MAX_VALUE;
        }
      }
      Launch launch = kernels.start(FILE, function).table(table);
      constants.accept(launch);
      launch.blocks(blocks);
    }
  }
}
