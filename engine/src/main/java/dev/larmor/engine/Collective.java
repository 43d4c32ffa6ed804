package dev.larmor.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;

/**
 * Processes that work on one model together, each on a device of its own: ranks {@code 0 … size() −
 * 1}. What one of them calls here, all call, in the same order; nothing returns before all have
 * come, but for {@link #allReduce}, whose result is waited for.
 *
 * <p>Sums are in an order that hangs on the number of ranks alone – from card to card ({@link
 * Device#collective}) on how they are connected, too – so as many ranks give the same bits again,
 * and every rank gets the same.
 *
 * <p>Tensors are F32. Like a device, a collective is called by one thread at a time.
 */
public interface Collective extends AutoCloseable {
  /** Which of them this process is. */
  int rank();

  /** How many they are. */
  int size();

  /** This process's number among those of its host, from 0: which of the host's cards it takes. */
  int localRank();

  /** Something that goes on while the caller does other things. */
  interface Pending {
    /**
     * Waits for its end.
     *
     * @throws CollectiveException if it failed
     */
    void await();
  }

  /**
   * Sums each tensor over all ranks, in place.
   *
   * @param tensors of the same shapes on each rank; neither to be read nor changed before the end
   *     is waited for
   */
  Pending allReduce(List<Tensor> tensors);

  /**
   * All ranks' rows, one rank's after another's, in the current scope.
   *
   * @param own {@code F32[shares.of(rank()).count(), …]}
   * @return {@code F32[shares.total(), …]}
   */
  Tensor allGather(Tensor own, Shares shares);

  /**
   * This rank's rows of the sum over all ranks, in the current scope: the transpose of {@link
   * #allGather}.
   *
   * @param all {@code F32[shares.total(), …]}
   * @return {@code F32[shares.of(rank()).count(), …]}
   */
  Tensor reduceScatter(Tensor all, Shares shares);

  /** Gives rank 0's elements to all; tensors of any dtype. */
  void broadcast(List<Tensor> tensors);

  /** Rank 0's bytes; the others' argument is not looked at. */
  byte[] broadcast(byte[] bytes);

  /** The bytes that each rank gives, of any length, by rank. */
  List<byte[]> gather(byte[] own);

  /** {@code total} rows or samples shared out among these ranks as evenly as it goes. */
  default Shares shares(int total) {
    return Shares.even(total, size());
  }

  /** The part of {@code total} rows or samples that is this rank's. */
  default Shares.Share share(int total) {
    return shares(total).of(rank());
  }

  /** Whether this rank is the one that writes files and speaks to people. */
  default boolean leads() {
    return rank() == 0;
  }

  /** The numbers that each rank gives, by rank; each may give another count. */
  default List<double[]> gather(double... own) {
    ByteBuffer bytes = ByteBuffer.allocate(own.length * Double.BYTES);
    bytes.asDoubleBuffer().put(own);
    return gather(bytes.array()).stream()
        .map(each -> {
          double[] values = new double[each.length / Double.BYTES];
          ByteBuffer.wrap(each).asDoubleBuffer().get(values);
          return values;
        })
        .toList();
  }

  /** All ranks' lines of text, by rank. */
  default List<String> gather(Collection<String> own) {
    return gather(String.join("\n", own).getBytes(StandardCharsets.UTF_8)).stream()
        .flatMap(each -> new String(each, StandardCharsets.UTF_8).lines())
        .toList();
  }

  /** The sum of each number over all ranks, added up rank by rank. */
  default double[] sum(double... own) {
    double[] sums = new double[own.length];
    for (double[] each : gather(own)) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] += each[i];
      }
    }
    return sums;
  }

  /** Whether any rank says so. */
  default boolean any(boolean own) {
    return sum(own ? 1 : 0)[0] > 0;
  }

  /** What rank 0 says, for what ranks might see differently, such as whether a file is there. */
  default boolean decide(boolean own) {
    return any(leads() && own);
  }

  /** Waits for all ranks. */
  default void barrier() {
    gather(new byte[0]);
  }

  /**
   * Ends the other ranks' work too, at once, for one that can not go on. A process among several
   * does not return from here.
   *
   * @param exitCode of the job
   */
  void abort(int exitCode);

  /** Leaves, when all do. */
  @Override
  void close();

  /** One process alone. */
  static Collective single() {
    return new Alone();
  }
}
