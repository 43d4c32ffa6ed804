package dev.larmor.kernels.cuda;

/**
 * One graphics card with the libraries that compute on it: all that the backend asks of NVIDIA's
 * software, and nothing more. The real one goes through JCuda; the tests have one that runs the
 * same kernels on the host and watches the order of calls.
 *
 * <p>Everything runs on one stream of the card, {@link Driver.Stream#COMPUTE}, in the order of the
 * calls; copies between host and card, and what several cards do together, have streams of their
 * own.
 */
interface Cuda extends AutoCloseable {
  Driver driver();

  KernelCompiler compiler();

  FftLibrary fft();

  BlasLibrary blas();

  DnnLibrary dnn();

  /**
   * For several cards; looked for when it is first asked for.
   *
   * @throws dev.larmor.engine.DeviceException in one sentence why there is none
   */
  NcclLibrary nccl();

  /** Gives everything back; memory that was not freed too. */
  @Override
  void close();
}
