package dev.larmor.kernels.cuda;

import dev.larmor.engine.DeviceException;
import dev.larmor.engine.DeviceLostException;
import dev.larmor.engine.Ledger;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import jcuda.runtime.cudaStream_t;

/**
 * One card through NVIDIA's driver, by JCuda.
 *
 * <p>It is used through its primary context, the one that cuBLAS, cuFFT and cuDNN use by
 * themselves. An error inside a kernel is reported by whatever call comes after it, and from then
 * on by every call: the card is lost to the process. With {@code -Dlarmor.cuda.sync=true} each
 * kernel is waited for, so the one that failed is named.
 */
final class CardDriver implements Driver {
  /** Errors that leave the context unusable; whatever is done next reports them again. */
  private static final Set<Integer> FINAL =
      Set.of(
          CUresult.CUDA_ERROR_DEINITIALIZED,
          CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
          CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
          CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
          CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
          CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
          CUresult.CUDA_ERROR_ASSERT,
          CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
          CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
          CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
          CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
          CUresult.CUDA_ERROR_INVALID_PC,
          CUresult.CUDA_ERROR_LAUNCH_FAILED,
          CUresult.CUDA_ERROR_UNKNOWN);

  private final String name;
  private final boolean sync = Boolean.getBoolean("larmor.cuda.sync");
  private final CUdevice device;
  private final CardFacts card;
  private final CUcontext context = new CUcontext();
  private final Map<Stream, OwnStream> streams = new EnumMap<>(Stream.class);
  private final CUstream compute;
  private final Handles<CUmodule> modules = new Handles<>();
  private final Handles<CUfunction> functions = new Handles<>();
  private final Map<Long, String> kernels = new HashMap<>();
  private final Handles<CUevent> events = new Handles<>();
  private final Set<Long> blocks = new HashSet<>();
  private final Set<Long> pinnedBlocks = new HashSet<>();

  /** The parameters of the last launch; they mostly lie where they lay before. */
  private Pointer parameters = new Pointer();

  private long parametersAddress;

  private String lost;
  private boolean closed;

