package dev.larmor.kernels.cuda;

import dev.larmor.engine.DeviceException;
import dev.larmor.kernels.NativeJar;
import dev.larmor.kernels.NativeJar.Library;
import dev.larmor.kernels.NativeJar.UnpackException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import jcuda.jcudnn.JCudnn;

/**
 * Finds NVIDIA's libraries and JCuda's and loads them for the life of the process, in the order
 * that works.
 *
 * <p>JCuda's natives name the libraries they need by file name, and the dynamic linker is content
 * with any library of that name which the process has loaded already. So each is loaded by its path
 * first: no {@code LD_LIBRARY_PATH} is needed. The order matters. NVRTC does not look beside itself
 * for its builtins, and cuDNN 8 ends the process if one of its parts is not there when it is first
 * asked for it – or if an earlier, unrelated search for a library failed.
 */
@SuppressWarnings("restricted") // calling native code is the purpose
final class CudaLibraries {
  /** The driver's library; comes with NVIDIA's driver and with nothing else. */
  private static final String DRIVER = "libcuda.so.1";

  /**
   * A library that JCuda names, and its parts, which are loaded before it from the same place where
   * they are there. A library of another version behind the same name has none.
   */
  private record Group(String name, List<String> parts) {}

  private static final List<Group> GROUPS =
      List.of(
          new Group("libcublas.so.11", List.of("libcublasLt.so.11")),
          // 11.2 is the name of every NVRTC from 11.2 on; its builtins have their true version.
          new Group("libnvrtc.so.11.2", List.of("libnvrtc-builtins.so.11.[2-8]")),
          new Group("libcufft.so.10", List.of()),
          new Group(
              "libcudnn.so.8",
              List.of(
                  "libcudnn_ops_infer.so.8",
                  "libcudnn_ops_train.so.8",
                  "libcudnn_cnn_infer.so.8",
                  "libcudnn_cnn_train.so.8",
                  "libcudnn_adv_infer.so.8",
                  "libcudnn_adv_train.so.8")));

  /** Of profile {@code cuda}: CUDA 11.8 and cuDNN 8.6. */
  private static final NativeJar NVIDIA =
      new NativeJar(
          "CUDA 11.8",
          "org.bytedeco:cuda:11.8-8.6-1.5.8:linux-x86_64-redist",
          "cuda-11.8-8.6-1.5.8-linux-x86_64",
          "/org/bytedeco/cuda/linux-x86_64/",
          List.of(
              new Library(
                  "libcublasLt.so.11",
                  574_565_016,
                  "b6d14a7461b3ec1995427fd179b98b915c9fc81057366ab7bfa4681451b0d308"),
              new Library(
                  "libcublas.so.11",
                  94_729_912,
                  "3b81d170cd613cf9ee24d30b483f7b6d8170d6d32a0354fc207d09c943ae3f62"),
              new Library(
                  "libnvrtc-builtins.so.11.8",
                  7_718_792,
                  "2dc4bf687034e89e117ef82fb300291e4833319a2d47722005d40eeafbafdaaf"),
              new Library(
                  "libnvrtc.so.11.2",
                  54_409_816,
                  "672ee68399b0aa98cf52d056302487da8cce72571034bb470c4cdabb406ca3e2"),
              new Library(
                  "libcufft.so.10",
                  279_161_544,
                  "ca5c6f81d584906b4d32b984ad8704dd65bf75bdab4334ed22ce7eef7501a95a"),
              new Library(
                  "libcudnn_ops_infer.so.8",
                  98_517_432,
                  "b8a0774625621ce1ea819a9d6ccdc0bb9bb2ab469189df9fdaddb11b76c1feda"),
              new Library(
                  "libcudnn_ops_train.so.8",
                  74_838_264,
                  "851293b18360e0cb4cce4cfc501f03933efde24281498877f8f99aed0fade8cc"),
              new Library(
                  "libcudnn_cnn_infer.so.8",
                  620_049_392,
                  "af309e2328f63e193120f9f605e700c13e1f4195453756d66313147f4e8dba15"),
              new Library(
                  "libcudnn_cnn_train.so.8",
                  103_171_472,
                  "efaec9ea0ef980f30cc20753d4d8a31446a0d3fef02f49c63147daad20e9d468"),
              new Library(
                  "libcudnn_adv_infer.so.8",
                  130_410_576,
                  "5a214f15f0fb7f9abe6cb11dfa5a974495e06d4b1ce29910c136f737071e6727"),
              new Library(
                  "libcudnn_adv_train.so.8",
                  112_346_064,
                  "43b5cafd9ae0b8417b9ab3c227f847a60b16688bca3417fd753cbf44a0d6911c"),
              new Library(
                  "libcudnn.so.8",
                  150_200,
                  "26a7288b7315d658acab1073f02c4f18cd1d27eeadde102958f0317dad6656e0")));

