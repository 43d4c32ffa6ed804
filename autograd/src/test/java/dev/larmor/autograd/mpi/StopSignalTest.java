package dev.larmor.autograd.mpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The signal in a process without MPI: a Slurm job of one task. */
final class StopSignalTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** Waits for the signal, more than once. */
  static final class Waiting {
    private Waiting() {}

    public static void main(String[] arguments) throws InterruptedException {
      StopSignal.install();
      StopSignal.install();
      assertFalse(StopSignal.requested());
      System.out.println("waits");
      while (!StopSignal.requested()) {
        Thread.sleep(10);
      }
      System.out.println("asked");
      Thread.sleep(500); // for a second signal, which ends nothing either
    }
  }

  @Test
  void aProcessSurvivesTheSignalAndSeesIt() throws IOException, InterruptedException {
    try (LocalRanks.Run run = LocalRanks.of(1).alone(LocalRanks.java(Waiting.class))) {
      for (String words : new String[] {"waits", "asked"}) {
        run.awaitWords(words, LIMIT);
        String pid = Long.toString(run.mpirun().pid());
        assertEquals(0, new ProcessBuilder("kill", "-USR1", pid).start().waitFor());
      }
      assertEquals(0, run.await(LIMIT), run::err);
      assertEquals("waits\nasked\n", run.out());
    }
  }
}
