package dev.larmor.bench.peer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Runs a list of stages forward, and backward with some of them recomputed.
 *
 * <p>Every stage is a graph of its own: it starts at detached leaves and ends at its results, and
 * the gradients are handed from stage to stage here. A stage that is recomputed runs without
 * gradient in the forward pass, keeping handles to its inputs; in the backward pass it runs again
 * with gradient, and its graph is walked and dropped at once. A stage that is not recomputed keeps
 * its graph. Gradients of parameters are left in the parameters.
 */
final class StagedRun {
  /**
   * One stage as run: leaves and results carry a graph, or results is null and the graph is still
   * to be made.
   */
  private record Run(Stage stage, List<Tensor> leaves, List<Tensor> results) {}

  private final Map<Slot, Tensor> values = new EnumMap<>(Slot.class);
  private final Map<Slot, Tensor> gradients = new EnumMap<>(Slot.class);
  private final Deque<Run> runs = new ArrayDeque<>();

  /** Runs the stages for their result alone. */
  void infer(List<Stage> stages) {
    for (Stage stage : stages) {
      put(stage, runWithoutGradient(stage, inputs(stage)));
    }
  }

  /** Runs the stages, keeping what {@link #backward} needs. */
  void forward(List<Stage> stages, Recompute recompute) {
    for (Stage stage : stages) {
      List<Tensor> leaves = leaves(inputs(stage));
      if (recompute.covers(stage)) {
        put(stage, runWithoutGradient(stage, leaves));
        runs.push(new Run(stage, leaves, null));
      } else {
        List<Tensor> results = runWithGradient(stage, leaves);
        put(stage, results.stream().map(Tensor::detach).toList());
        runs.push(new Run(stage, leaves, results));
      }
    }
  }

  /**
   * Walks back over what {@link #forward} ran, from the gradient of the loss by the last value of
   * {@link Slot#X}.
   */
  void backward(Tensor gradient) {
    gradients.put(Slot.X, gradient);
    values.values().forEach(Tensor::close);
    values.clear();
    while (!runs.isEmpty()) {
      Run run = runs.pop();
      try (Frame f = new Frame()) {
        backward(run, f);
      }
      run.leaves().forEach(Tensor::close);
      if (run.results() != null) {
        run.results().forEach(Tensor::close);
      }
    }
    gradients.values().forEach(Tensor::close);
    gradients.clear();
  }

  private void backward(Run run, Frame frame) {
    List<Tensor> results =
        run.results() == null ? runWithGradient(run.stage(), run.leaves()) : run.results();
    List<Tensor> reached = new ArrayList<>();
    List<Tensor> upstream = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      Tensor g = gradients.remove(run.stage().writes().get(i));
      if (g != null) {
        reached.add(results.get(i));
        upstream.add(g);
      }
    }
    try (TensorVector outputs = new TensorVector(reached.toArray(Tensor[]::new));
        TensorVector seeds = new TensorVector(upstream.toArray(Tensor[]::new))) {
      upstream.forEach(Tensor::close);
      torch.backward(outputs, seeds, new BoolOptional(), false, new TensorVector());
    }
    for (int i = 0; i < run.leaves().size(); i++) {
      Tensor leaf = run.leaves().get(i);
      Tensor g = new Tensor(leaf.grad());
      if (!g.defined()) {
        continue;
      }
      Tensor sum = gradients.get(run.stage().reads().get(i));
      if (sum == null) {
        gradients.put(run.stage().reads().get(i), frame.keep(g));
      } else {
        sum.add_(g);
      }
    }
  }

  /** The value a slot holds after the last stage that wrote it. */
  Tensor value(Slot slot) {
    return values.get(slot);
  }

  private List<Tensor> inputs(Stage stage) {
    return stage.reads().stream().map(values::get).toList();
  }

  private void put(Stage stage, List<Tensor> results) {
    for (int i = 0; i < results.size(); i++) {
      Tensor before = values.put(stage.writes().get(i), results.get(i));
      if (before != null) {
        before.close(); // the leaf of a stage that read it holds the same storage
      }
    }
  }

  private static List<Tensor> leaves(List<Tensor> inputs) {
    List<Tensor> leaves = inputs.stream().map(Tensor::detach).toList();
    leaves.forEach(t -> t.set_requires_grad(true));
    return leaves;
  }

  private static List<Tensor> runWithoutGradient(Stage stage, List<Tensor> inputs) {
    try (Frame f = new Frame();
        AutoGradMode _ = new AutoGradMode(false)) {
      List<Tensor> results = stage.body().run(inputs);
      results.forEach(f::keep);
      return results;
    }
  }

  private static List<Tensor> runWithGradient(Stage stage, List<Tensor> leaves) {
    try (Frame f = new Frame()) {
      List<Tensor> results = stage.body().run(leaves);
      results.forEach(f::keep);
      return results;
    }
  }
}
