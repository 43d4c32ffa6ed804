package dev.larmor.engine;

import java.util.List;

/**
 * Ranks that somebody else opened and will close: closing this leaves them open. As it is, tensors
 * go the ranks' own way, through the host; a backend whose devices reach each other extends it.
 */
public class LentRanks implements Collective {
  /** The ranks that are lent. */
  protected final Collective ranks;

  private final String way;

  /**
   * Lends ranks.
   *
   * @param way how tensors get from rank to rank, for people: {@code through the host: libnccl.so.2
   *     is not found}; what {@link #toString} gives
   */
  public LentRanks(Collective ranks, String way) {
    this.ranks = ranks;
    this.way = way;
  }

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

  /** Leaves the ranks as they are. */
  @Override
  public void close() {}

  /** How tensors get from rank to rank. */
  @Override
  public String toString() {
    return way;
  }
}
