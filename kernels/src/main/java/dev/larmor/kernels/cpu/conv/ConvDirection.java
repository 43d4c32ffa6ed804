package dev.larmor.kernels.cpu.conv;

/** The three computations of a convolution. */
public enum ConvDirection {
  /** Output from input and weights. */
  FORWARD,
  /** Gradient of the input from gradient of the output and weights. */
  BACKWARD_DATA,
  /** Gradient of the weights from input and gradient of the output. */
  BACKWARD_WEIGHTS
}
