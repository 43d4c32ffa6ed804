package dev.larmor.models;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Precision;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Golden values on the device under test, {@code -Dlarmor.device}. */
final class GoldenDeviceTest extends GoldenTest {
  private static final String DEVICE = System.getProperty("larmor.device");

  GoldenDeviceTest() {
    super(DEVICE);
  }

  @Override
  List<String> cases() {
    return List.of("fivarnet_small", "fivarnet_attention", "varnet_small");
  }

  @Test
  @Tag("slow-emulated")
  void trainingRun() {
    checkTrainingRun("fivarnet_small");
  }

  /** The half precisions that the device has. */
  static Stream<Precision> halves() {
    try (Device device = Device.open(DEVICE)) {
      Set<DType> dtypes = device.capabilities().dtypes();
      return Stream.of(Precision.BF16, Precision.FP16)
          .filter(precision -> dtypes.contains(precision.features()));
    }
  }

  @ParameterizedTest
  @MethodSource("halves")
  @Tag("slow-emulated")
  void halfPrecision(Precision precision) {
    boolean fp16 = precision == Precision.FP16;
    for (String name : List.of("fivarnet_small", "varnet_small")) {
      checkHalf(name, precision, fp16 ? 2.5e-3 : 2e-2, fp16 ? 0.99 : 0.95);
    }
  }
}
