package dev.larmor.models.cli;

import dev.larmor.autograd.mpi.Launch;
import dev.larmor.autograd.mpi.MpiCollective;
import dev.larmor.engine.Collective;
import dev.larmor.engine.Device;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * This process among those that were started together, from the start of the program to its end.
 *
 * <p>A process that fails ends the others. What all of them find wrong, rank 0 says: the others
 * wait a little before they speak. A process that a signal is ending, because another one died or
 * the job was cancelled, notes that.
 */
final class Job {
  /** For rank 0 to speak and end the others, when all come to the same place at once. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** The same before they have met: one may start long before another. */
  private static final Duration PATIENCE_AT_START = Duration.ofSeconds(20);

  /** Open MPI leaves a rank a second between TERM and KILL. */
  private static final Duration GRACE = Duration.ofMillis(500);

  private static final int TERMINATED = 143;

  private final Optional<Launch> launch;
  private final Console console;
  private Collective ranks = Collective.single();
  private RunStatus command;
  private volatile RunStatus status; // null but from joining to the end

  Job(Optional<Launch> launch, Console console) {
    this.launch = launch;
    this.console = console;
  }

  /** How many processes were started together. */
  int size() {
    return launch.map(Launch::size).orElse(1);
  }

  /** This process's share of the host's processors. */
  int processors() {
    return Processors.ofProcess().share(localSize());
  }

  private int localSize() {
    return launch.map(Launch::localSize).orElse(1);
  }

  /** Who started them. */
  String launcher() {
    return launch.map(Launch::launcher).orElse("nobody");
  }

  /**
   * Meets the others.
   *
   * @param limit that ranks wait for each other
   * @param file to write how it goes to, beside that in each run's folder
   */
  Collective join(Duration limit, Optional<Path> file) {
    if (launch.isPresent()) {
      ranks = MpiCollective.open(launch.get(), limit, this::lost);
      if (ranks.leads()) {
        Processors processors = Processors.ofProcess();
        if (processors.isBound(localSize())) {
          console.line(
              "each rank is bound to %d of %d processors: mpirun --bind-to none, or srun -c, gives it more"
                  .formatted(processors.available(), processors.online()));
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::terminated, "job"));
      }
    }
    command = RunStatus.begun(file, ranks);
    begin(command);
    return ranks;
  }

  /**
   * What the ranks use for tensors on their devices. It is closed where all has gone well, and
   * there alone; else the device ends it.
   */
  Collective on(Device device) {
    Collective shared = device.collective(ranks);
    if (ranks.size() > 1) {
      console.line("%d ranks, tensors go %s".formatted(ranks.size(), shared));
    }
    return shared;
  }

  /** Another rank does not answer; the process is ended behind this. */
  private void lost(String sentence) {
    console.err().println("larmor: " + sentence);
    console.err().flush();
    RunStatus running = status;
    status = null;
    if (running != null) {
      running.failed(MpiCollective.WAITED_IN_VAIN, sentence);
    }
  }

  private void terminated() {
    RunStatus running = status;
    if (running == null) {
      return;
    }
    sleep(GRACE);
    if (status != null && !running.isFailed()) {
      String cause = "ended by a signal: another rank died, or the job was cancelled";
      console.err().println("larmor: " + cause + "; --resume goes on from the last checkpoint");
      running.failed(TERMINATED, cause);
    }
  }

  /** A run begins, or the next one; only what a launcher started leaves its status. */
  void begin(Path folder) {
    if (launch.isPresent()) {
      begin(command.in(folder));
    }
  }

  private void begin(RunStatus begun) {
    status = begun;
    if (ranks.leads()) {
      begun.running();
    }
  }

  /** Leaves the others, when all do: the work is done or stopped. */
  void end(int exitCode) {
    if (status != null && ranks.leads()) {
      status.ended(exitCode);
    }
    status = null;
    ranks.close();
    ranks = Collective.single();
  }

  /**
   * This process cannot go on, so none can.
   *
   * @param report says why
   */
  void fail(int exitCode, String cause, Runnable report) {
    if (!leads()) {
      sleep(ranks.size() > 1 ? PATIENCE : PATIENCE_AT_START);
    }
    report.run();
    RunStatus running = status;
    status = null;
    if (running != null) {
      try {
        running.failed(exitCode, prefix() + cause);
      } catch (UncheckedIOException e) {
        console.err().println("larmor: " + prefix() + e.getMessage());
      }
    }
    ranks.abort(exitCode);
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int rank() {
    return launch.map(Launch::rank).orElse(0);
  }

  /** Whether this is the process that speaks of results. */
  boolean leads() {
    return rank() == 0;
  }

  /** Who speaks: nothing for rank 0. */
  String prefix() {
    return leads() ? "" : "rank " + rank() + ": ";
  }
}
