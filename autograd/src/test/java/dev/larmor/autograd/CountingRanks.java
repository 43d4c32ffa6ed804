package dev.larmor.autograd;

import dev.larmor.engine.Collective;
import dev.larmor.engine.LentRanks;
import dev.larmor.engine.Tensor;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Ranks that count the sums of tensors asked for. */
final class CountingRanks extends LentRanks {
  private final AtomicInteger sent;

  CountingRanks(Collective ranks, AtomicInteger sent) {
    super(ranks, "counted");
    this.sent = sent;
  }

  @Override
  public Pending allReduce(List<Tensor> tensors) {
    sent.incrementAndGet();
    return super.allReduce(tensors);
  }
}
