package dev.larmor.autograd.mpi;

import dev.larmor.engine.Collective.Pending;
import dev.larmor.engine.CollectiveException;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * The thread that makes every call of MPI, from the first to the last.
 *
 * <p>Most libraries move nothing unless some thread is inside MPI, so waiting for the result at the
 * end would overlap nothing with the backward pass. This thread starts operations that do not
 * block, in the order in which they were asked for (which must be the same on all ranks), a few at
 * a time, and asks again and again whether they are complete. While the caller computes it sleeps
 * in between; while the caller waits, and something has moved a moment ago, it does not.
 *
 * <p>The same loop has the deadline. No MPI says anything when a rank hangs, is stopped or is cut
 * off: all others would wait for ever.
 */
final class Owner {
  private static final int IN_FLIGHT = 4;
  private static final long NAP = TimeUnit.MICROSECONDS.toNanos(20);
  private static final long IDLE_NAP = TimeUnit.MILLISECONDS.toNanos(5);

  /** So long after an operation the next is awaited without sleep: to be woken takes 100 µs. */
  private static final long ALERT = TimeUnit.MICROSECONDS.toNanos(300);

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /** After so long the process is ended whether MPI has ended the job or not. */
  private static final Duration LAST_RESORT = Duration.ofSeconds(10);

  /** How long one waits for others to leave; the work is done by then. */
  private static final Duration LEAVING = Duration.ofSeconds(20);

  /** Begins something: a call with an address that gets an {@code MPI_Request}. */
  interface Call {
    void begin(Mpi mpi, long request);
  }

