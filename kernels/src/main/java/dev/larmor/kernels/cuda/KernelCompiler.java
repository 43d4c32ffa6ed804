package dev.larmor.kernels.cuda;

import java.util.List;

/** Turns CUDA C into code for one card (NVRTC). */
interface KernelCompiler {
  /**
   * Names everything but the source and the options that the result depends on: the compiler's
   * version, the card's architecture, the driver. The key of a cache on disk.
   */
  String identity();

  /**
   * Compiles a source.
   *
   * @param name the file it came from, for messages
   * @param options such as {@code -DELEMENT=F32}
   * @return an image for {@link Driver#loadModule}
   * @throws dev.larmor.engine.DeviceException with the compiler's log, which has file and line
   */
  byte[] compile(String name, String source, List<String> options);
}
