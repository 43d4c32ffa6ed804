package dev.larmor.kernels.cpu.dnnl;

import java.io.Serial;

/** oneDNN cannot be used on this machine; the message says why in one sentence. */
final class UnavailableException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  UnavailableException(String reason) {
    super(reason);
  }
}
