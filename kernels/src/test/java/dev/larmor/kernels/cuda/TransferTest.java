package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Backend.Operand;
import dev.larmor.engine.Buffer;
import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Affine;
import dev.larmor.kernels.HostMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Copies keep their order with kernels, and wait for nothing else. */
class TransferTest {
  /** More than two pinned blocks hold, and not a multiple. */
  private static final TensorSpec LARGE = TensorSpec.of(DType.F32, 5_000_003);

  private static final TensorSpec SMALL = TensorSpec.of(DType.F32, 100);

  private final EmulatedCuda cuda = new EmulatedCuda(EmulatedCuda.CARD);
  private final CudaBackend backend = new CudaBackend("emulated", cuda, DeviceConfig.DEFAULT);

  @AfterEach
  void close() {
    backend.close();
  }

  private Buffer buffer(TensorSpec spec) {
    return backend.allocate(spec.bytes());
  }

  private static MemorySegment host(TensorSpec spec, float first) {
    MemorySegment host = HostMemory.allocate(spec.bytes());
    for (long i = 0; i < spec.shape().elements(); i++) {
      host.setAtIndex(ValueLayout.JAVA_FLOAT, i, first + (int) (i % 1000));
    }
    return host;
  }

  private void twice(TensorSpec spec, Buffer from, Buffer to) {
    backend.run(
        Affine.scale(2), List.of(new Operand(spec, from)), List.of(new Operand(spec, to)), null);
  }

  private float read(TensorSpec spec, Buffer buffer, long index) {
    MemorySegment host = HostMemory.allocate(spec.bytes());
    try {
      backend.download(buffer, spec, host, DType.F32);
      return host.getAtIndex(ValueLayout.JAVA_FLOAT, index);
    } finally {
      HostMemory.free(host);
    }
  }

  @Test
  void movesMoreThanThePinnedBlocksHold() {
    MemorySegment host = host(LARGE, 0);
    Buffer x = buffer(LARGE);
    backend.upload(host, DType.F32, LARGE, x);
    host.fill((byte) 0); // it has been read
    MemorySegment back = HostMemory.allocate(LARGE.bytes());
    backend.download(x, LARGE, back, DType.F32);
    for (long i = 0; i < LARGE.shape().elements(); i++) {
      assertEquals((int) (i % 1000), back.getAtIndex(ValueLayout.JAVA_FLOAT, i));
    }
    HostMemory.free(host);
    HostMemory.free(back);
  }

  @Test
  void aKernelWaitsForTheUploadOfItsInput() {
    Buffer x = buffer(SMALL);
    Buffer y = buffer(SMALL);
    MemorySegment host = host(SMALL, 5);
    backend.upload(host, DType.F32, SMALL, x);
    twice(SMALL, x, y);
    assertEquals(2 * (5 + 7), read(SMALL, y, 7));
    HostMemory.free(host);
  }

  @Test
  void anUploadWaitsForKernelsThatReadTheOldValues() {
    Buffer x = buffer(SMALL);
    Buffer y = buffer(SMALL);
    for (int round = 0; round < 5; round++) {
      MemorySegment host = host(SMALL, 10 * round);
      backend.upload(host, DType.F32, SMALL, x);
      twice(SMALL, x, y);
      HostMemory.free(host);
    }
    assertEquals(2 * (40 + 7), read(SMALL, y, 7));
  }

  /** The next slice goes up while a step computes. */
  @Test
  void aKernelDoesNotWaitForAnUploadThatItDoesNotNeed() {
    Buffer x = buffer(SMALL);
    Buffer y = buffer(SMALL);
    Buffer next = buffer(SMALL);
    MemorySegment host = host(SMALL, 1);
    backend.upload(host, DType.F32, SMALL, x);
    twice(SMALL, x, y);
    backend.synchronize();
    backend.upload(host, DType.F32, SMALL, next);
    twice(SMALL, y, x);
    assertTrue(cuda.driver().hasCopiesWaiting(Driver.Stream.UPLOAD), "the upload still goes on");
    twice(SMALL, next, y);
    assertEquals(2 * (1 + 7), read(SMALL, y, 7));
    HostMemory.free(host);
  }

  @Test
  void memoryThatWasFreedIsNotWrittenByAnOldUpload() {
    MemorySegment host = host(SMALL, 1);
    Buffer x = buffer(SMALL);
    backend.upload(host, DType.F32, SMALL, x);
    backend.free(x);
    Buffer y = buffer(SMALL);
    Buffer z = buffer(SMALL);
    backend.upload(host, DType.F32, SMALL, z);
    twice(SMALL, z, y);
    assertEquals(2 * (1 + 3), read(SMALL, y, 3));
    HostMemory.free(host);
  }

  /** What the emulated driver is for: it must notice when an order is missing. */
  @Test
  void theDriverNoticesAMissingOrder() {
    EmulatedDriver driver = cuda.driver();
    long block = driver.allocate(400);
    MemorySegment pinned = driver.allocatePinned(400);
    driver.upload(pinned, block, Driver.Stream.UPLOAD);
    assertThrows(
        AssertionError.class, () -> driver.download(block, pinned, Driver.Stream.DOWNLOAD));
    long event = driver.createEvent();
    driver.record(event, Driver.Stream.UPLOAD);
    driver.await(event, Driver.Stream.DOWNLOAD);
    driver.download(block, pinned, Driver.Stream.DOWNLOAD);
    assertThrows(AssertionError.class, () -> driver.upload(pinned, block, Driver.Stream.UPLOAD));
    driver.synchronize(Driver.Stream.DOWNLOAD);
    driver.upload(pinned, block, Driver.Stream.UPLOAD);
    assertThrows(
        AssertionError.class, () -> driver.upload(pinned, block + 4, Driver.Stream.UPLOAD));
    driver.free(block);
    assertThrows(AssertionError.class, () -> driver.free(block));
    assertThrows(AssertionError.class, () -> driver.upload(pinned, block, Driver.Stream.UPLOAD));
    driver.freePinned(pinned);
    driver.destroyEvent(event);
  }
}
