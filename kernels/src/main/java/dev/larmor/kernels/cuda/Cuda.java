package dev.larmor.kernels.cuda;

/**
 * One graphics card with the libraries that compute on it: all that the backend asks of NVIDIA's
 * software, and nothing more. The real one goes through JCuda; the tests have one that runs the
 * same kernels on the host and watches the order of calls.
 *
 * <p>Everything runs on one stream of the card, {@link Driver.Stream#COMPUTE}, in the order of the
 * calls; copies between host and card have streams of their own.
 */
interface Cuda extends AutoCloseable {
  Driver driver();

  KernelCompiler compiler();

  FftLibrary fft();

  BlasLibrary blas();

  DnnLibrary dnn();

  /** Gives everything back; memory that was not freed too. */
  @Override
  void close();
}
