package dev.larmor.models;

import java.util.List;

/** Golden values on the double-precision reference: the smallest case, since it is slow. */
final class GoldenRefTest extends GoldenTest {
  GoldenRefTest() {
    super("ref");
  }

  @Override
  List<String> cases() {
    return List.of("varnet_small");
  }
}
