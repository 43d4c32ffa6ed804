package dev.larmor.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * Ranks that are threads of one process, each with a device of its own: to test what trains on many
 * ranks, or to try it, without a launcher. Sums are added up rank by rank in double precision.
 */
public final class ThreadRanks {
  private final int size;
  private final Object[] given;
  private final Phaser meeting; // terminated as soon as a rank fails

  private ThreadRanks(int size) {
    this.size = size;
    this.given = new Object[size];
    this.meeting = new Phaser(size);
  }

  /**
   * Runs {@code body} as each of {@code size} ranks.
   *
   * @return what each gave, by rank
   * @throws RuntimeException that of the rank that failed first; the others are ended
   */
  public static <T> List<T> run(int size, Function<Collective, T> body) {
    ThreadRanks ranks = new ThreadRanks(size);
    List<T> results = new ArrayList<>(Collections.nCopies(size, null));
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int r = 0; r < size; r++) {
      Rank rank = ranks.new Rank(r);
      threads.add(
          Thread.ofPlatform()
              .name("rank-" + r)
              .start(() -> {
                try {
                  T result = body.apply(rank);
                  synchronized (results) {
                    results.set(rank.rank, result);
                  }
                } catch (RuntimeException | Error e) {
                  failure.compareAndSet(null, e);
                  ranks.meeting.forceTermination();
                }
              }));
    }
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CollectiveException("interrupted while ranks work", e);
      }
    }
    switch (failure.get()) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> {}
    }
    return results;
  }

  private final class Rank implements Collective {
    private final int rank;

    Rank(int rank) {
      this.rank = rank;
    }

    @Override
    public int rank() {
      return rank;
    }

    @Override
    public int size() {
      return size;
    }

    @Override
    public int localRank() {
      return rank;
    }

    private void meet() {
      if (meeting.arriveAndAwaitAdvance() < 0) {
        throw new CollectiveException("rank " + rank + " is left alone: another rank ended");
      }
    }

    /** What all ranks gave, to be copied from in {@code reading} and nowhere else. */
    private <T, R> R exchange(T own, Class<T> type, Function<List<T>, R> reading) {
      given[rank] = own;
      meet();
      R result = reading.apply(Arrays.stream(given).map(type::cast).toList());
      meet();
      return result;
    }

    private float[] sum(float[] own) {
      return exchange(
          own,
          float[].class,
          all -> {
            float[] sums = new float[own.length];
            for (int i = 0; i < sums.length; i++) {
              double sum = 0;
              for (float[] each : all) {
                sum += each[i];
              }
              sums[i] = (float) sum;
            }
            return sums;
          });
    }

    @Override
    public Pending allReduce(List<Tensor> tensors) {
      for (Tensor tensor : tensors) {
        put(sum(tensor.toFloats()), tensor);
      }
      return () -> {};
    }

    private void put(float[] values, Tensor tensor) {
      try (Arena arena = Arena.ofConfined()) {
        tensor.upload(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values));
      }
    }

    @Override
    public Tensor allGather(Tensor own, Shares shares) {
      Shape shape = shares.checked(own.spec(), shares.of(rank).count()).with(0, shares.total());
      return exchange(
          own.toFloats(),
          float[].class,
          all -> {
            float[] together = new float[(int) shape.elements()];
            int at = 0;
            for (float[] each : all) {
              System.arraycopy(each, 0, together, at, each.length);
              at += each.length;
            }
            return own.device().tensor(own.spec().as(shape), together);
          });
    }

    @Override
    public Tensor reduceScatter(Tensor all, Shares shares) {
      Shares.Share share = shares.of(rank);
      Shape shape = shares.checked(all.spec(), shares.total()).with(0, share.count());
      float[] sums = sum(all.toFloats());
      int row = sums.length / shares.total();
      float[] own = Arrays.copyOfRange(sums, share.first() * row, share.end() * row);
      return all.device().tensor(all.spec().as(shape), own);
    }

    @Override
    public void broadcast(List<Tensor> tensors) {
      for (Tensor tensor : tensors) {
        try (Arena arena = Arena.ofConfined()) {
          byte[] bytes = tensor.download(arena).toArray(ValueLayout.JAVA_BYTE);
          MemorySegment host = arena.allocate(bytes.length, 64);
          tensor.upload(host.copyFrom(MemorySegment.ofArray(broadcast(bytes))));
        }
      }
    }

    @Override
    public byte[] broadcast(byte[] bytes) {
      return gather(leads() ? bytes : new byte[0]).getFirst();
    }

    @Override
    public List<byte[]> gather(byte[] own) {
      return exchange(own, byte[].class, all -> all.stream().map(byte[]::clone).toList());
    }

    @Override
    public void abort(int exitCode) {
      meeting.forceTermination();
    }

    @Override
    public void close() {
      meet();
    }
  }
}
