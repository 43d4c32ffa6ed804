package dev.larmor.autograd;

import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Recorder;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.Axpy;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.Op;
import dev.larmor.engine.op.OpException;
import dev.larmor.engine.op.Reads;
import dev.larmor.engine.op.Reverse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Reverse-mode differentiation of one step: records ops, runs their reverse rules backwards, and is
 * dropped whole. Tensors hold no graph; the tape knows them by their identity.
 *
 * <p>Design. A <em>leaf</em> is a tensor whose gradient is wanted: a parameter, or one {@linkplain
 * #watch watched}. An op with a tracked input becomes a node, and its outputs are tracked. A node
 * keeps only the tensors that the op's {@link Reads} names, and drops them as soon as its reverse
 * rule has run.
 *
 * <p>{@link #checkpoint} makes a whole stage one node that keeps the stage's inputs; the backward
 * pass runs the stage again on a tape of its own (Chen et al., "Training deep nets with sublinear
 * memory cost", 2016). That inner tape adds into the same table of gradients, under the same
 * identities and in the same order as if the stage had been recorded plainly, so gradients are the
 * same to the bit with and without recomputing. Random ops are values keyed by module, step and
 * sample, so they repeat themselves.
 *
 * <p>A leaf's gradient is complete when the last node that uses it has been reversed; nodes are
 * counted while recording (a checkpointed stage counts as one), so completion is known without
 * looking ahead.
 */
public final class Tape implements Recorder, AutoCloseable {
  /** A tensor whose gradient is wanted, and who wants it. */
  private static final class Leaf {
    final Parameter parameter;
    final Consumer<Tensor> watcher;
    int uses;
    boolean completed;

    Leaf(Parameter parameter, Consumer<Tensor> watcher) {
      this.parameter = parameter;
      this.watcher = watcher;
    }
  }

  /**
   * A stage that was recorded without recomputing.
   *
   * @param bytes of activations that it keeps for the backward pass
   * @param flop what running it again would cost
   */
  public record KeptStage(long bytes, double flop) {
    KeptStage plus(KeptStage other) {
      return new KeptStage(bytes + other.bytes, flop + other.flop);
    }
  }

  private final Recompute recompute;
  private final Map<Long, Leaf> leaves;
  private final Set<Long> tracked = new HashSet<>();
  private final List<Node> nodes = new ArrayList<>();
  private final Map<Long, Tensor> gradients;
  private final Map<String, KeptStage> keptStages = new LinkedHashMap<>();

  /**
   * The tape whose checkpointed stage this one runs again, or null. Leaves and gradients are that
   * tape's.
   */
  private final Tape outer;

  private boolean spent;

  /**
   * A tape for one step.
   *
   * @param parameters those to differentiate by; frozen ones are left out
   */
  public Tape(List<Parameter> parameters, Recompute recompute) {
    this.recompute = recompute;
    this.leaves = new LinkedHashMap<>();
    this.gradients = new HashMap<>();
    this.outer = null;
    for (Parameter parameter : parameters) {
      if (!parameter.frozen()) {
        leaves.put(parameter.value().id(), new Leaf(parameter, null));
      }
    }
  }

  private Tape(Tape outer) {
    this.recompute = Recompute.NEVER;
    this.leaves = outer.leaves;
    this.gradients = outer.gradients;
    this.outer = outer;
  }

  /**
   * Also differentiates by {@code tensor}; {@code gradient} gets the result, freed after the call
   * unless retained.
   */
  public void watch(Tensor tensor, Consumer<Tensor> gradient) {
    leaves.put(tensor.id(), new Leaf(null, gradient));
  }

  /** Runs {@code body} with this tape recording. */
  public <T> T record(Supplier<T> body) {
    if (spent) {
      throw new IllegalStateException("a tape records one step: make another");
    }
    return Recorder.with(this, body);
  }

  /**
   * Runs a stage of a model under {@code stage}'s name, so that the recording tape may recompute it
   * in the backward pass instead of keeping its activations.
   *
   * @param body must use nothing made in the forward pass but its arguments (parameters are fine),
   *     and return tensors it made
   */
  public static Tensor[] checkpoint(
      String stage, Function<Tensor[], Tensor[]> body, Tensor... inputs) {
    return Scope.run(
        stage,
        () -> {
          if (!(Recorder.current() instanceof Tape tape)) {
            return body.apply(inputs);
          }
          return tape.recompute.recompute(Scope.path())
              ? tape.stage(body, inputs)
              : tape.plain(body, inputs);
        });
  }

  private Tensor[] plain(Function<Tensor[], Tensor[]> body, Tensor[] inputs) {
    int first = nodes.size();
    Tensor[] outputs = body.apply(inputs);
    Set<Long> storages = new HashSet<>();
    long bytes = 0;
    double flop = 0;
    for (Node node : nodes.subList(first, nodes.size())) {
      flop += node.flop();
      for (Tensor saved : node.saved()) {
        if (saved.tag() == Tag.SAVED && storages.add(saved.id())) {
          bytes += saved.spec().bytes();
        }
      }
    }
    keptStages.merge(Scope.path(), new KeptStage(bytes, flop), KeptStage::plus);
    return outputs;
  }

  /** The stages that were recorded without recomputing, by module path, in order. */
  public Map<String, KeptStage> keptStages() {
    return keptStages;
  }

  private Tensor[] stage(Function<Tensor[], Tensor[]> body, Tensor[] inputs) {
    Set<Long> used = new HashSet<>();
    boolean[] wants = wants(inputs);
    double[] flop = new double[1];
    Recorder counter =
        (op, in, out) -> {
          flop[0] += op.cost(specs(in), specs(out)).flop();
          for (Tensor tensor : in) {
            if (leaves.containsKey(tensor.id())) {
              used.add(tensor.id());
            }
          }
        };
    Tensor[] outputs = Recorder.with(counter, () -> body.apply(inputs));
    for (int i = 0; i < inputs.length; i++) {
      for (Tensor output : outputs) {
        if (output.id() == inputs[i].id()) {
          throw new IllegalArgumentException(
              "stage " + Scope.path() + " returns its input " + i + " itself");
        }
      }
      if (leaves.containsKey(inputs[i].id())) {
        used.add(inputs[i].id());
      }
    }
    if (any(wants) || !used.isEmpty()) {
      add(
          new StageNode(
              body,
              keep(inputs),
              wants,
              ids(outputs),
              List.copyOf(used),
              Scope.path(),
              flop[0],
              Training.current()));
    }
    return outputs;
  }

  @Override
  public void record(Op op, Tensor[] inputs, Tensor[] outputs) {
    boolean[] wants = wants(inputs);
    if (!any(wants)) {
      return;
    }
    if (op instanceof Op.NotDifferentiable) {
      throw new OpException(
              op, "is not differentiable, but a gradient through it is wanted: " + List.of(inputs))
          .at(Scope.path());
    }
    Set<Long> used = new HashSet<>();
    List<TensorSpec> specs = new ArrayList<>();
    for (Tensor input : inputs) {
      specs.add(input.spec());
      if (leaves.containsKey(input.id())) {
        used.add(input.id());
      }
    }
    Reads reads = op.reads();
    Tensor[] savedInputs = new Tensor[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      savedInputs[i] = reads.input(i) ? keep(inputs[i]) : null;
    }
    Tensor[] savedOutputs = new Tensor[outputs.length];
    for (int i = 0; i < outputs.length; i++) {
      savedOutputs[i] = reads.output(i) ? keep(outputs[i]) : null;
    }
    add(
        new OpNode(
            op,
            ids(inputs),
            specs,
            wants,
            savedInputs,
            specs(outputs),
            savedOutputs,
            ids(outputs),
            List.copyOf(used),
            Scope.path()));
  }

  private void add(Node node) {
    nodes.add(node);
    for (long id : node.outputIds()) {
      tracked.add(id);
    }
    if (outer == null) {
      for (long id : node.used()) {
        leaves.get(id).uses++;
      }
    }
  }

  private boolean[] wants(Tensor[] inputs) {
    boolean[] wants = new boolean[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      wants[i] = tracked.contains(inputs[i].id()) || leaves.containsKey(inputs[i].id());
    }
    return wants;
  }

  private static boolean any(boolean[] flags) {
    for (boolean flag : flags) {
      if (flag) {
        return true;
      }
    }
    return false;
  }

  private static Tensor keep(Tensor tensor) {
    if (tensor.tag() == Tag.TEMPORARY) {
      tensor.tag(Tag.SAVED);
    }
    return tensor.retain();
  }

  private static Tensor[] keep(Tensor[] tensors) {
    Tensor[] kept = new Tensor[tensors.length];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = keep(tensors[i]);
    }
    return kept;
  }

  private static long[] ids(Tensor[] tensors) {
    long[] ids = new long[tensors.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = tensors[i].id();
    }
    return ids;
  }

  private static List<TensorSpec> specs(Tensor[] tensors) {
    List<TensorSpec> specs = new ArrayList<>();
    for (Tensor tensor : tensors) {
      specs.add(tensor.spec());
    }
    return specs;
  }

  /**
   * Runs the reverse rules from {@code loss} back, handing each parameter's gradient to {@code
   * sink} when it is complete.
   *
   * @param loss a real scalar recorded on this tape
   * @param scale the gradient of the loss with respect to itself: 1, or 1/k when k samples are
   *     accumulated
   * @throws IllegalStateException if a parameter has no gradient: use it, or freeze it
   */
  public void backward(Tensor loss, double scale, GradSink sink) {
    if (loss.shape().rank() != 0 || !loss.dtype().isReal()) {
      throw new IllegalArgumentException(
          "backward starts from a real scalar, not from " + loss.spec());
    }
    if (!tracked.contains(loss.id())) {
      throw new IllegalStateException("the loss does not depend on any parameter of this tape");
    }
    checkGradients(leaf -> leaf.uses > 0);
    spent = true;
    Recorder.paused(() ->
        Scope.run(
            "backward",
            () -> {
              Tensor one = new Fill(loss.spec(), scale).on(loss.device());
              gradients.put(loss.id(), one.unscoped().tag(Tag.GRADIENT));
              reverse(sink);
              return null;
            }));
    checkGradients(leaf -> leaf.completed);
  }

  private void checkGradients(Predicate<Leaf> present) {
    List<String> missing = new ArrayList<>();
    for (Leaf leaf : leaves.values()) {
      if (!present.test(leaf)) {
        missing.add(leaf.parameter == null ? "a watched tensor" : leaf.parameter.name());
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalStateException(
          "no gradient for "
              + (missing.size() > 5
                  ? missing.subList(0, 5) + " and " + (missing.size() - 5) + " more"
                  : missing)
              + ": the loss does not depend on them; freeze parameters that are not to be trained");
    }
  }

  /** Reverses all nodes, last first; with a sink, leaves are completed as their last use goes. */
  private void reverse(GradSink sink) {
    while (!nodes.isEmpty()) {
      Node node = nodes.removeLast();
      try {
        Tensor[] upstream = new Tensor[node.outputIds().length];
        boolean reached = false;
        for (int i = 0; i < upstream.length; i++) {
          upstream[i] = gradients.remove(node.outputIds()[i]);
          reached |= upstream[i] != null;
        }
        try {
          if (reached) {
            Scope.runAt(
                node.where(),
                () -> {
                  node.reverse(this, upstream);
                  return null;
                });
          }
        } finally {
          close(upstream);
        }
      } finally {
        close(node.saved().toArray(new Tensor[0]));
      }
      if (sink != null) {
        for (long id : node.used()) {
          Leaf leaf = leaves.get(id);
          if (--leaf.uses == 0) {
            complete(leaf, id, sink);
          }
        }
      }
    }
  }

  private void complete(Leaf leaf, long id, GradSink sink) {
    Tensor gradient = gradients.get(id);
    if (gradient == null) {
      return;
    }
    leaf.completed = true;
    try {
      if (leaf.parameter == null) {
        leaf.watcher.accept(gradient);
      } else {
        sink.complete(leaf.parameter, gradient);
      }
    } finally {
      if (!tracked.contains(
          id)) { // else a watched result of an op, whose reverse rule is still to come
        gradients.remove(id);
        gradient.close();
      }
    }
  }

  /**
   * Adds {@code gradient} to what tensor {@code id} has already; in place where nobody else sees
   * it.
   */
  private void accumulate(long id, Tensor gradient) {
    Tensor sum = gradients.get(id);
    if (sum == null) {
      gradients.put(id, gradient.retain());
    } else if (sum.isShared()) {
      gradients.put(id, new Add().apply(sum, gradient).retain());
      sum.close();
    } else {
      new Axpy(1).applyAll(sum, gradient);
    }
  }

  private static void close(Tensor[] tensors) {
    for (Tensor tensor : tensors) {
      if (tensor != null) {
        tensor.close();
      }
    }
  }

  /** Frees what a step that was not finished still holds. */
  @Override
  public void close() {
    spent = true;
    for (Node node : nodes) {
      close(node.saved().toArray(new Tensor[0]));
    }
    nodes.clear();
    if (outer == null) {
      close(gradients.values().toArray(new Tensor[0]));
      gradients.clear();
    }
  }

  private sealed interface Node {
    long[] outputIds();

    /** Leaves that this node uses, each once. */
    List<Long> used();

    String where();

    /** Tensors held until this node is reversed. */
    List<Tensor> saved();

    /** Floating-point operations of the node's forward pass. */
    double flop();

    void reverse(Tape tape, Tensor[] upstream);
  }

  private static List<Tensor> present(Tensor[]... groups) {
    List<Tensor> list = new ArrayList<>();
    for (Tensor[] group : groups) {
      for (Tensor tensor : group) {
        if (tensor != null) {
          list.add(tensor);
        }
      }
    }
    return list;
  }

  private record OpNode(
      Op op,
      long[] inputIds,
      List<TensorSpec> inputSpecs,
      boolean[] wants,
      Tensor[] savedInputs,
      List<TensorSpec> outputSpecs,
      Tensor[] savedOutputs,
      long[] outputIds,
      List<Long> used,
      String where)
      implements Node {
    @Override
    public List<Tensor> saved() {
      return present(savedInputs, savedOutputs);
    }

    @Override
    public double flop() {
      return op.cost(inputSpecs, outputSpecs).flop();
    }

    @Override
    public void reverse(Tape tape, Tensor[] upstream) {
      Tensor[] grads = op.vjp(new Rule(this, upstream));
      for (int i = 0; i < wants.length; i++) {
        if (!wants[i]) {
          continue;
        }
        if (grads[i] == null) {
          throw new OpException(op, "has no gradient for input " + i + ", " + inputSpecs.get(i))
              .at(where);
        }
        if (!grads[i].spec().equals(inputSpecs.get(i))) {
          throw new OpException(
                  op, "gradient " + grads[i].spec() + " for input " + i + ", " + inputSpecs.get(i))
              .at(where);
        }
        tape.accumulate(inputIds[i], grads[i]);
      }
    }
  }

  private record Rule(OpNode node, Tensor[] upstream) implements Reverse {
    @Override
    public Tensor input(int i) {
      return node.savedInputs[i];
    }

    @Override
    public Tensor output(int i) {
      return node.savedOutputs[i];
    }

    @Override
    public TensorSpec inputSpec(int i) {
      return node.inputSpecs.get(i);
    }

    @Override
    public int inputs() {
      return node.wants.length;
    }

    @Override
    public boolean wants(int i) {
      return node.wants[i];
    }

    @Override
    public Tensor upstreamOrNull(int i) {
      return upstream[i];
    }

    @Override
    public Tensor upstream(int i) {
      if (upstream[i] != null) {
        return upstream[i];
      }
      Tensor other = present(upstream).getFirst();
      return new Fill(node.outputSpecs.get(i), 0).on(other.device());
    }
  }

  private record StageNode(
      Function<Tensor[], Tensor[]> body,
      Tensor[] inputs,
      boolean[] wants,
      long[] outputIds,
      List<Long> used,
      String where,
      double flop,
      Training training)
      implements Node {
    @Override
    public List<Tensor> saved() {
      return List.of(inputs);
    }

    @Override
    public void reverse(Tape tape, Tensor[] upstream) {
      try (Tape inner = new Tape(tape)) {
        for (int i = 0; i < inputs.length; i++) {
          if (wants[i]) {
            inner.tracked.add(inputs[i].id());
          }
        }
        Supplier<Tensor[]> again = () -> inner.record(() -> body.apply(inputs));
        Tensor[] outputs = training == null ? again.get() : training.run(again);
        for (int i = 0; i < outputs.length; i++) {
          if (upstream[i] != null) {
            tape.gradients.put(outputs[i].id(), upstream[i].retain());
          }
        }
        inner.reverse(null);
        for (Tensor output :
            outputs) { // left over if the output depends on nothing that is tracked
          Tensor unused = tape.gradients.remove(output.id());
          if (unused != null) {
            unused.close();
          }
        }
      }
    }
  }
}
