package dev.larmor.models.ssl.preprocess.numerics;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Threads that share independent pieces of work.
 *
 * <p>Which thread does a piece is left to chance, so a piece must write only what is its own: then
 * the result has the same bits for any number of threads.
 *
 * @param threads at least 1
 */
public record Workers(int threads) {
  /** The calling thread alone. */
  public static final Workers ONE = new Workers(1);

  /** Checks the number. */
  public Workers {
    if (threads < 1) {
      throw new IllegalArgumentException(threads + " threads, expected at least 1");
    }
  }

  /**
   * Does pieces 0 … {@code pieces - 1} and returns when all are done.
   *
   * @param worker is asked once by each thread for what it does with a piece, so that a thread can
   *     have buffers of its own
   */
  public void forEach(int pieces, Supplier<IntConsumer> worker) {
    AtomicInteger next = new AtomicInteger();
    Runnable share =
        () -> {
          IntConsumer body = worker.get();
          for (int piece = next.getAndIncrement(); piece < pieces; piece = next.getAndIncrement()) {
            body.accept(piece);
          }
        };
    int busy = Math.min(threads, pieces);
    if (busy <= 1) {
      share.run();
      return;
    }
    try (ExecutorService pool = Executors.newFixedThreadPool(busy)) {
      List<CompletableFuture<Void>> shares =
          IntStream.range(0, busy).mapToObj(t -> CompletableFuture.runAsync(share, pool)).toList();
      shares.forEach(CompletableFuture::join);
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw e;
    }
  }
}
