package dev.larmor.models.cli;

import dev.larmor.autograd.mpi.StopSignal;
import dev.larmor.engine.Collective;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Turns Ctrl-C (and a polite kill) into a wish to stop: the work goes on to its next safe place,
 * saves and ends, and only then the program does. USR1, which Slurm sends before a job's time is
 * over, is the same wish.
 */
final class Interrupt implements AutoCloseable {
  /** The exit code of a program that Ctrl-C ended. */
  static final int EXIT_CODE = 130;

  /** The exit code of a program that USR1 ended: start it again with {@code --resume}. */
  static final int USR1_EXIT_CODE = 85;

  private static final long PATIENCE_SECONDS = 600;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook = new Thread(this::await, "interrupt");
  private volatile boolean requested;

  Interrupt() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Whether the user wants to stop. */
  boolean requested() {
    return requested || StopSignal.requested();
  }

  /** The exit code of work that was stopped; to be asked on all ranks. */
  static int exitCode(Collective ranks) {
    return ranks.any(StopSignal.requested()) ? USR1_EXIT_CODE : EXIT_CODE;
  }

  private void await() {
    requested = true;
    try {
      if (!ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("larmor: gave up waiting for the work to save itself");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    ended.countDown();
    if (!requested) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }
}
