package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.PlanCache;

/**
 * One way to compute one convolution in one direction: how it is cut into tasks, and what each task
 * executes. Depends on the geometry and element type only, never on the number of threads.
 */
interface ConvPlan extends PlanCache.Plan {

  /** Bytes of workspace {@link #run} needs; more threads need more scratch. */
  long workspaceBytes();

  /**
   * Runs the plan. What is read and what is written follows from the direction.
   *
   * @param input address of the input, or of its gradient
   * @param weights address of the weights, or of their gradient
   * @param bias address of the bias, 0 if there is none
   * @param output address of the output, or of its gradient
   * @param workspace address of {@link #workspaceBytes()} bytes, 64-byte aligned
   */
  void run(long input, long weights, long bias, long output, long workspace);
}
