package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import dev.larmor.kernels.PlanCache;
import java.util.List;
import java.util.Optional;

/** Convolutions of real feature maps (cuDNN). */
interface DnnLibrary {
  /** Which of the three tensors of a convolution is computed from the other two. */
  enum Direction {
    FORWARD,
    INPUT,
    WEIGHT
  }

  /**
   * A convolution as the library sees it; extents are {@code [N, C, spatial…]} whatever the layout.
   *
   * @param type F32, BF16 or F16 of all three tensors; sums are F32
   * @param rounds whether factors of F32 may be rounded to TF32
   * @param channelsLast layout of all three tensors
   * @param x extents of the input
   * @param w extents of the weight {@code [O, C/groups, k…]}
   * @param y extents of the output
   */
  record Problem(
      Direction direction,
      DType type,
      boolean rounds,
      boolean channelsLast,
      List<Integer> x,
      List<Integer> w,
      List<Integer> y,
      List<Integer> stride,
      List<Integer> padding,
      List<Integer> dilation,
      int groups) {}

  /**
   * The fastest deterministic algorithm that the library knows for a problem and that needs no more
   * workspace; none if it has no such. To be closed.
   */
  Optional<Plan> plan(Problem problem, long workspaceBytes);

  /** An algorithm chosen for one problem. */
  interface Plan extends PlanCache.Plan {
    /** What was chosen, for people. */
    String algorithm();

    long workspaceBytes();

    /** Computes the tensor of the problem's direction from the other two. */
    void run(long x, long w, long y, long workspace);
  }
}
