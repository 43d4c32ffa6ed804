package dev.larmor.models.simclr;

import dev.larmor.autograd.GradSink;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Dot;
import dev.larmor.engine.op.Narrow;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A batch's forward and backward pass, in as little memory as one chunk of it needs.
 *
 * <p>A batch that is no larger than a chunk goes through in one pass. Else in two (Gao et al.,
 * "Scaling deep contrastive learning batch size under memory limited setup", 2021): first all
 * embeddings, chunk by chunk, of which nothing else is kept; then the loss of the whole batch and
 * its gradient with respect to the embeddings; then every chunk once more, forward and back from
 * that gradient. No layer mixes samples, so both are the same step up to rounding.
 *
 * @param chunk images that go through the network together
 * @param scale what gradients are multiplied by: the loss scale
 */
public record ContrastiveStep(
    SimClr network, NtXent criterion, Recompute recompute, int chunk, double scale) {
  /** The two views of a batch's images, uploaded when they are needed. */
  public interface Views {
    /** The number of images N. */
    default int size() {
      return groups().length;
    }

    /** What each of the N images belongs to: see {@link NtXent#loss(Tensor, Tensor, int[])}. */
    int[] groups();

    /**
     * Some images' views, in the current scope.
     *
     * @param view 0 or 1
     * @param first index of the first image
     * @param count of images
     * @return {@code F32[count, channels, D, H, W]}
     */
    Tensor upload(int view, int first, int count);
  }

  /**
   * What the step found.
   *
   * @param loss of the batch, before the step
   * @param accuracy see {@link NtXent.Batch#accuracy}
   */
  public record Result(double loss, double accuracy) {
    static Result of(NtXent.Batch batch) {
      return new Result(batch.loss().item(), batch.accuracy());
    }
  }

  public ContrastiveStep {
    if (chunk < 1) {
      throw new IllegalArgumentException("a chunk has at least one image, not " + chunk);
    }
  }

  /** Runs the step and gives the gradients to {@code sink}, in two passes once for each chunk. */
  public Result run(Views views, GradSink sink) {
    return run(views, sink, Result::of);
  }

  /**
   * The same for those who want something else of the loss.
   *
   * @param reading is given the loss while its tensors are there
   */
  <R> R run(Views views, GradSink sink, Function<NtXent.Batch, R> reading) {
    return Scope.run(
        () -> views.size() <= chunk ? whole(views, sink, reading) : chunked(views, sink, reading));
  }

  /** The loss and accuracy alone. */
  public Result measure(Views views) {
    return Scope.run(() ->
        Result.of(criterion.loss(embeddings(views, 0), embeddings(views, 1), views.groups())));
  }

  private <R> R whole(Views views, GradSink sink, Function<NtXent.Batch, R> reading) {
    int n = views.size();
    try (Tape tape = new Tape(network.parameters(), recompute)) {
      Tensor[] inputs = {views.upload(0, 0, n), views.upload(1, 0, n)};
      NtXent.Batch batch =
          tape.record(() ->
              criterion.loss(network.apply(inputs[0]), network.apply(inputs[1]), views.groups()));
      R result = reading.apply(batch);
      tape.backward(batch.loss(), scale, sink);
      return result;
    }
  }

  private <R> R chunked(Views views, GradSink sink, Function<NtXent.Batch, R> reading) {
    Tensor[] embeddings = {embeddings(views, 0), embeddings(views, 1)};
    List<Tensor> gradients = new ArrayList<>();
    try {
      R result = Scope.run(() -> gradients(embeddings, views.groups(), gradients, reading));
      for (int view = 0; view < 2; view++) {
        for (int first = 0; first < views.size(); first += chunk) {
          backward(views, view, first, gradients.get(view), sink);
        }
      }
      return result;
    } finally {
      gradients.forEach(Tensor::close);
    }
  }

  private int count(Views views, int first) {
    return Math.min(chunk, views.size() - first);
  }

  /** All images' embeddings {@code F32[N, D]}. */
  private Tensor embeddings(Views views, int view) {
    return Scope.run(() -> {
      List<Tensor> parts = new ArrayList<>();
      for (int i = 0; i < views.size(); i += chunk) {
        int first = i;
        parts.add(Scope.run(() -> network.apply(views.upload(view, first, count(views, first)))));
      }
      return new Concat(0).apply(parts.toArray(Tensor[]::new));
    });
  }

  /** The loss, and what it says to both views' embeddings: added to {@code gradients}, to close. */
  private <R> R gradients(
      Tensor[] embeddings,
      int[] groups,
      List<Tensor> gradients,
      Function<NtXent.Batch, R> reading) {
    Tensor[] found = new Tensor[2];
    try (Tape tape = new Tape(List.of(), Recompute.NEVER)) {
      for (int view = 0; view < 2; view++) {
        int v = view;
        tape.watch(embeddings[v], gradient -> found[v] = gradient.retain());
      }
      NtXent.Batch batch = tape.record(() -> criterion.loss(embeddings[0], embeddings[1], groups));
      tape.backward(batch.loss(), scale, (parameter, gradient) -> {});
      gradients.addAll(List.of(found));
      return reading.apply(batch);
    }
  }

  /** A chunk forward and back; the inner product with a gradient has that gradient. */
  private void backward(Views views, int view, int first, Tensor gradient, GradSink sink) {
    Scope.run(() -> {
      try (Tape tape = new Tape(network.parameters(), recompute)) {
        int count = count(views, first);
        Tensor input = views.upload(view, first, count);
        Tensor own = new Narrow(0, first, count).apply(gradient);
        Tensor product = tape.record(() -> new Dot().apply(network.apply(input), own));
        tape.backward(product, 1, sink);
      }
    });
  }
}
