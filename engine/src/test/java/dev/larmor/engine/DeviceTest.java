package dev.larmor.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.Cast;
import dev.larmor.engine.op.ComplexToChannels;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.Op;
import dev.larmor.engine.op.OpException;
import dev.larmor.engine.op.Reshape;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeviceTest {
  private static final TensorSpec SPEC = TensorSpec.of(DType.F32, 4);

  private final BytesOnly backend = new BytesOnly();
  private Device device;

  @BeforeEach
  void open() {
    device = Device.over(backend, DeviceConfig.DEFAULT);
  }

  @AfterEach
  void close() {
    device.close();
  }

  private static String message(Class<? extends RuntimeException> type, Runnable body) {
    return assertThrows(type, () -> Scope.run(body)).getMessage();
  }

  @Test
  void namesWhatCanBeOpenedWhenTheNameIsUnknown() {
    assertEquals(
        "unknown device 'tpu': expected one of [lost:OPS:DEVICE, rounded:DEVICE]",
        assertThrows(DeviceException.class, () -> Device.open("tpu")).getMessage());
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
    try {
      assertEquals(
          "unknown device 'tpu': no backend is on the class path",
          assertThrows(DeviceException.class, () -> Device.open("tpu")).getMessage());
    } finally {
      Thread.currentThread().setContextClassLoader(loader);
    }
  }

  @Test
  void checksItsConfiguration() {
    DeviceConfig config = DeviceConfig.DEFAULT;
    assertEquals(
        "threads must be at least 1, not 0",
        message(IllegalArgumentException.class, () -> config.withThreads(0)));
    assertEquals(
        "budget must be at least 1 byte, not 0",
        message(IllegalArgumentException.class, () -> config.withBudget(0)));
    assertEquals(
        "cache must not be negative: -1",
        message(IllegalArgumentException.class, () -> config.withCache(-1)));
  }

  @Test
  void wantsAsManyNumbersAsTheSpecHas() {
    assertEquals(
        "3 floats given for F32[4], expected 4 for F32 or C64",
        message(IllegalArgumentException.class, () -> device.tensor(SPEC, 1, 2, 3)));
    assertEquals(
        "4 floats given for I32[4], expected 4 for F32 or C64",
        message(
            IllegalArgumentException.class,
            () -> device.tensor(TensorSpec.of(DType.I32, 4), 1, 2, 3, 4)));
    assertEquals(
        "4 doubles given for C64[4], expected 8",
        message(
            IllegalArgumentException.class,
            () -> device.fromDoubles(TensorSpec.of(DType.C64, 4), 1, 2, 3, 4)));
    assertEquals(0, device.ledger().live());
  }

  @Test
  void wantsEnoughHostMemory() {
    String expected = "host memory has 15 bytes, F32[4] needs 16";
    try (Arena arena = Arena.ofConfined()) {
      assertEquals(
          expected,
          message(IllegalArgumentException.class, () -> device.tensor(SPEC, arena.allocate(15))));
      assertEquals(
          expected,
          message(
              IllegalArgumentException.class,
              () -> device.empty(SPEC, Tag.TEMPORARY).download(arena.allocate(15))));
    }
  }

  @Test
  void itemWantsOneElement() {
    assertEquals(
        "item() wants one element, this is F32[4]",
        message(IllegalStateException.class, () -> device.empty(SPEC, Tag.TEMPORARY).item()));
  }

  @Test
  void refusesDtypesThatTheBackendDoesNotCompute() {
    assertEquals(
        "[fill] bytes does not compute in C64: output C64[4] (at unet)",
        assertThrows(
                OpException.class,
                () -> Scope.run("unet", () -> new Fill(TensorSpec.of(DType.C64, 4), 1).on(device)))
            .getMessage());
  }

  @Test
  void refusesInputsThatTheBackendDoesNotComputeButConvertsThem() {
    Scope.run(() -> {
      Tensor wide = device.empty(TensorSpec.of(DType.F64, 4), Tag.TEMPORARY);
      assertEquals(
          "[add] bytes does not compute in F64: input F64[4]",
          message(OpException.class, () -> new Add().apply(wide, wide)));
      assertEquals(DType.F32, new Cast(DType.F32).apply(wide).dtype());
      assertEquals(DType.F64, new Reshape(Shape.of(2, 2)).apply(wide).dtype());
    });
  }

  @Test
  void opErrorsNameTheModule() {
    assertEquals(
        "[add] inputs must have the same dtype and shape: F32[4], F32[5] (at unet.up)",
        assertThrows(
                OpException.class,
                () ->
                    Scope.run(
                        "unet.up",
                        () ->
                            new Add()
                                .apply(
                                    device.empty(SPEC, Tag.TEMPORARY),
                                    device.empty(SPEC.as(Shape.of(5)), Tag.TEMPORARY))))
            .getMessage());
  }

  @Test
  void viewsTakeNoMemoryWhereTheLayoutAllows() {
    Scope.run(() -> {
      Tensor x = device.empty(TensorSpec.of(DType.F32, 2, 3, 4, 5), Tag.TEMPORARY);
      long before = device.ledger().live();
      new Reshape(Shape.of(6, 20)).apply(x);
      assertEquals(before, device.ledger().live());
    });
    Op.View reshape = new Reshape(Shape.of(6, 20));
    TensorSpec map = TensorSpec.of(DType.F32, 2, 3, 4, 5);
    assertTrue(reshape.aliases(map, false));
    assertFalse(reshape.aliases(map, true), "channels-last elements change places");
    Op.View channels = new ComplexToChannels();
    assertTrue(channels.aliases(TensorSpec.of(DType.C64, 1, 2, 3), true));
    assertFalse(channels.aliases(TensorSpec.of(DType.C64, 1, 2, 3), false));
  }

  @Test
  void tellsTheListenerAndTheRecorderOfEachOp() {
    List<String> heard = new ArrayList<>();
    device.listen((op, inputs, outputs, where) -> heard.add(op.name() + inputs + outputs + where));
    Recorder recorder = (op, inputs, outputs) -> heard.add("recorded " + op.name());
    Scope.run(
        "unet",
        () -> {
          Tensor x = device.scalar(1);
          Recorder.with(
              recorder,
              () -> {
                Affine.scale(2).apply(x);
                Recorder.paused(() -> Affine.scale(3).apply(x));
                return null;
              });
          return null;
        });
    assertNull(Recorder.current());
    assertEquals(
        List.of(
            "fill[][F32[]]unet",
            "affine[F32[]][F32[]]unet",
            "recorded affine",
            "affine[F32[]][F32[]]unet"),
        heard);
  }

  @Test
  void freesEverythingWhenItCloses() {
    Scope.run(() -> {
      device.scalar(1);
    });
    assertTrue(backend.heldBytes() > 0, "cached");
    device.close();
    assertEquals(0, backend.heldBytes());
    assertTrue(backend.closed);
    device.close(); // again is nothing
  }

  @Test
  void closingWithTensorsHeldShowsTheBill() {
    Tensor held = Scope.run("unet", () -> device.empty(SPEC, Tag.SAVED));
    String expected =
        """
        device bytes closed with tensors held: held 256 B live + 0 B cached
          saved             256 B
                 256 B at unet\
        """
            .replace("\n", System.lineSeparator());
    IllegalStateException e = assertThrows(IllegalStateException.class, device::close);
    assertEquals(expected, e.getMessage());
    assertFalse(Device.opened().contains(device));
    held.close(); // the backend took the memory when it closed
    assertEquals(0, device.ledger().live());
  }

  @Test
  void isNotUsedAfterItWasClosed() {
    device.close();
    assertEquals(
        "device bytes is closed", message(IllegalStateException.class, () -> device.scalar(1)));
  }
}
