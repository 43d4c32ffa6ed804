package dev.larmor.autograd;

import dev.larmor.engine.Collective;
import dev.larmor.engine.Collective.Pending;
import dev.larmor.engine.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Sums gradients over ranks in buckets, while the backward pass goes on (Li et al., "PyTorch
 * Distributed: experiences on accelerating data parallel training", VLDB 2020, section 3.2).
 *
 * <p>Buckets are filled in the order in which the backward pass finishes gradients, the last
 * layers' first. One is sent when all its gradients are there and all buckets before it are sent:
 * collectives must be called in the same order on every rank. The first is small, so that something
 * is on its way early.
 */
final class GradientExchange {
  private static final long FIRST_BYTES = 1L << 20;
  private static final long BYTES = 8L << 20;

  private final Collective ranks;
  private final List<List<Parameter>> buckets = new ArrayList<>();
  private final Map<Parameter, Integer> bucketOf = new HashMap<>();

  // Of the step under way.
  private final int[] missing; // gradients of each bucket
  private final Deque<Pending> underWay = new ArrayDeque<>();
  private int next; // bucket to send

  GradientExchange(List<Parameter> parameters, Collective ranks) {
    this.ranks = ranks;
    long bytes = 0;
    for (Parameter parameter : parameters.reversed()) {
      if (parameter.frozen()) {
        continue;
      }
      if (buckets.isEmpty() || bytes >= (buckets.size() == 1 ? FIRST_BYTES : BYTES)) {
        buckets.add(new ArrayList<>());
        bytes = 0;
      }
      buckets.getLast().add(parameter);
      bucketOf.put(parameter, buckets.size() - 1);
      bytes += parameter.spec().bytes();
    }
    missing = new int[buckets.size()];
    begin();
  }

  private void begin() {
    for (int b = 0; b < missing.length; b++) {
      missing[b] = buckets.get(b).size();
    }
    next = 0;
  }

  /** A gradient that nothing more is added to in this step. */
  void complete(Parameter parameter, Function<Parameter, Tensor> gradients) {
    missing[bucketOf.get(parameter)]--;
    while (next < missing.length && missing[next] == 0) {
      send(gradients);
    }
  }

  private void send(Function<Parameter, Tensor> gradients) {
    underWay.add(ranks.allReduce(buckets.get(next).stream().map(gradients).toList()));
    next++;
  }

  /** Sends what is not yet sent and waits for everything. */
  void finish(Function<Parameter, Tensor> gradients) {
    while (next < missing.length) {
      send(gradients);
    }
    while (!underWay.isEmpty()) {
      underWay.remove().await();
    }
    begin();
  }

  /** All parameters that take part. */
  Iterable<Parameter> parameters() {
    return bucketOf.keySet();
  }
}