  /** In the same jar, and of no use to one card alone. */
  private static final NativeJar NCCL =
      new NativeJar(
          "NCCL 2.15",
          "org.bytedeco:cuda:11.8-8.6-1.5.8:linux-x86_64-redist",
          "nccl-2.15.5-linux-x86_64",
          "/org/bytedeco/cuda/linux-x86_64/",
          List.of(
              new Library(
                  "libnccl.so.2",
                  276_847_776,
                  "0ef922816426defd60345bc9a364a79edae98ab22b16195c5a7bbd6189734241")));

  private static final NativeJar JCUDA =
      new NativeJar(
          "JCuda",
          "org.jcuda:jcuda-natives:11.7.0:linux-x86_64 (or one of its companions)",
          "jcuda-11.7.0-linux-x86_64",
          "/lib/",
          List.of(
              new Library(
                  "libJCudaDriver-11.7.0-linux-x86_64.so",
                  1_157_992,
                  "599c25841e9d0beb52e8ad6f6641b2accca980975d71c3ec8d643bbc50b6abdf"),
              new Library(
                  "libJNvrtc-11.7.0-linux-x86_64.so",
                  63_808,
                  "494f2c6177ca763dc1e6cae7f777d115c82da05045a6d37b3fa5e0b96ade558c"),
              new Library(
                  "libJCublas2-11.7.0-linux-x86_64.so",
                  1_204_152,
                  "bb9954bb4360aacf7c181998dd8d9814071819603f24e28049827996385947ca"),
              new Library(
                  "libJCufft-11.7.0-linux-x86_64.so",
                  78_384,
                  "cfc362bbe2c13326b36ef9a2af248bea05e580e6d2de14a30e38b25b6627fd5e"),
              new Library(
                  "libJCudnn-11.7.0-linux-x86_64.so",
                  320_784,
                  "a00257a9d05327b594fecbf9caf6e3a121bb9854f4412f91439002077595b12d")));

  private static boolean driverLoaded;
  private static String librariesFrom;
  private static String failure;

  private CudaLibraries() {}

  /**
   * Loads the driver's library and JCuda's class for it.
   *
   * @throws DeviceException in one sentence why not
   */
  static synchronized void loadDriver() {
    if (driverLoaded) {
      return;
    }
    String platform =
        (System.getProperty("os.name") + "-" + System.getProperty("os.arch"))
            .toLowerCase(Locale.ROOT);
    if (!platform.equals("linux-amd64")) {
      throw new DeviceException("CUDA cards work on linux-amd64 only, this is " + platform);
    }
    if (lookup(DRIVER).isEmpty()) {
      throw new DeviceException("no NVIDIA driver is installed: " + DRIVER + " is not found");
    }
    // Modules, and kernels of cuDNN and cuBLAS in gigabytes, are loaded when they are first used.
    setEnvironment("CUDA_MODULE_LOADING", "LAZY");
    loadJCuda("jcuda.driver.JCudaDriver");
    driverLoaded = true;
  }