  private final Mpi mpi;
  private final Launch launch;
  private final Duration limit;
  private final Consumer<String> lost;
  private final Thread thread;
  private final Queue<Operation> asked = new ConcurrentLinkedQueue<>();
  private final ArrayDeque<Operation> inFlight = new ArrayDeque<>();
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);

  private volatile RuntimeException failure; // of this thread: nothing more will happen
  private volatile boolean isWaitedFor;
  private volatile boolean leaves;
  private volatile int abortCode = -1;
  private volatile long turns;
  private int size;
  private int rank;

  /** A thread that {@link #start} starts. */
  Owner(Mpi mpi, Launch launch, Duration limit, Consumer<String> lost) {
    this.mpi = mpi;
    this.launch = launch;
    this.limit = limit;
    this.lost = lost;
    thread = Thread.ofPlatform().name("mpi").daemon().unstarted(this::run);
  }

  /**
   * Begins MPI, and waits until it has begun on all ranks.
   *
   * @throws CollectiveException if it does not within the limit, or failed
   */
  void start() {
    thread.start();
    if (!await(begun, limit)) {
      throw new CollectiveException(
          "rank %d of %d has waited %d s for MPI to begin: another rank did not start, or its host can not be reached"
              .formatted(launch.rank(), launch.size(), limit.toSeconds()));
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** How many processes MPI knows. */
  int size() {
    return size;
  }

  /** This process's rank in MPI. */
  int rank() {
    return rank;
  }

  /** Asks for an operation, to be started after those asked for before. */
  Operation ask(String what, Call call) {
    Operation operation = new Operation(what, call);
    asked.add(operation);
    if (failure != null) { // set before the queue was emptied for the last time
      operation.end(failure);
    }
    LockSupport.unpark(thread);
    return operation;
  }

  private void run() {
    try (Arena arena = Arena.ofConfined()) {
      mpi.initialize();
      size = mpi.size();
      rank = mpi.rank();
      begun.countDown();
      work(arena);
      mpi.terminate();
    } catch (RuntimeException | Error e) {
      failure =
          e instanceof RuntimeException exception
              ? exception
              : new CollectiveException("the thread that calls MPI failed: " + e, e);
      inFlight.forEach(operation -> operation.end(failure));
      asked.forEach(operation -> operation.end(failure));
    } finally {
      begun.countDown();
      ended.countDown();
    }
  }

  /** The loop. */
  private void work(Arena arena) {
    ArrayDeque<Long> slots = new ArrayDeque<>(); // each for one MPI_Request, at most a pointer
    for (int i = 0; i < IN_FLIGHT; i++) {
      slots.add(arena.allocate(Long.BYTES, Long.BYTES).address());
    }
    long last = System.nanoTime();
    long moved = last;
    long count = 0;
    while (!(leaves && inFlight.isEmpty() && asked.isEmpty())) {
      if (abortCode >= 0) {
        end(abortCode);
      }
      while (!slots.isEmpty() && !asked.isEmpty()) {
        Operation operation = asked.remove();
        if (operation.start(slots.getFirst())) {
          slots.removeFirst();
          inFlight.add(operation);
        }
        moved = last;
      }
      for (Iterator<Operation> each = inFlight.iterator(); each.hasNext(); ) {
        Operation operation = each.next();
        if (operation.isOver()) {
          slots.add(operation.slot);
          each.remove();
          moved = last;
        }
      }
      turns = ++count;
      long now = System.nanoTime();
      long turn =
          Math.min(now - last, SECOND); // the time that this process was stopped is not counted
      last = now;
      if (inFlight.isEmpty()) {
        mpi.progress();
        if (now - moved < ALERT) {
          makeWay();
        } else {
          LockSupport.parkNanos(IDLE_NAP);
        }
        continue;
      }
      Operation oldest = inFlight.getFirst();
      oldest.waited += turn;
      if (oldest.waited > limit.toNanos()) {
        say(oldest.what);
        end(MpiCollective.WAITED_IN_VAIN);
      }
      if (isWaitedFor && now - moved < SECOND) {
        makeWay();
      } else {
        LockSupport.parkNanos(NAP);
      }
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // there may be more ranks than cores
  private static void makeWay() {
    Thread.yield();
  }

  private void say(String what) {
    try {
      lost.accept(
          "rank %d of %d has waited %d s for %s: another rank hangs, is stopped or cannot be reached; this job is ended"
              .formatted(launch.rank(), launch.size(), limit.toSeconds(), what));
    } catch (RuntimeException e) { // the job must end all the same
      System.err.println(e.getMessage());
    }
    System.err.flush();
  }

  /** Ends the job, on this thread. */
  private void end(int exitCode) {
    endAnyway(exitCode);
    try {
      mpi.abort(exitCode);
    } finally {
      Runtime.getRuntime().halt(exitCode);
    }
  }

  /** The library's own end of the process may get stuck, too. */
  private static void endAnyway(int exitCode) {
    Thread.ofPlatform()
        .name("last-resort")
        .daemon()
        .start(() -> {
          sleep(LAST_RESORT);
          CLibrary.exit(exitCode);
        });
  }

  /** Ends the job; does not return. */
  void abort(int exitCode) {
    endAnyway(exitCode);
    abortCode = exitCode;
    LockSupport.unpark(thread);
    if (!thread.isAlive()) {
      Runtime.getRuntime().halt(exitCode);
    }
    sleep(LAST_RESORT.multipliedBy(2));
  }

  /**
   * Leaves MPI. Some libraries hang at that now and then, between hosts: then they are left behind,
   * since all ranks' work is done.
   */
  void leave() {
    leaves = true;
    LockSupport.unpark(thread);
    await(ended, LEAVING);
  }

  private static void sleep(Duration time) {
    await(new CountDownLatch(1), time);
  }

  /** Waits, interrupted or not: MPI may be writing to the caller's memory. */
  private static boolean await(CountDownLatch latch, Duration limit) {
    boolean interrupted = false;
    long end = System.nanoTime() + limit.toNanos();
    try {
      while (true) {
        try {
          return latch.await(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Something that all ranks do together. */
  final class Operation implements Pending {
    private final String what;
    private final Call call;
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile RuntimeException error;
    private long slot;
    private long waited; // nanoseconds as the oldest in flight

    Operation(String what, Call call) {
      this.what = what;
      this.call = call;
    }

    private void end(RuntimeException with) {
      error = with;
      done.countDown();
    }

    /** Whether it is under way now. */
    private boolean start(long free) {
      slot = free;
      try {
        call.begin(mpi, slot);
        return true;
      } catch (RuntimeException e) {
        end(e);
        return false;
      }
    }

    private boolean isOver() {
      try {
        if (!mpi.test(slot)) {
          return false;
        }
        end(null);
      } catch (RuntimeException e) {
        end(e);
      }
      return true;
    }

    /** Whether it has ended well. */
    boolean isDone() {
      return done.getCount() == 0 && error == null;
    }

    @Override
    public void await() {
      isWaitedFor = true;
      long before = turns;
      int silent = 0; // seconds in which the thread has not come back from a call
      while (!Owner.await(done, Duration.ofSeconds(1))) {
        long now = turns;
        silent = now == before ? silent + 1 : 0;
        before = now;
        if (silent > limit.toSeconds()) {
          say(what);
          Runtime.getRuntime().halt(MpiCollective.WAITED_IN_VAIN);
        }
      }
      isWaitedFor = false;
      if (error != null) {
        throw new CollectiveException(what + " failed: " + error.getMessage(), error);
      }
    }
  }
}
