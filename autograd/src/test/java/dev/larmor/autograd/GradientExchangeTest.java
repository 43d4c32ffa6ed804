package dev.larmor.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Collective;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shares;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.ThreadRanks;
import dev.larmor.engine.op.Affine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Gradients of several ranks are summed as one rank alone would have summed them. */
final class GradientExchangeTest {
  private static final int PARAMETERS = 40;
  private static final int PASSES = 5;

  /** Parameters of sizes that fill buckets unevenly; one is frozen. */
  private static final class Weights extends Module {
    private final List<Parameter> own = new ArrayList<>();

    Weights() {
      for (int i = 0; i < PARAMETERS; i++) {
        own.add(
            parameter(
                "w" + i, TensorSpec.of(DType.F32, 1 + (i * 7919) % 200_000), Init.constant(0)));
      }
      own.get(3).freeze();
    }
  }

  /** A gradient of whole numbers, so that sums are exact in any order. */
  private static Tensor gradient(Parameter parameter, int pass) {
    Tensor ramp =
        parameter.value().device().fromDoubles(parameter.spec(), numbers(parameter, pass));
    return Affine.scale(1).apply(ramp);
  }

  private static double[] numbers(Parameter parameter, int pass) {
    double[] values = new double[(int) parameter.spec().shape().elements()];
    Philox stream = Philox.of(pass, parameter.name());
    for (int i = 0; i < values.length; i++) {
      values[i] = stream.below(1000, i);
    }
    return values;
  }

  private static void backward(Weights weights, int pass, GradSink sink) {
    for (Parameter parameter : weights.own.reversed()) {
      if (!parameter.frozen()) {
        Scope.run(() -> sink.complete(parameter, gradient(parameter, pass)));
      }
    }
  }

  private static double[][] sums(Collective ranks, int steps) {
    try (Device device = Device.open("ref");
        Weights weights = new Weights()) {
      weights.place(device, Philox.of(1, "init"));
      double[][] sums = new double[PARAMETERS][];
      try (Gradients gradients = new Gradients(weights.parameters(), ranks)) {
        for (int step = 0; step < steps; step++) {
          gradients.clear();
          Shares.Share share = ranks.share(PASSES);
          for (int pass = share.first(); pass < share.end(); pass++) {
            if (pass == share.end() - 1) {
              gradients.lastPass();
            }
            backward(weights, pass, gradients);
          }
          gradients.exchange();
        }
        for (int i = 0; i < PARAMETERS; i++) {
          Tensor sum = gradients.of(weights.own.get(i));
          sums[i] = sum == null ? new double[0] : sum.toDoubles();
        }
      }
      return sums;
    }
  }

  @Test
  void sumsAreThoseOfOneRank() {
    double[][] one = sums(Collective.single(), 1);
    for (int size : new int[] {2, 3, 7}) { // of seven ranks, two have no pass
      for (double[][] each : ThreadRanks.run(size, ranks -> sums(ranks, 2))) {
        for (int i = 0; i < PARAMETERS; i++) {
          assertArrayEquals(one[i], each[i], size + " ranks, parameter " + i);
        }
      }
    }
    assertEquals(0, one[3].length);
    assertTrue(Arrays.stream(one[0]).sum() > 0);
  }

  @Test
  void bucketsAreSentBeforeTheBackwardPassEnds() {
    ThreadRanks.run(
        2,
        ranks -> {
          AtomicInteger sent = new AtomicInteger();
          try (Device device = Device.open("ref");
              Weights weights = new Weights();
              Gradients gradients =
                  new Gradients(weights.parameters(), new CountingRanks(ranks, sent))) {
            weights.place(device, Philox.of(1, "init"));
            backward(weights, 0, gradients);
            assertEquals(0, sent.get(), "gradients may still grow");
            gradients.lastPass();
            backward(weights, 1, gradients);
            int before = sent.get();
            gradients.exchange();
            assertEquals(before, sent.get(), "nothing is left for the end");
            assertTrue(before > 1, "several buckets");
          }
          return null;
        });
  }

  @Test
  void leavingOutAParameterIsAnError() {
    assertThrows(
        IllegalStateException.class,
        () ->
            ThreadRanks.run(
                2,
                ranks -> {
                  try (Device device = Device.open("ref");
                      Weights weights = new Weights();
                      Gradients gradients = new Gradients(weights.parameters(), ranks)) {
                    weights.place(device, Philox.of(1, "init"));
                    Parameter only = weights.own.getFirst();
                    Scope.run(() -> gradients.complete(only, gradient(only, 0)));
                    gradients.exchange();
                  }
                  return null;
                }));
  }
}
