package dev.larmor.models;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Golden values on the device under test, {@code -Dlarmor.device}. */
final class GoldenDeviceTest extends GoldenTest {
  GoldenDeviceTest() {
    super(System.getProperty("larmor.device"));
  }

  @Override
  List<String> cases() {
    return List.of("fivarnet_small", "fivarnet_attention", "varnet_small");
  }

  @Test
  void trainingRun() {
    checkTrainingRun("fivarnet_small");
  }

  @Test
  void bfloat16() {
    checkBfloat16("fivarnet_small");
    checkBfloat16("varnet_small");
  }
}
