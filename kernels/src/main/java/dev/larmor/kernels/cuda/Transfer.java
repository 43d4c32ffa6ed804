package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import dev.larmor.kernels.cpu.HostLayout;
import dev.larmor.kernels.cuda.Driver.Stream;
import java.lang.foreign.MemorySegment;

/**
 * Copies between host and card, on streams of their own, through two pinned blocks in turns: while
 * the card reads one, the other is filled.
 *
 * <p>An upload returns when the host's memory has been read; the copy then goes on beside whatever
 * the card computes. It waits for earlier work on its block, and only work on its block waits for
 * it ({@link #beforeUse}). So a slice that is uploaded before a step starts costs that step
 * nothing.
 *
 * <p>What cards do together has a stream of its own, too ({@link #beforeExchange}, {@link
 * #afterExchange}).
 */
final class Transfer implements AutoCloseable {
  /** Bytes of a pinned block; larger copies are cut. */
  private static final long STAGE_BYTES = 8L << 20;

  private final Driver driver;
  private final boolean channelsLast;
  private final Stage[] stages = new Stage[2];
  private final long computed;
  private final long uploaded;
  private final long exchanged;
  private int next;

  /** Uploads so far, and the last of them that the compute stream waits for. */
  private long uploads;

  private long awaited;

  /** Ops started so far, and the last of them that is known to be done. */
  private long started;

  private long done;

  private static final class Stage {
    final MemorySegment pinned;
    final long free;

    Stage(Driver driver) {
      pinned = driver.allocatePinned(STAGE_BYTES);
      free = driver.createEvent();
    }
  }

  Transfer(Driver driver, boolean channelsLast) {
    this.driver = driver;
    this.channelsLast = channelsLast;
    computed = driver.createEvent();
    uploaded = driver.createEvent();
    exchanged = driver.createEvent();
    for (int i = 0; i < stages.length; i++) {
      stages[i] = new Stage(driver);
    }
  }

  /** A block that may lie where a freed one did: what was started for that one may still run. */
  CudaBuffer fresh(long address, long bytes) {
    CudaBuffer block = new CudaBuffer(address, bytes, started);
    block.upload = uploads;
    return block;
  }

  /** Orders the op that is about to start behind the uploads of its blocks. */
  void beforeUse(Iterable<CudaBuffer> blocks) {
    started++;
    for (CudaBuffer block : blocks) {
      if (block.upload > awaited) {
        driver.await(uploaded, Stream.COMPUTE);
        awaited = uploads;
      }
      block.lastUse = started;
    }
  }

  /**
   * Orders what is about to be submitted to {@link Stream#COLLECTIVE} behind the ops so far and the
   * uploads of its blocks.
   */
  void beforeExchange(Iterable<CudaBuffer> blocks) {
    beforeUse(blocks);
    driver.record(computed, Stream.COMPUTE);
    driver.await(computed, Stream.COLLECTIVE);
  }

  /** Orders what is started from now on behind all that cards do together; the host goes on. */
  void afterExchange(Iterable<CudaBuffer> blocks) {
    driver.record(exchanged, Stream.COLLECTIVE);
    driver.await(exchanged, Stream.COMPUTE);
    // An upload into one of them waits for the compute stream, which waits for the exchange.
    beforeUse(blocks);
  }

  void upload(MemorySegment host, DType hostType, TensorSpec spec, CudaBuffer to) {
    if (to.lastUse > done) {
      driver.record(computed, Stream.COMPUTE);
      driver.await(computed, Stream.UPLOAD);
    }
    HostLayout layout = new HostLayout(spec, hostType, channelsLast);
    int size = spec.dtype().bytes();
    long elements = spec.shape().elements();
    long most = STAGE_BYTES / size;
    for (long first = 0; first < elements; first += most) {
      long last = Math.min(first + most, elements);
      Stage stage = turn();
      driver.await(stage.free);
      MemorySegment pinned = stage.pinned.asSlice(0, (last - first) * size);
      if (layout.isCopy()) {
        MemorySegment.copy(host, first * size, pinned, 0, pinned.byteSize());
      } else {
        layout.pack(host, first, last, pinned.address());
      }
      driver.upload(pinned, to.address + first * size, Stream.UPLOAD);
      driver.record(stage.free, Stream.UPLOAD);
    }
    driver.record(uploaded, Stream.UPLOAD);
    to.upload = ++uploads;
  }

  void download(CudaBuffer from, TensorSpec spec, MemorySegment host, DType hostType) {
    if (from.upload > awaited) {
      driver.await(uploaded, Stream.DOWNLOAD);
    }
    driver.record(computed, Stream.COMPUTE);
    driver.await(computed, Stream.DOWNLOAD);
    HostLayout layout = new HostLayout(spec, hostType, channelsLast);
    int size = spec.dtype().bytes();
    long elements = spec.shape().elements();
    long most = STAGE_BYTES / size;
    Stage last = null;
    long lastFirst = 0;
    for (long first = 0; first < elements; first += most) {
      Stage stage = turn();
      driver.await(stage.free);
      long count = Math.min(most, elements - first);
      driver.download(
          from.address + first * size, stage.pinned.asSlice(0, count * size), Stream.DOWNLOAD);
      driver.record(stage.free, Stream.DOWNLOAD);
      if (last != null) {
        take(last, lastFirst, most, layout, size, host);
      }
      last = stage;
      lastFirst = first;
    }
    take(last, lastFirst, elements - lastFirst, layout, size, host);
    done = started;
  }

  private void take(
      Stage stage, long first, long count, HostLayout layout, int size, MemorySegment host) {
    driver.await(stage.free);
    if (layout.isCopy()) {
      MemorySegment.copy(stage.pinned, 0, host, first * size, count * size);
    } else {
      layout.unpack(stage.pinned.address(), first, first + count, host);
    }
  }

  private Stage turn() {
    return stages[next++ % stages.length];
  }

  /** Waits for everything. */
  void synchronize() {
    for (Stream stream : Stream.values()) {
      driver.synchronize(stream);
    }
    done = started;
  }

  @Override
  public void close() {
    for (Stage stage : stages) {
      driver.freePinned(stage.pinned);
      driver.destroyEvent(stage.free);
    }
    driver.destroyEvent(computed);
    driver.destroyEvent(uploaded);
    driver.destroyEvent(exchanged);
  }
}
