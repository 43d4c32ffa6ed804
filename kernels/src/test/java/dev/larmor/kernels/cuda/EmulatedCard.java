package dev.larmor.kernels.cuda;

import dev.larmor.engine.Backend;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BinaryOperator;

/**
 * A device on an emulated card.
 *
 * @param started the names of the kernels that were started
 */
public record EmulatedCard(Device device, Set<String> started) {
  private static Path nccl;

  /** A card; ranks that are threads have one each, together by a stand-in for NCCL. */
  static Backend open(DeviceConfig config) {
    EmulatedCuda cuda = new EmulatedCuda(EmulatedCuda.CARD);
    cuda.nccl = EmulatedCard::nccl;
    return backend(cuda, config);
  }

  private static Backend backend(EmulatedCuda cuda, DeviceConfig config) {
    try {
      return new CudaBackend("emulated", cuda, config);
    } catch (RuntimeException | Error e) {
      cuda.driver().close();
      throw e;
    }
  }

  /** A card whose kernels are changed: {@code change} makes another text of file and text. */
  public static EmulatedCard changed(DeviceConfig config, BinaryOperator<String> change) {
    EmulatedCuda cuda = new EmulatedCuda(EmulatedCuda.CARD, change);
    Device device = Device.over(backend(cuda, config), config);
    return new EmulatedCard(device, cuda.driver().started);
  }

  /** The stand-in for NCCL, of which a process has one: in it the ranks meet. */
  static synchronized Path nccl() {
    if (nccl == null) {
      try {
        Files.createDirectories(EmulatedCuda.FOLDER);
        nccl = StandIn.nccl(Files.createTempDirectory(EmulatedCuda.FOLDER, "nccl"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return nccl;
  }

  /** The text of every kernel file, by its name. */
  public static Map<String, String> sources() {
    Map<String, String> sources = new TreeMap<>();
    for (String file : KernelFiles.names()) {
      sources.put(file + ".cu", Kernels.source(file, Kernels.class));
    }
    return sources;
  }

  /**
   * Whether there is a C++ compiler, which the emulation needs; a build server must have one.
   *
   * @throws IllegalStateException if it has not
   */
  public static boolean isUsable() {
    boolean there = HostCompiler.isThere();
    if (!there && System.getenv("CI") != null) {
      throw new IllegalStateException("a build server needs a C++ compiler (Debian package g++)");
    }
    return there;
  }
}
