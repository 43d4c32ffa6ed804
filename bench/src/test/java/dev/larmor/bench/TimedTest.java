package dev.larmor.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Device;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Roofline;
import dev.larmor.engine.op.Cost;
import dev.larmor.models.training.DryRun;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.annotations.Param;

class TimedTest {
  /** Small shapes of the ops that are not otherwise run before they are timed. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "axpy/forward/1x2x6x5",
        "narrow/forward/1x2x6x5",
        "reflect/both/1x2x20x21",
        "moments/both/1x2x6x5",
        "cast/both/1x2x6x5",
        "rss/both/3x6x5",
        "residual/both/3x6x5",
        "dc/both/3x6x5",
        "sobel/both/1x8x8",
        "softmax/both/5x3",
        "entropy/both/2x3x6x5"
      })
  void opsRunAgainAndAgain(String op) {
    try (Timed work = new TimedOp(op, "cpu", 1, Precision.FP32)) {
      work.run();
      work.run();
      assertEquals(op + " fp32", work.name());
      assertEquals("", work.besideRoofline(1)); // nobody knows the speed of this processor
    }
  }

  /** What the suite runs by default has its inputs' shapes right. */
  @Test
  void everyOpOfTheSuiteHasACost() throws NoSuchFieldException {
    Roofline roofline;
    try (Device card = Device.open("meta:gtx1080")) {
      roofline = card.capabilities().roofline();
    }
    String[] ops = OpBenchmark.class.getDeclaredField("op").getAnnotation(Param.class).value();
    assertTrue(ops.length > 30);
    for (String op : ops) {
      try (TimedOp work = new TimedOp(op, "meta:gtx1080", 1, Precision.FP32)) {
        work.run();
        assertTrue(work.leastSeconds() > 1e3 / roofline.bytesPerSecond(), op);
        assertTrue(work.besideRoofline(1).contains("modelled, at least"), op);
      }
    }
  }

  @Test
  void leastTimeIsTheSumOverTheOps() {
    List<Cost> ops = List.of(new Cost(1, 1), new Cost(20, 1));
    assertEquals(3, Limit.seconds(new Roofline(10, 1), ops));
  }

  @Test
  void slicesAreWrittenAsCoilsByHeightByWidth() {
    assertEquals(new DryRun.Size(15, 640, 372, 384), Scan.KNEE.size());
    assertEquals("brain 16x768x396", Scan.BRAIN.title());
  }
}
