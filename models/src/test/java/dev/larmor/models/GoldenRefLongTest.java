package dev.larmor.models;

import java.util.List;
import org.junit.jupiter.api.Tag;

/**
 * Golden values on the double-precision reference: what is left of an error is the original's own
 * rounding.
 */
@Tag("long")
final class GoldenRefLongTest extends GoldenTest {
  GoldenRefLongTest() {
    super("ref");
  }

  @Override
  List<String> cases() {
    return List.of("fivarnet_small", "fivarnet_attention");
  }
}
