package dev.larmor.kernels.meta;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.engine.BudgetExceededException;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Roofline;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Conv;
import dev.larmor.engine.op.Cost;
import dev.larmor.engine.op.Fill;
import java.util.EnumSet;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetaBackendTest {
  @Test
  void booksTensorsThatNoMachineHolds() {
    try (Device meta = Device.open("meta")) {
      Scope.run(() -> {
        new Fill(TensorSpec.of(DType.U8, 1L << 40), 1).on(meta);
        assertEquals(1L << 40, meta.ledger().live());
        meta.empty(TensorSpec.of(DType.F32, 3, 1L << 31), Tag.TEMPORARY);
        assertEquals((1L << 40) + 3 * (1L << 33), meta.ledger().live());
      });
      assertEquals(0, meta.ledger().live());
    }
  }

  @Test
  void hasNoValuesToRead() {
    try (Device meta = Device.open("meta")) {
      Scope.run(() -> {
        Tensor x = meta.tensor(TensorSpec.of(DType.F32, 2), 1, 2);
        String message = "a dry run has no values: F32[2] on meta can not be read";
        assertEquals(message, assertThrows(DeviceException.class, x::toDoubles).getMessage());
        assertEquals(message, assertThrows(DeviceException.class, x::toFloats).getMessage());
      });
    }
  }

  @Test
  void knowsTheCards() {
    try (Device gtx = Device.open("meta:gtx1080");
        Device h200 = Device.open("meta:h200");
        Device meta = Device.open("meta")) {
      assertEquals(8L << 30, gtx.capabilities().memoryBytes());
      assertEquals(new Roofline(8.9e12, 320e9), gtx.capabilities().roofline());
      assertEquals(new Roofline(67e12, 4.8e12), h200.capabilities().roofline());
      assertNull(meta.capabilities().roofline());
    }
    assertEquals(
        "unknown dry run 'meta:gtx1081': expected one of " + new MetaProvider().devices(),
        assertThrows(DeviceException.class, () -> Device.open("meta:gtx1081")).getMessage());
  }

  @Test
  void cardsHaveTheDtypesOfTheirComputeCapability() {
    EnumSet<DType> pascal = EnumSet.of(DType.F32, DType.C64, DType.F16, DType.I32, DType.U8);
    EnumSet<DType> ampere = EnumSet.copyOf(pascal);
    ampere.add(DType.BF16);
    Map<String, EnumSet<DType>> expected =
        Map.of(
            "meta:gtx1080",
            pascal,
            "meta:sm_61",
            pascal,
            "meta:h200",
            ampere,
            "meta:sm_80",
            ampere);
    expected.forEach((name, dtypes) -> {
      try (Device device = Device.open(name)) {
        assertEquals(dtypes, device.capabilities().dtypes(), name);
        assertEquals(name, device.dryRun());
      }
    });
  }

  /** Tensor cores want channels last, and fp32 does not use them. */
  @ParameterizedTest
  @CsvSource({
    "meta:gtx1080, FP32, false",
    "meta:gtx1080, FP16, false",
    "meta:sm_75, FP16, true",
    "meta:h200, FP32, false",
    "meta:h200, TF32, true",
    "meta:h200, BF16, true",
    "meta:h200, FP16, true"
  })
  void layoutFollowsFromCardAndPrecision(String name, Precision precision, boolean channelsLast) {
    try (Device device = Device.open(name, DeviceConfig.DEFAULT.withPrecision(precision))) {
      assertEquals(channelsLast, device.capabilities().channelsLast());
    }
  }

  @Test
  void estimatesTimeByTheSlowerOfArithmeticAndMemory() {
    Roofline gtx = Card.GTX1080.roofline;
    assertEquals(1, gtx.seconds(new Cost(8.9e12, 1)));
    assertEquals(2, gtx.seconds(new Cost(8.9e12, 640e9)));
    assertEquals(
        "roofline of 0.0 FLOP/s and 1.0 B/s",
        assertThrows(IllegalArgumentException.class, () -> new Roofline(0, 1)).getMessage());
  }

  @Test
  void chargesTheWorkspaceOfACard() {
    TensorSpec image = TensorSpec.of(DType.F32, 1, 2, 64, 64);
    TensorSpec weight = TensorSpec.of(DType.F32, 8, 2, 3, 3);
    try (Device gtx = Device.open("meta:gtx1080")) {
      Scope.run(() -> {
        Tensor x = gtx.empty(image, Tag.TEMPORARY);
        Tensor w = gtx.empty(weight, Tag.PARAMETER);
        Conv.padded(2, 1).apply(x, w);
      });
      assertEquals(64L << 20, gtx.ledger().peakBill().byTag().get(Tag.WORKSPACE));
    }
  }

  @Test
  void refusesWhatDoesNotFitTheCardsBudget() {
    DeviceConfig config = DeviceConfig.DEFAULT.withBudget(DeviceConfig.GTX1080_BUDGET);
    try (Device gtx = Device.open("meta:gtx1080", config)) {
      BudgetExceededException e =
          assertThrows(
              BudgetExceededException.class,
              () ->
                  Scope.run(
                      "unet", () -> gtx.empty(TensorSpec.of(DType.F32, 1L << 31), Tag.SAVED)));
      assertEquals(
          "out of budget on meta:gtx1080: 8.00 GiB more for saved at unet; "
              + "held 0 B live + 0 B cached of a budget of 7.20 GiB",
          e.getMessage());
    }
  }
}