  /**
   * Loads NVRTC, cuBLAS, cuFFT and cuDNN with JCuda's classes for them. Needs no driver.
   *
   * @return where they are from, for people
   * @throws DeviceException in one sentence why not; the same one when asked again, since a failure
   *     to load a class is final
   */
  static synchronized String load() {
    if (librariesFrom == null) {
      if (failure != null) {
        throw new DeviceException(failure);
      }
      try {
        String from = NVIDIA.isOnClassPath() ? loadJar() : loadInstalled(searchPath());
        loadJCuda(
            "jcuda.nvrtc.JNvrtc",
            "jcuda.jcublas.JCublas2",
            "jcuda.jcufft.JCufft",
            "jcuda.jcudnn.JCudnn");
        checkParts();
        librariesFrom = from;
      } catch (DeviceException e) {
        failure = e.getMessage();
        throw e;
      }
    }
    return librariesFrom;
  }

  private static String loadJar() {
    try {
      Path directory = NVIDIA.unpack();
      for (Library library : NVIDIA.libraries()) {
        load(directory.resolve(library.name()));
      }
      return directory.toString();
    } catch (UnpackException e) {
      throw new DeviceException(e.getMessage(), e);
    }
  }

  /** Each library from the first place that has it, together with its parts. */
  private static String loadInstalled(List<Path> places) {
    List<String> missing = new ArrayList<>();
    Set<String> from = new LinkedHashSet<>();
    for (Group group : GROUPS) {
      Optional<Path> place =
          places.stream().filter(path -> Files.isRegularFile(path.resolve(group.name))).findFirst();
      if (place.isPresent()) {
        group.parts.forEach(part -> matches(place.get(), part).forEach(CudaLibraries::load));
        load(place.get().resolve(group.name));
        from.add(place.get().toString());
      } else {
        group.parts.forEach(CudaLibraries::lookup);
        if (lookup(group.name).isPresent()) {
          from.add("the dynamic linker's path");
        } else {
          missing.add(group.name);
        }
      }
    }
    if (!missing.isEmpty()) {
      throw new DeviceException(
          "CUDA's libraries are missing: "
              + String.join(", ", missing)
              + (missing.size() == 1 ? " is" : " are")
              + " in none of "
              + places
              + "; install CUDA 11.8 and cuDNN 8.6, or build with './mvnw -P cuda'");
    }
    return String.join(", ", from);
  }

  /**
   * What {@link #optional} finds NCCL by: its path, if profile {@code cuda}'s jar has it, else its
   * name.
   *
   * @throws DeviceException in one sentence why it can not be unpacked
   */
  static String nccl() {
    String name = NCCL.libraries().getFirst().name();
    try {
      return NCCL.isOnClassPath() ? NCCL.unpack().resolve(name).toString() : name;
    } catch (UnpackException e) {
      throw new DeviceException(e.getMessage(), e);
    }
  }

  /**
   * A library that one can do without, of a path or a name: from the places of CUDA's, else from
   * wherever the dynamic linker finds it.
   */
  static Optional<SymbolLookup> optional(String library) {
    Optional<SymbolLookup> found =
        searchPath().stream()
            .map(place -> place.resolve(library)) // a path of its own stays as it is
            .filter(Files::isRegularFile)
            .findFirst()
            .map(Path::toString)
            .or(() -> Optional.of(library))
            .flatMap(CudaLibraries::lookup);
    if (found.isEmpty()) {
      forgetFailedSearch();
    }
    return found;
  }

  /** An incomplete cuDNN 8 would end the process; a later one has other parts and sees to them. */
  private static void checkParts() {
    if (JCudnn.cudnnGetVersion() >= 9000) {
      return;
    }
    for (String part : GROUPS.getLast().parts) {
      if (lookup(part).isEmpty()) { // finds what is loaded, wherever it is from
        throw new DeviceException("cuDNN is not complete: " + part + " is not beside it");
      }
    }
  }

