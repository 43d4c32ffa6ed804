package dev.larmor.kernels.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A fixed team of threads that runs a numbered list of tasks: the only source of parallelism of the
 * CPU backend.
 *
 * <p>A kernel cuts its problem into tasks by looking at shapes alone, never at {@link #threads()};
 * which thread runs which task then has no influence on the result, so results are bit-identical
 * from run to run and for any number of threads.
 *
 * <p>The calling thread takes part as worker 0; the team's own daemon threads are workers 1 to
 * {@code threads - 1}. Between runs they spin for a few tens of microseconds, so that back-to-back
 * kernels start within about a microsecond, and then park, so that an idle team costs nothing.
 *
 * <h2>How a run is published</h2>
 *
 * One word, {@code claim}, holds the number of the run (high half) and the next unclaimed task (low
 * half). A worker reads the word, then the body and the task count, and claims a task by
 * compare-and-set. Body and count change only while the word says {@link #CLOSED}, so if the
 * exchange succeeds they belong to the run. A worker that wakes too late finds nothing to claim,
 * and nobody waits for it: the caller waits for the tasks, not for the threads.
 */
public final class Team implements AutoCloseable {

  /** One task of a run; see {@link Team#run}. */
  @FunctionalInterface
  public interface Task {
    /**
     * Runs one task.
     *
     * @param task number of the task, from 0
     * @param worker number of the thread running it, from 0 to {@code threads() - 1}; no two
     *     threads run with the same number at the same time, so it may select scratch memory, but
     *     must not influence results
     */
    void run(int task, int worker);
  }

  /** How long a thread spins before it parks. Covers the gap between two kernels of one step. */
  private static final long SPIN_NANOS = 30_000;

  /** Low half of {@code claim} when no task may be claimed. */
  private static final int CLOSED = Integer.MAX_VALUE;

  private final Worker[] workers;
  private final ReentrantLock turn = new ReentrantLock();
  private final AtomicLong claim = new AtomicLong(CLOSED);
  private final AtomicInteger unfinished = new AtomicInteger();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private Task body; // body and tasks are published by the write that opens a run
  private int tasks;
  private volatile Thread waiter;
  private volatile boolean closed;

  /**
   * Starts a team.
   *
   * @param threads number of threads, the caller of {@link #run} included; at least 1
   */
  public Team(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("[team] threads must be at least 1, got " + threads);
    }
    workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1);
      workers[i].start();
    }
  }

  /** Number of threads of the team, the caller of {@link #run} included. */
  public int threads() {
    return workers.length + 1;
  }

  /**
   * Runs tasks 0 to {@code tasks - 1} and returns when all are done. Threads calling at the same
   * time take turns. Called from inside a task of this team, it runs the tasks one after the other
   * on the calling thread, under that thread's worker number.
   *
   * <p>If a task throws, tasks not yet started are skipped, and the first exception is thrown here
   * once no task is running any more.
   */
  public void run(int tasks, Task body) {
    if (tasks < 0) {
      throw new IllegalArgumentException("[team] tasks must not be negative, got " + tasks);
    }
    if (Thread.currentThread() instanceof Worker worker && worker.team() == this) {
      serial(tasks, body, worker.number);
      return;
    }
    if (turn.isHeldByCurrentThread()) {
      serial(tasks, body, 0);
      return;
    }
    turn.lock();
    try {
      if (closed) {
        throw new IllegalStateException("[team] the team is closed");
      }
      if (tasks <= 1 || workers.length == 0) {
        serial(tasks, body, 0);
      } else {
        parallel(tasks, body);
      }
    } finally {
      turn.unlock();
    }
  }

  private static void serial(int tasks, Task body, int worker) {
    for (int task = 0; task < tasks; task++) {
      body.run(task, worker);
    }
  }

  private void parallel(int count, Task task) {
    body = task;
    tasks = count;
    unfinished.set(count);
    long run = ((claim.get() >>> 32) + 1) << 32;
    claim.set(run); // opens the run
    int helpers = Math.min(workers.length, count - 1);
    for (int i = 0; i < helpers; i++) {
      workers[i].wake();
    }
    work(0);
    awaitTasks();
    claim.set(run | CLOSED);
    body = null;
    Throwable thrown = failure.getAndSet(null);
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    } else if (thrown != null) {
      throw (Error) thrown; // a Task declares no checked exception
    }
  }

  /** Claims and runs tasks of the current run until none is left; returns the run's number. */
  private long work(int worker) {
    while (true) {
      long seen = claim.get();
      Task task = body;
      int count = tasks;
      int next = (int) seen;
      if (next >= count) {
        return seen >>> 32;
      }
      if (!claim.compareAndSet(seen, seen + 1)) {
        continue;
      }
      if (failure.get() == null) {
        try {
          task.run(next, worker);
        } catch (Throwable thrown) {
          failure.compareAndSet(null, thrown);
        }
      }
      if (unfinished.decrementAndGet() == 0) {
        Thread caller = waiter;
        if (caller != null) {
          LockSupport.unpark(caller);
        }
      }
    }
  }

  private void awaitTasks() {
    if (spin(() -> unfinished.get() == 0)) {
      return;
    }
    waiter = Thread.currentThread();
    while (unfinished.get() != 0) {
      LockSupport.park(this);
    }
    waiter = null;
  }

  private interface Condition {
    boolean holds();
  }

  private static boolean spin(Condition condition) {
    long start = 0;
    for (int i = 0; ; i++) {
      if (condition.holds()) {
        return true;
      }
      Thread.onSpinWait();
      if ((i & 63) == 63) {
        long now = System.nanoTime();
        if (start == 0) {
          start = now;
        } else if (now - start > SPIN_NANOS) {
          return false;
        }
      }
    }
  }

  /** Stops the team's threads and waits for them. A run in progress is finished first. */
  @Override
  public void close() {
    turn.lock();
    try {
      closed = true;
      for (Worker worker : workers) {
        LockSupport.unpark(worker);
      }
      boolean interrupted = false;
      for (Worker worker : workers) {
        while (worker.isAlive()) {
          try {
            worker.join();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    } finally {
      turn.unlock();
    }
  }

  private final class Worker extends Thread {
    private final int number;
    private volatile boolean parked;

    Worker(int number) {
      super("larmor-team-" + number);
      this.number = number;
      setDaemon(true);
    }

    Team team() {
      return Team.this;
    }

    void wake() {
      if (parked) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      while (!closed) {
        long run = work(number);
        if (spin(() -> closed || claim.get() >>> 32 != run)) {
          continue;
        }
        parked = true;
        while (!closed && claim.get() >>> 32 == run) {
          LockSupport.park(Team.this);
        }
        parked = false;
      }
    }
  }
}
