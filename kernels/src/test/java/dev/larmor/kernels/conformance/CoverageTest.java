package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Op;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No op is left out: the sealed hierarchy is walked, and each record must be in the lists. */
class CoverageTest {
  /** Every op of the project; {@link Op.Custom} is others' (see {@link CustomOpTest}). */
  static Stream<Class<?>> ops() {
    return leaves(Op.class).filter(type -> type != Op.Custom.class);
  }

  private static Stream<Class<?>> leaves(Class<?> type) {
    return type.isSealed()
        ? Stream.of(type.getPermittedSubclasses()).flatMap(CoverageTest::leaves)
        : Stream.of(type);
  }

  private static Set<String> names(Stream<Class<?>> types) {
    return types.map(Class::getName).collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void everyOpHasACaseOfItsOwnOrRunsInAReverseRule() {
    Set<Class<?>> run = new HashSet<>();
    try (Device meta = Device.open("meta")) {
      meta.listen((op, inputs, outputs, where) -> run.add(op.getClass()));
      OpCases.all()
          .forEach(c ->
              Scope.run(() -> {
                Tensor[] inputs = c.inputs(meta);
                Tensor[] outputs = meta.run(c.op(), inputs);
                if (c.differentiable() && c.gradients() > 0) {
                  Tensor[] upstream = c.upstream(meta);
                  Set<Integer> wanted = new HashSet<>(c.wanted());
                  new Backward(c.op(), inputs, outputs, upstream, wanted).run();
                }
              }));
    }
    assertEquals(names(ops()), names(run.stream()));
  }

  @Test
  void everyReverseRuleIsCheckedByFiniteDifferences() {
    assertEquals(
        names(ops().filter(type -> !Op.NotDifferentiable.class.isAssignableFrom(type))),
        names(ReverseRuleTest.cases().map(c -> c.op().getClass())));
  }

  @Test
  void everyFusedOpIsComparedWithItsExpansion() {
    assertEquals(
        names(ops().filter(Op.Fused.class::isAssignableFrom)),
        names(FusedOpTest.cases().map(c -> c.op().getClass())));
  }

  @Test
  void everyOpHasItsMessagesChecked() {
    assertEquals(names(ops()), names(MessageTest.rows().map(row -> row.op().getClass())));
  }

  @Test
  void namesOfOpsAreDistinct() {
    assertTrue(ops().allMatch(Class::isRecord));
    assertEquals(ops().count(), MessageTest.rows().map(row -> row.op().name()).distinct().count());
  }
}
