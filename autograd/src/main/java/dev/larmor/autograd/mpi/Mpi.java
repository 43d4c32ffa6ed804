package dev.larmor.autograd.mpi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.larmor.engine.CollectiveException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * The C functions of an MPI library, all of {@code MPI_COMM_WORLD}, for the one thread that calls
 * them.
 *
 * <p>There are two binary interfaces in use. In Open MPI's, communicators, types and the like are
 * pointers: the addresses of the library's symbols. In MPICH's, which Intel's, Cray's and MVAPICH
 * share, they are numbers of an {@code int}. Method handles make both {@code long}, so that
 * everything else is written once. Pointers are {@code long} too: all data lies off the heap.
 *
 * <p>No call is {@code Linker.Option.critical}: while one runs the garbage collector goes on.
 */
final class Mpi {
  /**
   * What the native libraries are to find in the environment when they are loaded, unless the user
   * set it.
   */
  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          // UCX would take SIGSEGV and others for its own messages. They are the JVM's: without
          // them the next NullPointerException or full stack ends the process.
          "UCX_HANDLE_ERRORS", "none",
          "UCX_ERROR_SIGNALS", "",
          "UCX_DEBUG_SIGNO", "0",
          // So would the libraries for Intel's networks.
          "IPATH_NO_BACKTRACE", "1",
          "HFI_NO_BACKTRACE", "1",
          // Open MPI 4's MPI_Iallreduce takes twice as long as it must for large buffers, but for
          // this algorithm (Rabenseifner's).
          "OMPI_MCA_coll_libnbc_iallreduce_algorithm", "3",
          // A network that is not there is no reason for a warning from each rank.
          "OMPI_MCA_btl_base_warn_component_unused", "0");

  private static final int THREAD_FUNNELED = 1;
  private static final int LONGEST_TEXT = 8192; // MPICH's version has 8192 bytes at most

  private static final MemoryLayout P = JAVA_LONG;
  private static final MemoryLayout I = JAVA_INT;

  /** Element types. */
  enum Type {
    BYTE,
    FLOAT
  }

  /** Where the binary interfaces differ. */
  private record Abi(
      ValueLayout handle,
      long world,
      long bytes,
      long floats,
      long sum,
      long errorsReturn,
      long inPlace,
      long statusIgnore) {
    static Abi of(SymbolLookup library) {
      if (library.find("ompi_mpi_comm_world").isEmpty()) {
        return new Abi(JAVA_INT, 0x44000000, 0x4c00010d, 0x4c00040a, 0x58000003, 0x54000001, -1, 1);
      }
      return new Abi(
          JAVA_LONG,
          library.findOrThrow("ompi_mpi_comm_world").address(),
          library.findOrThrow("ompi_mpi_byte").address(),
          library.findOrThrow("ompi_mpi_float").address(),
          library.findOrThrow("ompi_mpi_op_sum").address(),
          library.findOrThrow("ompi_mpi_errors_return").address(),
          1,
          0);
    }

    long type(Type type) {
      return switch (type) {
        case BYTE -> bytes;
        case FLOAT -> floats;
      };
    }
  }

  private final String name;
  private final SymbolLookup symbols;
  private final Abi abi;

  private final Function initialize;
  private final Function setErrorHandler;
  private final Function version;
  private final Function errorText;
  private final Function rank;
  private final Function size;
  private final Function allReduce;
  private final Function reduceScatter;
  private final Function allGather;
  private final Function broadcast;
  private final Function barrier;
  private final Function test;
  private final Function probe;
  private final Function abort;
  private final Function terminate;

  private final MemorySegment
      flag; // written by MPI_Test, never freed: the library is there for good

  private Mpi(String name, SymbolLookup symbols) {
    this.name = name;
    this.symbols = symbols;
    this.abi = Abi.of(symbols);
    this.flag = Arena.global().allocate(JAVA_INT);
    MemoryLayout handle = abi.handle;
    initialize = new Function("MPI_Init_thread", P, P, I, P);
    setErrorHandler = new Function("MPI_Comm_set_errhandler", handle, handle);
    version = new Function("MPI_Get_library_version", P, P);
    errorText = new Function("MPI_Error_string", I, P, P);
    rank = new Function("MPI_Comm_rank", handle, P);
    size = new Function("MPI_Comm_size", handle, P);
    allReduce = new Function("MPI_Iallreduce", P, P, I, handle, handle, handle, P);
    reduceScatter = new Function("MPI_Ireduce_scatter", P, P, P, handle, handle, handle, P);
    allGather = new Function("MPI_Iallgatherv", P, I, handle, P, P, P, handle, handle, P);
    broadcast = new Function("MPI_Ibcast", P, I, handle, I, handle, P);
    barrier = new Function("MPI_Ibarrier", handle, P);
    test = new Function("MPI_Test", P, P, P);
    probe = new Function("MPI_Iprobe", I, I, handle, P, P);
    abort = new Function("MPI_Abort", handle, I);
    terminate = new Function("MPI_Finalize");
  }

  /**
   * Loads the first of {@code libraries} that there is.
   *
   * @throws CollectiveException in one sentence, if there is none
   */
  static Mpi load(List<String> libraries) {
    ENVIRONMENT.forEach(CLibrary::setEnvironment);
    CollectiveException first = null;
    for (String library : libraries) {
      try {
        return new Mpi(library, CLibrary.load(library));
      } catch (CollectiveException e) {
        first = first == null ? e : first;
      }
    }
    throw new CollectiveException(
        "no MPI library is found: install one (on Debian and Ubuntu: openmpi-bin libopenmpi3) or"
            + " set MPI_LIBRARY to its file"
            + (first == null ? "" : " (" + first.getMessage() + ")"),
        first);
  }

  /** Begins; from then on errors are exceptions. */
  void initialize() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment provided = arena.allocate(JAVA_INT);
      initialize.call(0, 0, THREAD_FUNNELED, provided.address());
    }
    setErrorHandler.call(abi.world, abi.errorsReturn);
  }

  int rank() {
    return number(rank);
  }

  int size() {
    return number(size);
  }

  private int number(Function function) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(JAVA_INT);
      function.call(abi.world, number.address());
      return number.get(JAVA_INT, 0);
    }
  }

  /** As {@code libmpi.so.40 (Open MPI v4.1.4)}. */
  String version() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(LONGEST_TEXT);
      version.call(text.address(), arena.allocate(JAVA_INT).address());
      String words = text.getString(0).lines().findFirst().orElse("").split(",")[0];
      return name + " (" + words.replaceAll("[\\s:]+", " ").strip() + ")";
    }
  }

  /** Begins to sum floats over all ranks, in place. */
  void allReduce(long data, int floats, long request) {
    allReduce.call(abi.inPlace, data, floats, abi.floats, abi.sum, abi.world, request);
  }

  /**
   * Begins to sum floats over all ranks, in place; then this rank's part of the sum is at the
   * beginning.
   *
   * @param counts {@code int[size()]}, the parts' lengths
   */
  void reduceScatter(long data, long counts, long request) {
    reduceScatter.call(abi.inPlace, data, counts, abi.floats, abi.sum, abi.world, request);
  }

  /**
   * Begins to fill {@code data}, where this rank's own elements are in place, with all ranks'.
   *
   * @param counts {@code int[size()]}, how many elements each has
   * @param starts {@code int[size()]}, where they begin
   */
  void allGather(long data, long counts, long starts, Type type, long request) {
    long elements = abi.type(type);
    allGather.call(abi.inPlace, 0, elements, data, counts, starts, elements, abi.world, request);
  }

  /** Begins to give {@code root}'s elements to all. */
  void broadcast(long data, int count, Type type, int root, long request) {
    broadcast.call(data, count, abi.type(type), root, abi.world, request);
  }

  /** Begins to wait for all ranks. */
  void barrier(long request) {
    barrier.call(abi.world, request);
  }

  /** Moves what is under way along; whether {@code request} is complete, and gone with that. */
  boolean test(long request) {
    int error;
    try {
      // Exactly, since an array of arguments would be garbage at each poll.
      error = (int) test.handle.invokeExact(request, flag.address(), abi.statusIgnore);
    } catch (Throwable t) {
      throw CLibrary.unchecked(t);
    }
    test.check(error);
    return flag.get(JAVA_INT, 0) != 0;
  }

  /**
   * Moves along what other ranks wait for though it is complete for this one: a short message may
   * lie half sent in a socket.
   */
  void progress() {
    probe.call(0, 0, abi.world, flag.address(), abi.statusIgnore);
  }

  /** Ends all ranks; may return. */
  void abort(int exitCode) {
    abort.call(abi.world, exitCode);
  }

  /** Leaves, when all ranks do. */
  void terminate() {
    terminate.call();
  }

  /** A function that returns an error code and takes everything as {@code long}. */
  private final class Function {
    private final String name;
    private final MethodHandle handle;
    private final MethodHandle spread;

    @SuppressWarnings("restricted") // calling native code is the purpose
    Function(String name, MemoryLayout... parameters) {
      this.name = name;
      int count = parameters.length;
      handle =
          MethodHandles.explicitCastArguments(
              Linker.nativeLinker()
                  .downcallHandle(
                      symbols.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters)),
              MethodType.methodType(int.class, Collections.nCopies(count, long.class)));
      spread = handle.asSpreader(long[].class, count);
    }

    void call(long... arguments) {
      int error;
      try {
        error = (int) spread.invokeExact(arguments);
      } catch (Throwable t) {
        throw CLibrary.unchecked(t);
      }
      check(error);
    }

    private void check(int error) {
      if (error == 0) {
        return;
      }
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment text = arena.allocate(LONGEST_TEXT);
        errorText.call(error, text.address(), arena.allocate(JAVA_INT).address());
        throw new CollectiveException(
            name + " failed: " + text.getString(0).strip().replaceAll("\\s+", " "));
      }
    }
  }
}
