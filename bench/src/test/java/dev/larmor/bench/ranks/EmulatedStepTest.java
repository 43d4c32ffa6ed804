package dev.larmor.bench.ranks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Module;
import dev.larmor.bench.ranks.EmulatedStep.Timing;
import dev.larmor.bench.ranks.EmulatedStep.Way;
import dev.larmor.bench.ranks.StepTrace.Arrival;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.ThreadRanks;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.simclr.SimClr;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmulatedStepTest {
  private static final SimClr.Config SMALL =
      new SimClr.Config(
          new ResidualEncoder.Config(1, List.of(2, 3), List.of(1, 1), Precision.FP32), 4, 3);

  /** The last layers' gradients come first, evenly over 60 ms after as many. */
  private static StepTrace trace() {
    try (Device meta = Device.open("meta")) {
      Module network = new SimClr(SMALL);
      network.place(meta, Philox.of(0, "init"));
      List<String> names =
          network.parameters().reversed().stream().map(parameter -> parameter.name()).toList();
      network.close();
      double each = 0.06 / (names.size() - 1);
      return new StepTrace(
          names.stream().map(n -> new Arrival(n, 0.06 + names.indexOf(n) * each)).toList(), 0.15);
    }
  }

  /** The step checks its sums itself: after a second exchange they are the double. */
  @Test
  void gradientsAreSummedInEveryWayAndTheStepTakesItsTime() {
    StepTrace trace = trace();
    List<Integer> passed =
        ThreadRanks.run(
            2,
            ranks -> {
              try (EmulatedStep step = new EmulatedStep(ranks, SMALL)) {
                assertTrue(step.backward(trace, Way.ALONE).seconds() >= 0.149);
                for (Way way : List.of(Way.AT_END, Way.OVERLAPPED)) {
                  Timing timing = step.backward(trace, way);
                  assertTrue(timing.seconds() >= 0.149, timing.toString());
                  assertTrue(timing.waited() <= timing.seconds(), timing.toString());
                }
                assertTrue(step.whole(trace, 3).seconds() >= 0.149);
                assertTrue(step.stage() > 0);
                return ranks.rank();
              }
            });
    assertEquals(List.of(0, 1), passed);
  }

  @Test
  void traceIsOfMoreImagesOrOfAnotherSpeed(@TempDir Path folder) {
    StepTrace trace = trace();
    StepTrace twice = trace.times(2);
    assertEquals(0.24, twice.backward(), 1e-9);
    assertEquals(trace.update(), twice.update(), 1e-9);
    StepTrace slower = trace.backwardIn(3);
    assertEquals(0, slower.arrivals().getFirst().seconds(), 1e-9);
    assertEquals(3, slower.backward(), 1e-9);
    assertEquals(0, slower.update(), 1e-9);
    Path file = folder.resolve("trace");
    trace.write(file);
    StepTrace read = StepTrace.read(file);
    assertEquals(trace.end(), read.end(), 1e-6);
    assertEquals(trace.arrivals().size(), read.arrivals().size());
    assertEquals(trace.arrivals().get(1).parameter(), read.arrivals().get(1).parameter());
  }
}