  /**
   * Opens a card.
   *
   * @param name as in {@code cuda:0}
   * @param index number of the card, less than {@link Cards#count}
   */
  CardDriver(String name, int index) {
    this.name = name;
    this.card = Cards.facts(index);
    this.device = Cards.device(index);
    check(JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "its context");
    try {
      attach();
      for (Stream stream : Stream.values()) {
        OwnStream made = new OwnStream();
        check(JCudaDriver.cuStreamCreate(made, CUstream_flags.CU_STREAM_NON_BLOCKING), "a stream");
        streams.put(stream, made);
      }
      compute = streams.get(Stream.COMPUTE);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** A stream whose address can be asked for. */
  private static final class OwnStream extends CUstream {
    long address() {
      return getNativePointer();
    }
  }

  @Override
  public CardFacts card() {
    return card;
  }

  /** As in {@code cuda:0}. */
  String name() {
    return name;
  }

  /** The stream that everything is computed on, as the libraries take it. */
  cudaStream_t computeStream() {
    return new cudaStream_t(compute);
  }

  /** The address of {@link Stream#COLLECTIVE}, as NCCL takes it. */
  long collectiveStream() {
    return streams.get(Stream.COLLECTIVE).address();
  }

  @Override
  public String busId() {
    return Cards.busId(device);
  }

  @Override
  public void attach() {
    check(JCudaDriver.cuCtxSetCurrent(context), "attaching a thread");
  }

  @Override
  public long allocate(long bytes) {
    CUdeviceptr block = new CUdeviceptr();
    int code = JCudaDriver.cuMemAlloc(block, bytes);
    if (code == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      throw new OutOfMemoryError(
          "%s has no %s left: %s of %s are free"
              .formatted(
                  name,
                  Ledger.readable(bytes),
                  Ledger.readable(freeBytes()),
                  Ledger.readable(card.memoryBytes())));
    }
    check(code, "allocating " + Ledger.readable(bytes));
    long address = new Address(block).value();
    blocks.add(address);
    return address;
  }

  @Override
  public void free(long address) {
    if (!blocks.remove(address)) {
      throw new IllegalArgumentException("not an allocated block: " + address);
    }
    if (lost == null) {
      // What is submitted may still use the block, on any stream.
      check(JCudaDriver.cuCtxSynchronize(), "waiting for all work");
      check(JCudaDriver.cuMemFree(pointer(address)), "freeing memory");
    }
  }

  @Override
  public long freeBytes() {
    long[] free = {0};
    check(JCudaDriver.cuMemGetInfo(free, new long[1]), "asking for its free memory");
    return free[0];
  }

  @Override
  public MemorySegment allocatePinned(long bytes) {
    Pointer pinned = new Pointer();
    int code = JCudaDriver.cuMemHostAlloc(pinned, bytes, 0);
    if (code == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      throw new OutOfMemoryError(
          "this machine has no " + Ledger.readable(bytes) + " of memory to lock for " + name);
    }
    check(code, "locking " + Ledger.readable(bytes) + " of the machine's memory");
    long address = new Address(pinned).value();
    pinnedBlocks.add(address);
    return reinterpret(address, bytes);
  }

  @SuppressWarnings("restricted") // the driver made it as large
  private static MemorySegment reinterpret(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  @Override
  public void freePinned(MemorySegment pinned) {
    if (!pinnedBlocks.remove(pinned.address())) {
      throw new IllegalArgumentException("not a pinned block: " + pinned);
    }
    int code = JCudaDriver.cuMemFreeHost(new Address(pinned.address()));
    if (lost == null) {
      check(code, "unlocking memory");
    }
  }

  @Override
  public void upload(MemorySegment pinned, long to, Stream stream) {
    check(
        JCudaDriver.cuMemcpyHtoDAsync(
            pointer(to), new Address(pinned.address()), pinned.byteSize(), streams.get(stream)),
        "an upload");
  }

  @Override
  public void download(long from, MemorySegment pinned, Stream stream) {
    check(
        JCudaDriver.cuMemcpyDtoHAsync(
            new Address(pinned.address()), pointer(from), pinned.byteSize(), streams.get(stream)),
        "a download");
  }

  @Override
  public long createEvent() {
    CUevent event = new CUevent();
    check(JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING), "an event");
    return events.add(event);
  }

  @Override
  public void destroyEvent(long event) {
    int code = JCudaDriver.cuEventDestroy(events.remove(event));
    if (lost == null) {
      check(code, "an event");
    }
  }

  @Override
  public void record(long event, Stream stream) {
    check(JCudaDriver.cuEventRecord(events.get(event), streams.get(stream)), "an event");
  }

  @Override
  public void await(long event, Stream stream) {
    check(JCudaDriver.cuStreamWaitEvent(streams.get(stream), events.get(event), 0), "an event");
  }

  @Override
  public void await(long event) {
    check(JCudaDriver.cuEventSynchronize(events.get(event)), "waiting for an event");
  }

  @Override
  public void synchronize(Stream stream) {
    check(JCudaDriver.cuStreamSynchronize(streams.get(stream)), "waiting for a stream");
  }

  @Override
  public long loadModule(byte[] image) {
    CUmodule module = new CUmodule();
    check(JCudaDriver.cuModuleLoadData(module, image), "loading kernels");
    return modules.add(module);
  }

  @Override
  public long function(long module, String kernel) {
    CUfunction function = new CUfunction();
    check(
        JCudaDriver.cuModuleGetFunction(function, modules.get(module), kernel),
        "looking for kernel " + kernel);
    long handle = functions.add(function);
    kernels.put(handle, kernel);
    return handle;
  }

  @Override
  public void launch(
      long function, int gridX, int gridY, int blockX, int blockY, MemorySegment parameters) {
    if (parameters.address() != parametersAddress) {
      parametersAddress = parameters.address();
      this.parameters = new Address(parametersAddress);
    }
    int code =
        JCudaDriver.cuLaunchKernel(
            functions.get(function),
            gridX,
            gridY,
            1,
            blockX,
            blockY,
            1,
            0,
            compute,
            this.parameters,
            null);
    if (code != CUresult.CUDA_SUCCESS) {
      throw failure(
          code,
          "kernel %s with %d x %d blocks of %d x %d threads"
              .formatted(kernels.get(function), gridX, gridY, blockX, blockY));
    }
    if (sync) {
      check(JCudaDriver.cuStreamSynchronize(compute), "kernel " + kernels.get(function));
    }
  }

  /** A call of a library went well; with {@code -Dlarmor.cuda.sync=true} so must its work. */
  void submitted(String call) {
    if (sync) {
      check(JCudaDriver.cuStreamSynchronize(compute), call);
    }
  }

  /** What to throw when a call of a library did not go well. */
  DeviceException libraryFailure(String call, String status) {
    // Whatever went wrong before on the card says more than the library's status.
    check(JCudaDriver.cuCtxSynchronize(), call);
    return new DeviceException(
        "%s failed on %s with %s, %s of memory are free"
            .formatted(call, name, status, Ledger.readable(freeBytes())));
  }

  private void check(int code, String what) {
    if (code != CUresult.CUDA_SUCCESS) {
      throw failure(code, what);
    }
  }

  private DeviceException failure(int code, String what) {
    if (lost != null) {
      return new DeviceLostException(lost);
    }
    if (code == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      return new DeviceException(
          name + " has no memory left for " + what + ", another process may hold it");
    }
    String error = name + " failed at " + what + ": " + Cards.error(code);
    if (!FINAL.contains(code)) {
      return new DeviceException(error);
    }
    lost =
        error
            + ", and is lost to this process"
            + (sync
                ? ""
                : "; the cause may be an earlier kernel, which -Dlarmor.cuda.sync=true finds");
    return new DeviceLostException(lost);
  }

  static CUdeviceptr pointer(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** Gives back everything that was made here. Errors change nothing any more: it is closed. */
  void close() {
    if (closed) {
      return;
    }
    closed = true;
    JCudaDriver.cuCtxSetCurrent(context);
    JCudaDriver.cuCtxSynchronize();
    List.copyOf(blocks).forEach(block -> JCudaDriver.cuMemFree(pointer(block)));
    List.copyOf(pinnedBlocks).forEach(block -> JCudaDriver.cuMemFreeHost(new Address(block)));
    events.all().forEach(JCudaDriver::cuEventDestroy);
    modules.all().forEach(JCudaDriver::cuModuleUnload);
    streams.values().forEach(JCudaDriver::cuStreamDestroy);
    JCudaDriver.cuDevicePrimaryCtxRelease(device);
  }
}
