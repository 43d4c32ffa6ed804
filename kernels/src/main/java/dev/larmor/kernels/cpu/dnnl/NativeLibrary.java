package dev.larmor.kernels.cpu.dnnl;

import dev.larmor.kernels.NativeJar;
import dev.larmor.kernels.NativeJar.Library;
import dev.larmor.kernels.NativeJar.UnpackException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Unpacks oneDNN from its jar into a private directory and loads it: {@code libdnnl.so.3} (90 MB)
 * and the OpenMP runtime it needs, {@code libgomp.so.1}, which it looks for beside itself.
 */
@SuppressWarnings("restricted") // calling native code is the purpose
final class NativeLibrary {

  private static final Library DNNL =
      new Library(
          "libdnnl.so.3",
          89_662_848,
          "a8948803c5718bac623b664be77fb47e24328e8693997e96e02c4308b0ee826f");

  private static final NativeJar JAR =
      new NativeJar(
          "oneDNN",
          "org.bytedeco:dnnl:3.11-1.5.13:linux-x86_64",
          "dnnl-3.11-1.5.13-linux-x86_64",
          "/org/bytedeco/dnnl/linux-x86_64/",
          List.of(
              new Library(
                  "libgomp.so.1",
                  298_776,
                  "115302e45583ad3e8df681c0a5af4c8273b7399f764965280d70d8780e5ee454"),
              DNNL));

  private NativeLibrary() {}

  /**
   * Loads oneDNN for the life of the process.
   *
   * @return the symbols of oneDNN and of the OpenMP runtime it is bound to
   * @throws UnavailableException with the reason in one sentence
   */
  static SymbolLookup load() throws UnavailableException {
    if ("off".equals(System.getProperty("larmor.dnnl"))) {
      throw new UnavailableException("oneDNN is switched off by -Dlarmor.dnnl=off");
    }
    String platform =
        (System.getProperty("os.name") + "-" + System.getProperty("os.arch"))
            .toLowerCase(Locale.ROOT);
    if (!platform.equals("linux-amd64")) {
      throw new UnavailableException("oneDNN is bundled for linux-amd64 only, this is " + platform);
    }
    Path directory;
    try {
      directory = JAR.unpack();
    } catch (UnpackException e) {
      throw new UnavailableException(e.getMessage());
    }
    try {
      // dlsym on libdnnl also searches the libgomp it is bound to, whichever copy the process uses.
      return SymbolLookup.libraryLookup(directory.resolve(DNNL.name()), Arena.global());
    } catch (IllegalArgumentException e) {
      throw new UnavailableException(
          "oneDNN could not be loaded from "
              + directory
              + " (is the file system mounted noexec? set LARMOR_CACHE to another place): "
              + e.getMessage());
    }
  }
}