  /** Where CUDA is usually installed, the user's own wishes first. */
  private static List<Path> searchPath() {
    Set<Path> places = new LinkedHashSet<>();
    String own = System.getenv("LD_LIBRARY_PATH");
    if (own != null) {
      Stream.of(own.split(":")).filter(s -> !s.isBlank()).map(Path::of).forEach(places::add);
    }
    String home = System.getenv("CUDA_HOME");
    if (home != null && !home.isBlank()) {
      places.add(Path.of(home, "lib64"));
    }
    places.add(Path.of("/usr/local/cuda/lib64"));
    for (Path toolkit : matches(Path.of("/usr/local"), "cuda-11*").reversed()) {
      places.add(toolkit.resolve("lib64"));
    }
    places.add(Path.of("/usr/lib/x86_64-linux-gnu"));
    places.add(Path.of("/usr/lib64"));
    return places.stream().filter(Files::isDirectory).toList();
  }

  private static List<Path> matches(Path directory, String glob) {
    List<Path> paths = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, glob)) {
      stream.forEach(paths::add);
    } catch (IOException e) {
      return List.of(); // what can not be listed has nothing for us
    }
    paths.sort(null);
    return paths;
  }

  private static void load(Path library) {
    try {
      System.load(library.toAbsolutePath().toString());
    } catch (UnsatisfiedLinkError e) {
      throw notLoaded(library.getFileName().toString(), e);
    }
  }

  /**
   * Initialises JCuda's classes, each of which loads its library. JCuda takes it from {@code
   * java.io.tmpdir}, without a look at what is there under its name; so that is our own checked
   * directory for as long as it looks.
   */
  private static void loadJCuda(String... classes) {
    Path directory;
    try {
      directory = JCUDA.unpack();
    } catch (UnpackException e) {
      throw new DeviceException(e.getMessage(), e);
    }
    String temporary = System.getProperty("java.io.tmpdir");
    System.setProperty("java.io.tmpdir", directory.toString());
    try {
      for (String name : classes) {
        Class.forName(name);
      }
    } catch (ClassNotFoundException e) {
      throw new DeviceException("JCuda's jars are not on the class path", e);
    } catch (LinkageError e) {
      throw notLoaded("JCuda", e);
    } finally {
      System.setProperty("java.io.tmpdir", temporary);
    }
  }

  /**
   * The sentence for an error that says {@code FILE: FILE: what is wrong with it}, in a line among
   * two stack traces if it is JCuda's.
   */
  private static DeviceException notLoaded(String what, LinkageError error) {
    String message = String.valueOf(error.getMessage());
    String line =
        message
            .lines()
            .filter(l -> l.contains("UnsatisfiedLinkError: /"))
            .reduce((_, last) -> last)
            .map(l -> l.substring(l.indexOf('/')))
            .orElse(message.lines().findFirst().orElse(message));
    String file = line.substring(0, Math.max(0, line.indexOf(": ")));
    return new DeviceException(
        what
            + " could not be loaded (if its file system is mounted noexec, set LARMOR_CACHE to"
            + " another place): "
            + line.replace(file + ": " + file + ": ", file + ": "),
        error);
  }

  private static Optional<SymbolLookup> lookup(String library) {
    try {
      return Optional.of(SymbolLookup.libraryLookup(library, Arena.global()));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /** Sets a variable that the user has not set. */
  private static void setEnvironment(String name, String value) {
    Linker linker = Linker.nativeLinker();
    try (Arena arena = Arena.ofConfined()) {
      int _ =
          (int)
              linker
                  .downcallHandle(
                      linker.defaultLookup().findOrThrow("setenv"),
                      FunctionDescriptor.of(
                          ValueLayout.JAVA_INT,
                          ValueLayout.ADDRESS,
                          ValueLayout.ADDRESS,
                          ValueLayout.JAVA_INT))
                  .invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
    } catch (Throwable e) {
      throw new AssertionError("setenv is in every C library", e);
    }
  }

  /** cuDNN 8 takes an old error for a failure of its own search. */
  private static void forgetFailedSearch() {
    Linker linker = Linker.nativeLinker();
    try {
      MemorySegment _ =
          (MemorySegment)
              linker
                  .downcallHandle(
                      linker.defaultLookup().findOrThrow("dlerror"),
                      FunctionDescriptor.of(ValueLayout.ADDRESS))
                  .invokeExact();
    } catch (Throwable e) {
      throw new AssertionError("dlerror is in every C library", e);
    }
  }
}
