package dev.larmor.bench.ranks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Gradients;
import dev.larmor.bench.ranks.ScalingModel.Run;
import dev.larmor.bench.ranks.ScalingModel.Step;
import dev.larmor.bench.ranks.ScalingModel.Way;
import dev.larmor.engine.Collective;
import dev.larmor.engine.Collective.Pending;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.models.simclr.SimClr;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ScalingModelTest {
  private static final double GRADIENTS = 90_649_344 * 4.0;

  private static Run run(int cards, int batch, Way way) {
    return new Run("", cards, batch, 25, way, 33, 9);
  }

  @Test
  void originalsRunComputesAsLongAsItTook() {
    Step step = new ScalingModel().step(run(12, 120, Way.RING));
    assertEquals(441.0 / 275, step.compute(), 1e-9);
    assertTrue(step.share() > 0 && step.share() < 0.05, step.toString());
  }

  /** 2 (W − 1) / W of the bytes by the bandwidth, and 2 (W − 1) hops for each bucket. */
  @Test
  void ringsTimeIsThatOfItsBytesAndHops() {
    double exchange = new ScalingModel().step(run(12, 120, Way.RING)).exchange();
    assertEquals(22.0 / 12 * GRADIENTS / 25e9 + 33 * 22 * 5e-6, exchange, 1e-9);
    double free = new ScalingModel().set("hop", 0).step(run(12, 120, Way.RING)).exchange();
    assertEquals(22.0 / 12 * GRADIENTS / 25e9, free, 1e-9);
  }

  /** 10 pairs in chunks of 9 leave one pair's second view for the exchange to hide behind. */
  @Test
  void lastChunkIsWhatTheExchangeHidesBehind() {
    Step uneven = new ScalingModel().step(run(12, 120, Way.RING));
    assertEquals(uneven.compute() / 40, uneven.window(), 1e-9);
    Step even = new ScalingModel().step(new Run("", 12, 120, 25, Way.RING, 33, 5));
    assertEquals(even.compute() / 8, even.window(), 1e-9);
  }

  @Test
  void treeSavesTheRingsHopsAtAThousandCards() {
    ScalingModel model = new ScalingModel();
    assertTrue(
        model.step(run(1000, 1000, Way.TREE)).exchange()
            < model.step(run(1000, 1000, Way.RING)).exchange() / 2);
  }

  /** The real exchange's, of the real network without memory. */
  @Test
  void bucketsAreAsManyAsTheExchangeHas() {
    AtomicInteger sums = new AtomicInteger();
    Collective two =
        (Collective)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Collective.class},
                (_, method, _) ->
                    switch (method.getName()) {
                      case "size" -> 2;
                      case "allReduce" -> {
                        sums.incrementAndGet();
                        yield (Pending) () -> {};
                      }
                      default -> throw new AssertionError(method);
                    });
    try (Device meta = Device.open("meta")) {
      SimClr network = new SimClr(SimClr.Config.DEFAULT);
      network.place(meta, Philox.of(0, "init"));
      try (Gradients gradients = new Gradients(network.parameters(), two)) {
        gradients.exchange();
      }
      network.close();
    }
    ScalingModel model = new ScalingModel();
    assertEquals(sums.get(), model.runs().getFirst().buckets());
  }

  @Test
  void documentHasWhatTheModelSays() throws IOException {
    String document = Files.readString(Path.of("../docs/scaling.md"));
    assertTrue(
        document.contains(new ScalingModel().markdown()),
        "docs/scaling.md is not what bench/run scaling-model prints");
  }
}
