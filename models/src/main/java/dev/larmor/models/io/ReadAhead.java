package dev.larmor.models.io;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;

/**
 * Numbered work done ahead of its use on worker threads, its results in order.
 *
 * <p>They are the same whatever the number of workers: workers claim positions in order and put
 * each result into that position's place of a ring, from which the one consumer takes them. At most
 * as many results wait or are being made as the ring has places.
 *
 * <p>To be closed, at the end or midway: this ends the workers, each after the result it is at.
 *
 * @param <T> a result
 */
public final class ReadAhead<T> implements AutoCloseable {
  /** What one worker thread works with: opened, used and closed by that thread alone. */
  public interface Worker<T> extends AutoCloseable {
    /** The result of a position; what it throws is thrown to the consumer in its stead. */
    T make(int position);

    @Override
    void close();
  }

  /** What stands in the ring for a result. */
  private sealed interface Place<T> {}

  private record Made<T>(T result) implements Place<T> {}

  private record Failed<T>(Throwable reason) implements Place<T> {}

  private final int count;
  private final Supplier<? extends Worker<T>> worker;
  private final List<Thread> threads = new ArrayList<>();

  // Guarded by this.
  private final List<Place<T>> ring;
  private int claimed;
  private int taken;
  private boolean closed;

  /**
   * Starts working.
   *
   * @param name of the threads
   * @param count positions 0 to count − 1
   * @param workers number of threads, at least 1
   * @param places of the ring, more than workers to keep them all busy
   */
  public ReadAhead(
      String name, int count, int workers, int places, Supplier<? extends Worker<T>> worker) {
    if (workers < 1) {
      throw new IllegalArgumentException(workers + " workers, expected at least 1");
    }
    this.count = count;
    this.worker = worker;
    this.ring = new ArrayList<>();
    for (int i = 0; i < places; i++) {
      ring.add(null);
    }
    for (int i = 0; i < workers; i++) {
      threads.add(Thread.ofPlatform().daemon().name(name + "-" + i).unstarted(this::work));
    }
    threads.forEach(Thread::start);
  }

  /** The number of places of the ring. */
  public int places() {
    return ring.size();
  }

  /** Whether a position is left. */
  public synchronized boolean hasNext() {
    return taken < count;
  }

  /**
   * The result of the next position; waits for it.
   *
   * @throws RuntimeException what the worker threw for this position; the next can be asked for
   */
  public T next() {
    return switch (take()) {
      case Made<T>(T result) -> result;
      case Failed<T>(RuntimeException reason) -> throw reason;
      case Failed<T>(Error reason) -> throw reason;
      case Failed<T>(Throwable reason) -> throw new AssertionError(reason);
    };
  }

  private synchronized Place<T> take() {
    if (closed) {
      throw new IllegalStateException("the loader is closed");
    }
    if (taken == count) {
      throw new NoSuchElementException("all " + count + " are delivered");
    }
    int place = taken % ring.size();
    while (ring.get(place) == null) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("interrupted while waiting for data");
      }
    }
    Place<T> result = ring.set(place, null);
    taken++;
    notifyAll();
    return result;
  }

  /** Claims the next position, waiting for a free place; −1 when there is none left. */
  private synchronized int claim() throws InterruptedException {
    while (!closed && claimed < count && claimed - taken >= ring.size()) {
      wait();
    }
    return closed || claimed == count ? -1 : claimed++;
  }

  private synchronized void deliver(int position, Place<T> result) {
    ring.set(position % ring.size(), result);
    notifyAll();
  }

  private void work() {
    try (Worker<T> own = worker.get()) {
      int position;
      while ((position = claim()) >= 0) {
        Place<T> result;
        try {
          result = new Made<>(own.make(position));
        } catch (RuntimeException | Error e) {
          result = new Failed<>(e);
        }
        deliver(position, result);
      }
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts a working thread: it would close its file", e);
    }
  }

  /** Ends the workers. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
