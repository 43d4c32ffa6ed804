package dev.larmor.models.simclr;

import dev.larmor.autograd.GradSink;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.Collective;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shares;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Dot;
import dev.larmor.engine.op.Narrow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A batch's forward and backward pass, in as little memory as one chunk of it needs.
 *
 * <p>The loss needs all embeddings, but of everything else only one chunk at a time (Gao et al.,
 * "Scaling deep contrastive learning batch size under memory limited setup", 2021): first all
 * embeddings, chunk by chunk; then the loss of the whole batch and its gradient with respect to the
 * embeddings; then every chunk once more, forward and back from that gradient. A batch that is no
 * larger than a chunk keeps what its forward pass saved instead of repeating it. No layer mixes
 * samples, so it is the same step up to rounding.
 *
 * <p>Ranks that share a batch pass their own images through the network. Embeddings are gathered
 * from all ranks; each rank takes the loss of its own rows, and what that says to all embeddings is
 * summed over ranks and scattered: so every image gets the gradient of the whole batch's loss.
 *
 * @param chunk images that go through the network together
 * @param scale what gradients are multiplied by: the loss scale
 * @param ranks that share the batch
 */
public record ContrastiveStep(
    SimClr network,
    NtXent criterion,
    Recompute recompute,
    int chunk,
    double scale,
    Collective ranks) {
  /** The two views of this rank's images of a batch, uploaded when they are needed. */
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
   * What the step found: this rank's part, which adds up over ranks.
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

  /** The step of a batch that is not shared. */
  public ContrastiveStep(
      SimClr network, NtXent criterion, Recompute recompute, int chunk, double scale) {
    this(network, criterion, recompute, chunk, scale, Collective.single());
  }

  /** Runs the step and gives the gradients to {@code sink}, once for each chunk of each view. */
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
    Groups groups = groups(views);
    return Scope.run(() -> {
      Tensor first = ranks.allGather(embeddings(views, 0), groups.shares);
      Tensor second = ranks.allGather(embeddings(views, 1), groups.shares);
      return Result.of(criterion.loss(first, second, groups.all, groups.own(ranks)));
    });
  }

  private <R> R whole(Views views, GradSink sink, Function<NtXent.Batch, R> reading) {
    int n = views.size();
    sink.lastPass();
    try (Tape tape = new Tape(network.parameters(), recompute);
        EmbeddingGradients gradients = new EmbeddingGradients()) {
      Tensor[] inputs = {views.upload(0, 0, n), views.upload(1, 0, n)};
      Tensor[] embeddings =
          tape.record(() -> new Tensor[] {network.apply(inputs[0]), network.apply(inputs[1])});
      R result = Scope.run(() -> gradients.of(embeddings, groups(views), reading));
      Tensor product =
          tape.record(() ->
              new Add()
                  .apply(
                      new Dot().apply(embeddings[0], gradients.view(0)),
                      new Dot().apply(embeddings[1], gradients.view(1))));
      tape.backward(product, 1, sink);
      return result;
    }
  }

  private <R> R chunked(Views views, GradSink sink, Function<NtXent.Batch, R> reading) {
    Tensor[] embeddings = {embeddings(views, 0), embeddings(views, 1)};
    try (EmbeddingGradients gradients = new EmbeddingGradients()) {
      R result = Scope.run(() -> gradients.of(embeddings, groups(views), reading));
      for (int view = 0; view < 2; view++) {
        for (int first = 0; first < views.size(); first += chunk) {
          if (view == 1 && first + chunk >= views.size()) {
            sink.lastPass();
          }
          backward(views, first, view, gradients.view(view), sink);
        }
      }
      return result;
    }
  }

  private int count(Views views, int first) {
    return Math.min(chunk, views.size() - first);
  }

  /** All of this rank's embeddings {@code F32[n, D]}. */
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

  /** A chunk forward and back; the inner product with a gradient has that gradient. */
  private void backward(Views views, int first, int view, Tensor gradient, GradSink sink) {
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

  /** What the images of all ranks belong to, and whose they are. */
  private record Groups(int[] all, Shares shares) {
    Shares.Share own(Collective ranks) {
      return shares.of(ranks.rank());
    }
  }

  private Groups groups(Views views) {
    double[] own = Arrays.stream(views.groups()).asDoubleStream().toArray();
    List<double[]> all = ranks.gather(own);
    return new Groups(
        all.stream().flatMapToInt(each -> Arrays.stream(each).mapToInt(g -> (int) g)).toArray(),
        new Shares(all.stream().map(each -> each.length).toList()));
  }

  /** What the loss of the whole batch says to this rank's embeddings, {@code F32[n, D]} a view. */
  private final class EmbeddingGradients implements AutoCloseable {
    private final List<Tensor> views = new ArrayList<>();

    Tensor view(int view) {
      return views.get(view);
    }

    /** Finds them; the loss's tensors are freed with the current scope. */
    <R> R of(Tensor[] own, Groups groups, Function<NtXent.Batch, R> reading) {
      Tensor[] all = {
        ranks.allGather(own[0], groups.shares), ranks.allGather(own[1], groups.shares)
      };
      Tensor[] found = new Tensor[2];
      try (Tape tape = new Tape(List.of(), Recompute.NEVER)) {
        for (int view = 0; view < 2; view++) {
          int v = view;
          tape.watch(all[v], gradient -> found[v] = gradient.retain());
        }
        NtXent.Batch batch =
            tape.record(() -> criterion.loss(all[0], all[1], groups.all, groups.own(ranks)));
        tape.backward(batch.loss(), scale, (parameter, gradient) -> {});
        for (Tensor gradient : found) {
          views.add(ranks.reduceScatter(gradient, groups.shares).retain());
          gradient.close();
        }
        return reading.apply(batch);
      }
    }

    @Override
    public void close() {
      views.forEach(Tensor::close);
    }
  }
}
