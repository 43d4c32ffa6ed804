package dev.larmor.models;

import dev.larmor.engine.Precision;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Golden values on the reference rounded to its dtypes, for half precision on any machine. */
@Tag("long")
final class GoldenHalfLongTest extends GoldenTest {
  GoldenHalfLongTest() {
    super("rounded:ref");
  }

  @Override
  List<String> cases() {
    return List.of("varnet_small");
  }

  @Test
  void bfloat16() {
    checkHalf("varnet_small", Precision.BF16, 2e-2, 0.95);
  }

  @Test
  void float16() {
    checkHalf("varnet_small", Precision.FP16, 2.5e-3, 0.99);
  }
}
