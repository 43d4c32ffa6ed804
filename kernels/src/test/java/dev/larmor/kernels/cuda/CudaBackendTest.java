package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.BudgetExceededException;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Conv;
import dev.larmor.engine.op.InstanceNormAct;
import dev.larmor.engine.op.Sum;
import java.util.ArrayDeque;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the backend asks of its card. */
class CudaBackendTest {
  private static final long MIB = 1 << 20;

  @BeforeAll
  static void findCompiler() {
    assumeTrue(EmulatedCard.isUsable(), "no C++ compiler to emulate a card with");
  }

  private static Device device(EmulatedCuda cuda, DeviceConfig config) {
    return Device.over(new CudaBackend("emulated", cuda, config), config);
  }

  /** Blocks of many sizes, live and cached, never take more of the card than was agreed. */
  @Test
  void staysWithinItsBudgetWhileWidthsVary() {
    long budget = 96 * MIB;
    EmulatedCuda cuda = new EmulatedCuda(EmulatedCuda.CARD);
    cuda.driver().refusesSlabs = false;
    try (Device device = device(cuda, DeviceConfig.DEFAULT.withBudget(budget))) {
      ArrayDeque<Tensor> kept = new ArrayDeque<>();
      for (int step = 0; step < 300; step++) {
        TensorSpec spec = TensorSpec.of(DType.F32, 1, 3, 40 + 7 * (step % 11), 200 + step % 97);
        kept.add(
            Scope.run(() ->
                new InstanceNormAct(1e-5f, 0.2f)
                    .applyAll(device.empty(spec, Tag.TEMPORARY))[0].unscoped()));
        if (kept.size() > 40) {
          kept.poll().close();
        }
        assertTrue(
            cuda.driver().heldBytes <= budget + DeviceArena.SLAB,
            () -> cuda.driver().heldBytes + " bytes are held");
      }
      kept.forEach(Tensor::close);
      device.trim();
      assertEquals(0, cuda.driver().heldBytes);
    }
  }

  /** A convolution whose library gets no scratch memory is slower, not refused. */
  @Test
  void convolvesWithoutTheLibrarysShareWhereThereIsNoRoom() {
    EmulatedCuda cuda = new EmulatedCuda(EmulatedCuda.CARD);
    try (Device device = device(cuda, DeviceConfig.DEFAULT.withBudget(MIB))) {
      Scope.run(() -> {
        Tensor x = device.tensor(TensorSpec.of(DType.F32, 1, 1, 1, 3), 1, 2, 3);
        Tensor w = device.tensor(TensorSpec.of(DType.F32, 1, 1, 1, 1), 2);
        assertEquals(12, new Sum().apply(Conv.padded(2, 0).apply(x, w)).item());
      });
      assertTrue(device.ledger().peak() <= MIB);
    }
  }

  @Test
  void saysWithTheBillThatTheCardIsFull() {
    CardFacts c = EmulatedCuda.CARD;
    CardFacts small =
        new CardFacts("small", 9, 0, 64 * MIB, c.multiprocessors(), 1e9, 1e9, c.driver());
    try (Device device = device(new EmulatedCuda(small), DeviceConfig.DEFAULT)) {
      Scope.run(
          "unet",
          () -> {
            device.empty(TensorSpec.of(DType.U8, 40 * MIB), Tag.SAVED);
            BudgetExceededException e =
                assertThrows(
                    BudgetExceededException.class,
                    () -> device.empty(TensorSpec.of(DType.U8, 40 * MIB), Tag.SAVED));
            assertTrue(
                e.getMessage()
                    .startsWith("emulated: the card has no 41943040 bytes left: 40.00 MiB"),
                e.getMessage());
            return null;
          });
    }
  }

  @Test
  void refusesWhatTheCardHasNot() {
    CardFacts pascal = new CardFacts("GeForce GTX 1080", 6, 1, 8L << 30, 20, 1.7e9, 320e9, 12_000);
    EmulatedCuda cuda = new EmulatedCuda(pascal);
    DeviceConfig tf32 = DeviceConfig.DEFAULT.withPrecision(Precision.TF32);
    DeviceException e =
        assertThrows(DeviceException.class, () -> new CudaBackend("cuda:0", cuda, tf32));
    assertEquals(
        "GeForce GTX 1080 has no TF32, which came with compute capability 8.0: use fp32 or fp16",
        e.getMessage());
    cuda.driver().close();
  }

  /** Kernels for another card may give nothing and no error. */
  @Test
  void noticesACardThatComputesNothing() {
    DeviceException e =
        assertThrows(
            DeviceException.class,
            () ->
                EmulatedCard.changed(
                    DeviceConfig.DEFAULT,
                    (file, source) ->
                        file.equals("elementwise.cu")
                            ? source.replace("return scale * p + shift;", "return 0;")
                            : source));
    assertEquals(
        "emulated does not compute: a kernel (affine) gives 0.0 where 1999.0 is right;"
            + " do the libraries fit the driver?",
        e.getMessage());
  }

  @Test
  void namesTheFileAndLineOfAKernelThatDoesNotCompile() {
    DeviceException e =
        assertThrows(
            DeviceException.class,
            () ->
                EmulatedCard.changed(
                    DeviceConfig.DEFAULT,
                    (file, source) ->
                        file.equals("sums.cu")
                            ? source + "\n#line 7 \"sums.cu\"\nint f() {"
                            : source));
    assertTrue(e.getMessage().startsWith("sums.cu does not compile: "), e.getMessage());
    assertTrue(e.getMessage().contains("sums.cu:"), e.getMessage());
  }

  /** Whoever drives the device, the card is current on his thread. */
  @Test
  void followsItsDriverFromThreadToThread() throws InterruptedException {
    try (Device device = device(new EmulatedCuda(EmulatedCuda.CARD), DeviceConfig.DEFAULT)) {
      double[] found = new double[1];
      Thread other =
          new Thread(() -> found[0] = Scope.run(() -> new Sum().apply(device.scalar(3)).item()));
      other.start();
      other.join();
      assertEquals(3, found[0]);
      assertEquals(4, Scope.run(() -> new Sum().apply(device.scalar(4)).item()));
    }
  }
}
