package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.CrossEntropy;

/** Softmax over the classes of each position, and the cross-entropy; {@code likelihood.cu}. */
final class Likelihood {
  private static final String FILE = "likelihood";

  private static final int WARP = 32;

  private final Kernels kernels;
  private final Sums sums;

  Likelihood(Kernels kernels, Sums sums) {
    this.kernels = kernels;
    this.sums = sums;
  }

  private static long places(TensorSpec logits) {
    return logits.shape().elements() / logits.shape().dim(1);
  }

  /** The loss of each place. */
  private static TensorSpec losses(TensorSpec logits) {
    return TensorSpec.of(DType.F32, places(logits));
  }

  /** Of {@link #crossEntropy}: the losses, and what their sum wants. */
  static long workspace(TensorSpec logits) {
    TensorSpec losses = losses(logits);
    return CudaPlanner.aligned(losses.bytes()) + Sums.workspace(losses);
  }

  void softmax(Array x, Array y) {
    start(kernels.start(FILE, "softmax").at(x).at(y), x);
  }

  void softmaxGrad(Array g, Array y, Array dx) {
    start(kernels.start(FILE, "softmax_grad").at(g).at(y).at(dx), g);
  }

  void crossEntropy(CrossEntropy o, Array x, Array labels, Array loss, long workspace) {
    Array losses = new Array(losses(x.spec()), workspace);
    start(
        kernels
            .start(FILE, "cross_entropy")
            .at(x)
            .at(labels)
            .at(losses)
            .number(o.smoothing())
            .number(1.0 / places(x.spec())),
        x);
    sums.sum(losses, loss, workspace + CudaPlanner.aligned(losses.spec().bytes()));
  }

  void crossEntropyGrad(CrossEntropy o, Array g, Array x, Array labels, Array dx) {
    start(
        kernels
            .start(FILE, "cross_entropy_grad")
            .at(g)
            .at(x)
            .at(labels)
            .at(dx)
            .number(o.smoothing())
            .number(1.0 / places(x.spec())),
        x);
  }

  /** Starts a kernel of the places of x, {@code Logits} being its last argument. */
  private void start(Launch launch, Array x) {
    long positions = x.shape().positions();
    int classes = x.dim(1);
    boolean together = kernels.channelsLast() || positions == 1;
    int lanes = together ? Integer.highestOneBit(Math.min(classes, WARP)) : 1;
    long places = places(x.spec());
    launch.table(places, positions, classes, lanes).over(places * lanes);
  }
}
