package dev.larmor.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.op.Affine;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LedgerTest {
  private static final TensorSpec KIB = TensorSpec.of(DType.F32, 256);

  private final BytesOnly backend = new BytesOnly();

  private Device open(long budget) {
    return Device.over(backend, DeviceConfig.DEFAULT.withBudget(budget));
  }

  @Test
  void booksByPurposeAndByModule() {
    try (Device device = open(Long.MAX_VALUE)) {
      Ledger ledger = device.ledger();
      Scope.run(
          "unet",
          () -> {
            device.empty(KIB, Tag.PARAMETER);
            Tensor saved = Scope.run("down", () -> device.empty(KIB, Tag.TEMPORARY));
            assertEquals(2048, ledger.live());
            assertEquals(1024, ledger.live(Tag.PARAMETER));
            assertEquals(1024, ledger.live(Tag.TEMPORARY));
            saved.tag(Tag.SAVED);
            assertEquals(Tag.SAVED, saved.tag());
            assertEquals(0, ledger.live(Tag.TEMPORARY));
            assertEquals(1024, ledger.live(Tag.SAVED));
            assertEquals(Map.of("unet", 1024L, "unet.down", 1024L), ledger.bill().byModule());
            return null;
          });
      assertEquals(0, ledger.live());
      for (Tag tag : Tag.values()) {
        assertEquals(0, ledger.live(tag));
      }
      assertEquals(Map.of(), ledger.bill().byModule());
    }
  }

  @Test
  void remembersThePeakAndWhoHeldIt() {
    try (Device device = open(Long.MAX_VALUE)) {
      Ledger ledger = device.ledger();
      ledger.detail(true);
      Scope.run(() -> {
        device.empty(KIB, Tag.PARAMETER);
        Scope.run("a", () -> device.empty(KIB, Tag.SAVED)).drop();
        Scope.run("b", () -> device.empty(KIB.as(Shape.of(512)), Tag.SAVED)).drop();
        Scope.run("c", () -> device.empty(KIB, Tag.SAVED)).drop();
      });
      assertEquals(0, ledger.live());
      assertEquals(3072, ledger.peak());
      Ledger.Bill bill = ledger.peakBill();
      assertEquals(3072, bill.live());
      assertEquals(1024, bill.byTag().get(Tag.PARAMETER));
      assertEquals(2048, bill.byTag().get(Tag.SAVED));
      assertEquals(Map.of("", 1024L, "b", 2048L), bill.byModule());
      ledger.resetPeak();
      assertEquals(0, ledger.peak());
    }
  }

  @Test
  void peakCountsWhatIsLiveNotWhatIsCached() {
    try (Device device = open(Long.MAX_VALUE)) {
      for (int i = 1; i <= 8; i++) {
        TensorSpec spec = TensorSpec.of(DType.F32, 1000L * i);
        Scope.run(() -> {
          device.empty(spec, Tag.TEMPORARY);
        });
      }
      assertEquals(Pool.sizeClass(32_000), device.ledger().peak());
    }
  }

  @Test
  void countsTheWorkspaceOfAnOpWhileItRuns() {
    backend.workspace = 4096;
    try (Device device = open(Long.MAX_VALUE)) {
      Scope.run(() -> {
        Affine.scale(2).apply(device.empty(KIB, Tag.TEMPORARY));
        assertEquals(0, device.ledger().live(Tag.WORKSPACE));
      });
      assertEquals(2048 + 4096, device.ledger().peak());
      assertEquals(4096, device.ledger().peakBill().byTag().get(Tag.WORKSPACE));
    }
  }

  @Test
  void givesTheWorkspaceBackWhenTheBackendFails() {
    backend.workspace = 4096;
    backend.failure = new IllegalStateException("no kernel");
    try (Device device = open(Long.MAX_VALUE)) {
      assertThrows(
          IllegalStateException.class,
          () -> Scope.run(() -> Affine.scale(2).apply(device.empty(KIB, Tag.TEMPORARY))));
      assertEquals(0, device.ledger().live());
    }
  }

  @Test
  void refusesWhatExceedsTheBudgetWithTheBill() {
    try (Device device = open(4096)) {
      Scope.run(
          "unet",
          () -> {
            device.empty(KIB, Tag.PARAMETER);
            Scope.run(
                "down",
                () -> {
                  device.empty(KIB.as(Shape.of(512)), Tag.SAVED);
                  BudgetExceededException e =
                      assertThrows(
                          BudgetExceededException.class,
                          () -> device.empty(KIB.as(Shape.of(257)), Tag.GRADIENT));
                  assertEquals(
                      """
                      out of budget on bytes: 1.25 KiB more for gradient at unet.down; \
                      held 3.00 KiB live + 0 B cached of a budget of 4.00 KiB
                        parameter      1.00 KiB
                        saved          2.00 KiB
                            2.00 KiB at unet.down
                            1.00 KiB at unet\
                      """
                          .replace("\n", System.lineSeparator()),
                      e.getMessage());
                  return null;
                });
            return null;
          });
      assertEquals(0, device.ledger().live());
    }
  }

  @Test
  void givesAnOpTheLeastWorkspaceWhereThereIsNoRoomForMore() {
    backend.workspace = 4096;
    backend.leastWorkspace = 1024;
    try (Device device = open(4096)) {
      Scope.run(() -> {
        Affine.scale(2).apply(device.empty(TensorSpec.of(DType.F32, 64), Tag.TEMPORARY));
        assertEquals(1024, backend.given);
      });
      device.trim();
    }
    try (Device device = open(8192)) {
      Scope.run(() -> {
        Affine.scale(2).apply(device.empty(KIB, Tag.TEMPORARY));
      });
      assertEquals(4096, backend.given);
    }
  }

  @Test
  void refusesAWorkspaceThatExceedsTheBudget() {
    backend.workspace = 4096;
    try (Device device = open(4096)) {
      BudgetExceededException e =
          assertThrows(
              BudgetExceededException.class,
              () -> Scope.run(() -> Affine.scale(2).apply(device.empty(KIB, Tag.TEMPORARY))));
      assertEquals(
          "out of budget on bytes: 4.00 KiB more for workspace; held 2.00 KiB live",
          e.getMessage().substring(0, e.getMessage().indexOf(" + ")));
      assertEquals(0, device.ledger().live());
    }
  }

  @Test
  void printsBytesAsPeopleReadThem() {
    assertEquals("0 B", Ledger.readable(0));
    assertEquals("1023 B", Ledger.readable(1023));
    assertEquals("1.00 KiB", Ledger.readable(1024));
    assertEquals("7.20 GiB", Ledger.readable(DeviceConfig.GTX1080_BUDGET));
    assertEquals("8388608.00 TiB", Ledger.readable(Long.MAX_VALUE));
  }
}
