package dev.larmor.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.larmor.engine.CollectiveException;
import dev.larmor.engine.DeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.NoSuchElementException;

/**
 * NCCL by the foreign function interface, 2.13 or later: JCuda has nothing for it. Pointers and
 * handles travel as {@code long}.
 *
 * <p>Reference: NCCL's user guide, API; {@code nccl.h}.
 */
@SuppressWarnings("restricted") // calling native code is the purpose
final class Nccl implements NcclLibrary {
  // Values of nccl.h.
  private static final int UINT8 = 1;
  private static final int FLOAT32 = 7;
  private static final int SUM = 0;
  private static final int IN_PROGRESS = 7;

  /** {@code ncclUniqueId}, which is passed by value. */
  private static final MemoryLayout UNIQUE_ID =
      MemoryLayout.structLayout(MemoryLayout.sequenceLayout(128, JAVA_BYTE));

  private static final MemoryLayout P = JAVA_LONG;
  private static final MemoryLayout I = JAVA_INT;

  private final SymbolLookup library;
  private final long stream;
  private final String version;
  private final Function getUniqueId;
  private final Function commInitRank;
  private final Function commGetAsyncError;
  private final Function commAbort;
  private final Function commDestroy;
  private final Function groupStart;
  private final Function groupEnd;
  private final Function allReduce;
  private final Function reduce;
  private final Function broadcast;
  private final MethodHandle errorString;
  private final MethodHandle lastError;

  /**
   * The library of a file or name.
   *
   * @param stream what everything is submitted to, a {@code cudaStream_t}
   * @throws DeviceException in one sentence why it can not be used
   */
  Nccl(String file, long stream) {
    this.stream = stream;
    library =
        CudaLibraries.optional(file)
            .orElseThrow(() -> new DeviceException(file + " is not found, or can not be loaded"));
    try {
      errorString = handle("ncclGetErrorString", P, I);
      lastError = handle("ncclGetLastError", P, P);
      getUniqueId = function("ncclGetUniqueId", P);
      commInitRank = function("ncclCommInitRank", P, I, UNIQUE_ID, I);
      commGetAsyncError = function("ncclCommGetAsyncError", P, P);
      commAbort = function("ncclCommAbort", P);
      commDestroy = function("ncclCommDestroy", P);
      groupStart = function("ncclGroupStart");
      groupEnd = function("ncclGroupEnd");
      allReduce = function("ncclAllReduce", P, P, P, I, I, P, P);
      reduce = function("ncclReduce", P, P, P, I, I, I, P, P);
      broadcast = function("ncclBroadcast", P, P, P, I, I, P, P);
      version = readVersion();
    } catch (NoSuchElementException e) {
      throw new DeviceException(file + " is older than NCCL 2.13", e);
    }
  }

  /**
   * The library that {@code NCCL_LIBRARY} names, {@code off} for none; else from where CUDA's
   * libraries are.
   *
   * @throws DeviceException in one sentence why there is none
   */
  static Nccl find(long stream) {
    String own = System.getenv("NCCL_LIBRARY");
    if ("off".equals(own)) {
      throw new DeviceException("NCCL_LIBRARY is off");
    }
    return new Nccl(own == null || own.isBlank() ? CudaLibraries.nccl() : own, stream);
  }

  private String readVersion() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment code = arena.allocate(JAVA_INT);
      function("ncclGetVersion", P).call(code.address());
      int v = code.get(JAVA_INT, 0);
      return "NCCL %d.%d.%d".formatted(v / 10_000, v / 100 % 100, v % 100);
    }
  }

  private MethodHandle handle(String name, MemoryLayout result, MemoryLayout... parameters) {
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(name), FunctionDescriptor.of(result, parameters));
  }

  private Function function(String name, MemoryLayout... parameters) {
    return new Function(name, handle(name, I, parameters));
  }

  /** A function that returns a status. A call of it takes far longer than boxing its arguments. */
  private final class Function {
    private final String name;
    private final MethodHandle handle;

    Function(String name, MethodHandle handle) {
      this.name = name;
      this.handle = handle;
    }

    int status(Object... arguments) {
      return Math.toIntExact(invoke(handle, arguments));
    }

    /**
     * Calls it.
     *
     * @throws CollectiveException if it fails
     */
    void call(Object... arguments) {
      int status = status(arguments);
      if (status != 0 && status != IN_PROGRESS) {
        throw new CollectiveException(name + " failed: " + meaning(status));
      }
    }
  }

  private static long invoke(MethodHandle handle, Object... arguments) {
    try {
      return ((Number) handle.invokeWithArguments(arguments)).longValue();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a call of native code throws nothing", e);
    }
  }

  /** What NCCL says of a status, and of the last thing that went wrong. */
  private String meaning(int status) {
    String last = text(invoke(lastError, 0L));
    return text(invoke(errorString, status))
        + (last.isEmpty() ? "" : " (" + last + ")")
        + "; NCCL_DEBUG=WARN tells more";
  }

  private static String text(long address) {
    return address == 0
        ? ""
        : MemorySegment.ofAddress(address).reinterpret(4096).getString(0).strip();
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public byte[] uniqueId() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment id = arena.allocate(UNIQUE_ID);
      getUniqueId.call(id.address());
      return id.toArray(JAVA_BYTE);
    }
  }

  @Override
  public Communicator join(byte[] id, int rank, int size) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment struct = arena.allocate(UNIQUE_ID).copyFrom(MemorySegment.ofArray(id));
      MemorySegment handle = arena.allocate(JAVA_LONG);
      commInitRank.call(handle.address(), size, struct, rank);
      return new Joined(handle.get(JAVA_LONG, 0));
    }
  }

  private final class Joined implements Communicator {
    private final long handle;

    Joined(long handle) {
      this.handle = handle;
    }

    @Override
    public void group(Runnable calls) {
      groupStart.call();
      try {
        calls.run();
      } catch (CollectiveException e) {
        int _ = groupEnd.status(); // would say the same
        throw e;
      }
      groupEnd.call();
    }

    @Override
    public void allReduce(long address, long elements) {
      allReduce.call(address, address, elements, FLOAT32, SUM, handle, stream);
    }

    @Override
    public void reduce(long from, long to, long elements, int root) {
      reduce.call(from, to, elements, FLOAT32, SUM, root, handle, stream);
    }

    @Override
    public void broadcast(long from, long to, long bytes, int root) {
      broadcast.call(from, to, bytes, UINT8, root, handle, stream);
    }

    @Override
    public String trouble() {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment error = arena.allocate(JAVA_INT);
        int asked = commGetAsyncError.status(handle, error.address());
        int status = asked == 0 ? error.get(JAVA_INT, 0) : asked;
        return status == 0 || status == IN_PROGRESS ? null : meaning(status);
      }
    }

    @Override
    public void abort() {
      int _ = commAbort.status(handle); // whatever it says, this is the end
    }

    @Override
    public void destroy() {
      commDestroy.call(handle);
    }
  }
}
