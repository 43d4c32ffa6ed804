package dev.larmor.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.AnatomicalMask;
import dev.larmor.engine.op.ChannelDropout;
import dev.larmor.engine.op.Conv;
import dev.larmor.engine.op.CrossEntropy;
import dev.larmor.engine.op.Dot;
import dev.larmor.engine.op.InstanceNormAct;
import dev.larmor.engine.op.InstanceNormAffineAct;
import dev.larmor.engine.op.Mul;
import dev.larmor.engine.op.OpException;
import dev.larmor.engine.op.Softmax;
import dev.larmor.engine.op.Sum;
import dev.larmor.engine.op.Unary;
import dev.larmor.engine.op.Uniform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TapeTest {
  private Device device;

  @BeforeEach
  void open() {
    device = Device.open(System.getProperty("larmor.device", "cpu"));
  }

  @AfterEach
  void close() {
    device.close(); // throws if a tensor is still held
  }

  private static Tensor halfSquare(Tensor x) {
    return Affine.scale(0.5).apply(new Dot().apply(x, x));
  }

  @Test
  void aTensorUsedSeveralTimesSumsItsGradients() {
    Scope.run(() -> {
      Tensor x = device.tensor(TensorSpec.of(DType.F32, 3), 1, -2, 3);
      float[][] gradient = new float[1][];
      try (Tape tape = new Tape(List.of(), Recompute.NEVER)) {
        tape.watch(x, g -> gradient[0] = g.toFloats());
        Tensor loss =
            tape.record(() -> {
              Tensor twice = new Add().apply(x, x);
              return new Sum().apply(new Mul().apply(new Add().apply(twice, x), x));
            });
        tape.backward(loss, 1, (p, g) -> {});
      }
      assertArrayEquals(new float[] {6, -12, 18}, gradient[0]);
    });
  }

  /** Ops with outputs that only the reverse rule reads, and with an input that has no gradient. */
  @Test
  void aNormalisedClassifierHasTheGradientOfItsLoss() {
    TensorSpec map = TensorSpec.of(DType.F32, 2, 3, 2, 3);
    TensorSpec channel = TensorSpec.of(DType.F32, 3);
    List<GradCheck.Input> inputs =
        List.of(
            new GradCheck.Input(map, normal(map, "x")),
            new GradCheck.Input(channel, new double[] {1.5, 0, -0.7}),
            new GradCheck.Input(channel, new double[] {0.1, -0.4, 0.2}));
    try (Device ref = Device.open("ref")) {
      double worst =
          GradCheck.worst(
              ref,
              inputs,
              in -> {
                Tensor logits = new InstanceNormAffineAct(1e-5f, 0.01f).apply(in);
                double[] classes = {0, 1, 2, 2, 1, 0, 1, 1, 2, 0, 0, 2};
                Tensor labels = ref.fromDoubles(TensorSpec.of(DType.I32, 2, 2, 3), classes);
                Tensor entropy = new CrossEntropy(0.1).apply(logits, labels);
                return new Add().apply(entropy, halfSquare(new Softmax().apply(logits)));
              },
              1e-5);
      assertTrue(worst < 1e-6, "worst " + worst);
    }
  }

  private static double[] normal(TensorSpec spec, String name) {
    double[] values = new double[(int) spec.shape().elements()];
    Arrays.setAll(values, Philox.of(1, name)::normal);
    return values;
  }

  @Test
  void aWatchedIntermediateGetsItsGradientAndPassesItOn() {
    Scope.run(() -> {
      Tensor x = device.tensor(TensorSpec.of(DType.F32, 2), 3, 4);
      List<float[]> seen = new ArrayList<>();
      try (Tape tape = new Tape(List.of(), Recompute.NEVER)) {
        tape.watch(x, g -> seen.add(g.toFloats()));
        Tensor loss =
            tape.record(() -> {
              Tensor y = new Unary(Unary.Function.SQUARE).apply(x);
              tape.watch(y, g -> seen.add(g.toFloats()));
              return halfSquare(y);
            });
        tape.backward(loss, 1, (p, g) -> {});
      }
      assertArrayEquals(new float[] {9, 16}, seen.get(0));
      assertArrayEquals(new float[] {54, 128}, seen.get(1));
    });
  }

  /** Stages of conv, norm and dropout that share one weight; the input skips to the end. */
  private static final class Toy extends Module {
    final Parameter shared =
        parameter("shared", TensorSpec.of(DType.F32, 4, 4, 3, 3), Init.fanIn(36));
    final List<Parameter> own = new ArrayList<>();

    Toy() {
      for (int i = 0; i < 6; i++) {
        own.add(parameter("own" + i, TensorSpec.of(DType.F32, 4, 4, 1, 1), Init.fanIn(4)));
      }
    }

    Tensor apply(Tensor x) {
      return scoped(() -> {
        Tensor y = x;
        for (int i = 0; i < own.size(); i++) {
          Parameter weight = own.get(i);
          y = Tape.checkpoint("stage" + i, in -> stage(in[0], in[1], weight), y, x)[0];
        }
        return halfSquare(y);
      });
    }

    private Tensor[] stage(Tensor y, Tensor skip, Parameter weight) {
      Tensor a = Conv.padded(2, 1).apply(y, shared.value());
      Tensor b = new InstanceNormAct(1e-5f, 0.2f).applyAll(a)[0];
      Training training = Training.current();
      Tensor c =
          training == null ? b : new ChannelDropout(0.3f, training.stream("dropout")).apply(b);
      Tensor d = Conv.padded(2, 0).apply(new Add().apply(c, skip), weight.value());
      return new Tensor[] {new Add().apply(d, new Mul().apply(skip, y))};
    }
  }

  private record Step(Map<String, float[]> gradients, List<String> order, long peak) {}

  private Step step(Recompute recompute, long stepNumber) {
    Map<String, float[]> gradients = new LinkedHashMap<>();
    List<String> order = new ArrayList<>();
    device.ledger().resetPeak();
    try (Toy toy = new Toy()) {
      toy.place(device, Philox.of(1, "init"));
      try (Tape tape = new Tape(toy.parameters(), recompute)) {
        Scope.run(() -> {
          Tensor x = new Uniform(Philox.of(2, "x"), Shape.of(1, 4, 37, 29), -1, 1).on(device);
          tape.watch(x, g -> gradients.put("x", g.toFloats()));
          Tensor loss = new Training(3, stepNumber, 0).run(() -> tape.record(() -> toy.apply(x)));
          tape.backward(
              loss,
              1,
              (p, g) -> {
                order.add(p.name());
                assertNull(gradients.put(p.name(), g.toFloats()), "completed twice");
              });
        });
      }
    }
    return new Step(gradients, order, device.ledger().peak());
  }

  @Test
  void recomputingGivesTheSameBits() {
    Step kept = step(Recompute.NEVER, 1);
    assertEquals(
        Set.of("x", "shared", "own0", "own1", "own2", "own3", "own4", "own5"),
        kept.gradients().keySet());
    List<Recompute> policies = List.of(Recompute.ALWAYS, Recompute.only(Set.of("stage1")));
    for (Recompute policy : policies) {
      Step again = step(policy, 1);
      kept.gradients()
          .forEach((name, g) -> assertArrayEquals(g, again.gradients().get(name), name));
    }
    assertTrue(step(Recompute.ALWAYS, 1).peak() < kept.peak(), "recomputing saves memory");
    assertTrue(
        !Arrays.equals(
            kept.gradients().get("shared"), step(Recompute.NEVER, 2).gradients().get("shared")),
        "another step drops other channels");
  }

  @Test
  void gradientsCompleteLastLayersFirst() {
    for (Recompute policy : List.of(Recompute.NEVER, Recompute.ALWAYS)) {
      assertEquals(List.of("own5", "own4", "own3"), step(policy, 1).order().subList(0, 3));
    }
  }

  @Test
  void aParameterWithoutAGradientIsAnErrorUnlessFrozen() {
    try (Toy toy = new Toy()) {
      toy.place(device, Philox.of(1, "init"));
      IllegalStateException e =
          assertThrows(
              IllegalStateException.class,
              () ->
                  Scope.run(() -> {
                    try (Tape tape = new Tape(toy.parameters(), Recompute.NEVER)) {
                      Tensor loss = tape.record(() -> halfSquare(toy.own.getFirst().value()));
                      tape.backward(loss, 1, (p, g) -> {});
                    }
                  }));
      assertEquals(
          "no gradient for [shared, own1, own2, own3, own4]"
              + " and 1 more: the loss does not depend on them; freeze parameters that"
              + " are not to be trained",
          e.getMessage());
      toy.shared.freeze();
      toy.own.subList(1, 6).forEach(Parameter::freeze);
      Scope.run(() -> {
        try (Tape tape = new Tape(toy.parameters(), Recompute.NEVER);
            Gradients gradients = new Gradients()) {
          Tensor loss = tape.record(() -> halfSquare(toy.own.getFirst().value()));
          tape.backward(loss, 1, gradients);
          assertArrayEquals(
              toy.own.getFirst().value().toFloats(), gradients.of(toy.own.getFirst()).toFloats());
        }
      });
    }
  }

  @Test
  void aNonDifferentiableOpOnATrackedTensorIsAnError() {
    OpException e =
        assertThrows(
            OpException.class,
            () ->
                Scope.run(() -> {
                  Tensor x = new Uniform(Philox.of(2, "x"), Shape.of(1, 8, 8), 0, 1).on(device);
                  try (Tape tape = new Tape(List.of(), Recompute.NEVER)) {
                    tape.watch(x, g -> {});
                    tape.record(() -> Scope.run("mask", () -> new AnatomicalMask(0.5f).apply(x)));
                  }
                }));
    assertTrue(
        e.getMessage()
            .startsWith(
                "[anatomical_mask] is not differentiable, but a gradient through it is wanted"),
        e.getMessage());
    assertTrue(e.getMessage().endsWith("(at mask)"), e.getMessage());
  }

  @Test
  void aStepCutShortFreesEverything() {
    assertThrows(
        ArithmeticException.class,
        () -> {
          try (Toy toy = new Toy()) {
            toy.place(device, Philox.of(1, "init"));
            try (Tape tape = new Tape(toy.parameters(), Recompute.only(Set.of("stage1")))) {
              Scope.run(() -> {
                Tensor x = new Uniform(Philox.of(2, "x"), Shape.of(1, 4, 9, 9), -1, 1).on(device);
                Tensor loss = tape.record(() -> toy.apply(x));
                tape.backward(
                    loss,
                    1,
                    (p, g) -> {
                      throw new ArithmeticException("from the sink");
                    });
              });
            }
          }
        });
    assertEquals(0, device.ledger().live());
  }

  @Test
  void accumulationIsTheSumAndClippingBoundsTheNorm() {
    try (Toy toy = new Toy();
        Gradients gradients = new Gradients()) {
      toy.place(device, Philox.of(1, "init"));
      for (int sample = 0; sample < 2; sample++) {
        int number = sample;
        Scope.run(() -> {
          Tensor x =
              new Uniform(Philox.of(4, "x").with(number), Shape.of(1, 4, 9, 9), -1, 1).on(device);
          try (Tape tape = new Tape(toy.parameters(), Recompute.NEVER)) {
            tape.backward(tape.record(() -> toy.apply(x)), 0.5, gradients);
          }
        });
      }
      double norm = gradients.clip(0.25);
      assertTrue(norm > 0.25, "the norm before clipping is told: " + norm);
      assertEquals(0.25, gradients.norm(), 1e-6);
    }
  }
}
