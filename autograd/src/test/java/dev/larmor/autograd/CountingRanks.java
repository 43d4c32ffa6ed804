package dev.larmor.autograd;

import dev.larmor.engine.Collective;
import dev.larmor.engine.Shares;
import dev.larmor.engine.Tensor;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Other ranks' collective, counting the all-reduces that are begun. */
record CountingRanks(Collective ranks, AtomicInteger sent) implements Collective {
  @Override
  public int rank() {
    return ranks.rank();
  }

  @Override
  public int size() {
    return ranks.size();
  }

  @Override
  public int localRank() {
    return ranks.localRank();
  }

  @Override
  public Pending allReduce(List<Tensor> tensors) {
    sent.incrementAndGet();
    return ranks.allReduce(tensors);
  }

  @Override
  public Tensor allGather(Tensor own, Shares shares) {
    return ranks.allGather(own, shares);
  }

  @Override
  public Tensor reduceScatter(Tensor all, Shares shares) {
    return ranks.reduceScatter(all, shares);
  }

  @Override
  public void broadcast(List<Tensor> tensors) {
    ranks.broadcast(tensors);
  }

  @Override
  public byte[] broadcast(byte[] bytes) {
    return ranks.broadcast(bytes);
  }

  @Override
  public List<byte[]> gather(byte[] own) {
    return ranks.gather(own);
  }

  @Override
  public void abort(int exitCode) {
    ranks.abort(exitCode);
  }

  @Override
  public void close() {
    ranks.close();
  }
}
