package dev.larmor.autograd.mpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.CollectiveException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ranks that are processes; each test is one start of {@link Rank}. */
final class MpiCollectiveTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int KILLED = 128 + 9;

  @BeforeAll
  static void mpiIsThere() {
    boolean there = LocalRanks.isOpenMpiThere();
    assertTrue(
        there || System.getenv("CI") == null,
        "a build server needs MPI (Debian packages openmpi-bin, libopenmpi3)");
    assumeTrue(there, "no MPI here");
  }

  private static LocalRanks.Run start(int size, Object... arguments) {
    return LocalRanks.of(size).start(command(arguments));
  }

  private static List<String> command(Object... arguments) {
    String[] words = new String[arguments.length];
    for (int i = 0; i < words.length; i++) {
      words[i] = arguments[i].toString();
    }
    return LocalRanks.java(Rank.class, words);
  }

  private static void assertAllWell(LocalRanks.Run run, int size) {
    assertEquals(0, run.await(LIMIT), () -> run.out() + run.err());
    for (int rank = 0; rank < size; rank++) {
      assertTrue(run.out().contains("rank " + rank + " is well"), run.out() + run.err());
    }
  }

  @Test
  void everythingWithFourRanks() {
    try (LocalRanks.Run run = start(4, "everything", Integer.MAX_VALUE)) {
      assertAllWell(run, 4);
      assertTrue(run.out().contains("Open MPI v"), run.out());
    }
  }

  /** As where there are more than 2^31 − 1 elements: everything goes in pieces, here of 100000. */
  @Test
  void everythingInPieces() {
    try (LocalRanks.Run run = start(2, "everything", 100_000)) {
      assertAllWell(run, 2);
    }
  }

  /** UCX takes the JVM's signals where it can, and Open MPI uses it where there is InfiniBand. */
  @Test
  void everythingOverUcx() {
    LocalRanks ranks =
        LocalRanks.of(2)
            .with("OMPI_MCA_pml", "ucx")
            .with("OMPI_MCA_osc", "ucx")
            .with("OMPI_MCA_opal_common_ucx_tls", "any")
            .with("OMPI_MCA_opal_common_ucx_devices", "any");
    try (LocalRanks.Run run = ranks.start(command("everything", Integer.MAX_VALUE))) {
      assertAllWell(run, 2);
      assertFalse(run.err().contains("Caught signal"), run.err());
    }
  }

  /** The other binary interface, on a library that takes the JVM's signals where it can. */
  @Test
  void everythingWithMpich() {
    assumeTrue(LocalRanks.isMpichThere());
    try (LocalRanks.Run run =
        LocalRanks.of(2).byMpich().start(command("everything", Integer.MAX_VALUE))) {
      assertAllWell(run, 2);
      assertTrue(run.out().contains("MPICH"), run.out());
    }
  }

  /** The process of a rank that said so. */
  private static ProcessHandle process(LocalRanks.Run run, String words) {
    run.awaitWords(words + " as process ", LIMIT);
    Matcher matcher = Pattern.compile(words + " as process (\\d+)").matcher(run.out());
    assertTrue(matcher.find());
    return ProcessHandle.of(Long.parseLong(matcher.group(1))).orElseThrow();
  }

  private static void send(String signal, ProcessHandle process) {
    try {
      Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
      assertEquals(0, kill.waitFor());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aStoppedRankEndsTheJobWithinTheLimit() {
    try (LocalRanks.Run run = start(2, "forever", 3)) {
      send("STOP", process(run, "rank 1 works"));
      assertEquals(75, run.await(LIMIT), () -> run.out() + run.err());
      assertTrue(
          run.err().contains("rank 0 of 2 has waited 3 s for an all-reduce: another rank hangs"),
          run.err());
    }
  }

  @Test
  void aKilledRankEndsTheJob() {
    try (LocalRanks.Run run = start(2, "forever", 100)) {
      long start = System.nanoTime();
      process(run, "rank 1 works").destroyForcibly();
      assertEquals(KILLED, run.await(LIMIT), () -> run.out() + run.err());
      assertTrue(System.nanoTime() - start < 20e9, "before any limit");
    }
  }

  @Test
  void abortEndsAllWithItsCode() {
    try (LocalRanks.Run run = start(2, "abort", 42)) {
      assertEquals(42, run.await(LIMIT), () -> run.out() + run.err());
      assertFalse(run.out().contains("is still there"), run.out());
      // mpirun's words for a rank that merely ended, which not every launcher takes for an abort.
      assertFalse(run.err().contains("non-zero exit code"), run.err());
    }
  }

  /** As Slurm does with a job that makes room for another: nobody waited in that time. */
  @Test
  @Timeout(120)
  void ranksThatWereAllStoppedGoOn() throws InterruptedException {
    try (LocalRanks.Run run = start(2, "forever", 3)) {
      ProcessHandle leader = process(run, "rank 0 works");
      ProcessHandle other = process(run, "rank 1 works");
      send("STOP", leader);
      Thread.sleep(500); // rank 1 waits for rank 0 when it is stopped itself, and when it goes on
      send("STOP", other);
      Thread.sleep(5000);
      send("CONT", other);
      Thread.sleep(500);
      send("CONT", leader);
      long said = run.out().lines().count();
      while (run.out().lines().count() < said + 6) {
        assertTrue(run.mpirun().isAlive(), () -> run.out() + run.err());
        Thread.sleep(50);
      }
      assertFalse(run.err().contains("has waited"), run.err());
    }
  }

  @Test
  void theSignalIsSeenBeforeMpiBeginsAndAfter() {
    try (LocalRanks.Run run = start(2, "signal")) {
      assertTwoWereAsked(run);
    }
  }

  /** MPICH takes the signal when it begins. */
  @Test
  void theSignalIsSeenWithMpich() {
    assumeTrue(LocalRanks.isMpichThere());
    try (LocalRanks.Run run = LocalRanks.of(2).byMpich().start(command("signal"))) {
      assertTwoWereAsked(run);
    }
  }

  private static void assertTwoWereAsked(LocalRanks.Run run) {
    send("USR1", process(run, "rank 0 waits early"));
    send("USR1", process(run, "rank 1 waits late"));
    assertEquals(0, run.await(LIMIT), () -> run.out() + run.err());
    assertTrue(run.out().contains("rank 0 was asked to stop"), run.out());
    assertTrue(run.out().contains("rank 1 was asked to stop"), run.out());
  }

  @Test
  void allLeaveTogether() {
    try (LocalRanks.Run run = start(2, "late")) {
      assertEquals(0, run.await(LIMIT), () -> run.out() + run.err());
      assertTrue(run.out().contains("rank 0 left") && run.out().contains("rank 1 left"), run.out());
    }
  }

  @Test
  void aRankThatDoesNotBeginIsNotWaitedForLonger() {
    try (LocalRanks.Run run = start(2, "absent", 2)) {
      assertEquals(75, run.await(LIMIT), () -> run.out() + run.err());
      assertTrue(run.out().contains("rank 0 of 2 has waited 2 s for MPI to begin"), run.out());
    }
  }

  private static void assertRefused(LocalRanks.Run run, String message) {
    assertEquals(0, run.await(LIMIT), () -> run.out() + run.err());
    assertTrue(run.out().contains("refused: " + message), run.out());
    assertFalse(run.out().contains("opened"), run.out());
  }

  /** A library that does not know the launcher makes of each process a world of its own. */
  @Test
  void aLibraryOfAnotherLauncherIsRefused() {
    LocalRanks ranks =
        LocalRanks.of(1)
            .with("MPI_LIBRARY", "libmpi.so.40")
            .with("PMI_RANK", 1)
            .with("PMI_SIZE", 2)
            .with("MPI_LOCALRANKID", 1)
            .with("MPI_LOCALNRANKS", 2);
    try (LocalRanks.Run run = ranks.alone(command("refused"))) {
      assertRefused(
          run,
          "MPICH's mpirun (hydra) started this as rank 1 of 2, but the MPI library libmpi.so.40"
              + " (Open MPI v");
      assertTrue(run.out().contains("knows it as rank 0 of 1: use the launcher"), run.out());
    }
  }

  @Test
  void launchersAndLibrariesThatDoNotBelongTogetherAreRefused() {
    assumeTrue(LocalRanks.isMpichThere());
    LocalRanks mpich = LocalRanks.of(2).byMpich().with("MPI_LIBRARY", "libmpi.so.40");
    try (LocalRanks.Run run = mpich.start(command("refused"))) {
      assertRefused(run, "MPICH's mpirun (hydra) started this as rank 0 of 2, but");
      assertRefused(run, "MPICH's mpirun (hydra) started this as rank 1 of 2, but");
    }
    LocalRanks openMpi = LocalRanks.of(2).with("MPI_LIBRARY", "libmpich.so.12");
    try (LocalRanks.Run run = openMpi.start(command("refused"))) {
      assertRefused(run, "Open MPI's mpirun started this as rank 1 of 2, but");
    }
  }

  @Test
  void aMissingLibraryIsSaid() {
    String message =
        assertThrows(CollectiveException.class, () -> Mpi.load(List.of("libnothing.so.1")))
            .getMessage();
    assertTrue(message.startsWith("no MPI library is found: install one (on Debian"), message);
    assertTrue(message.contains("libnothing.so.1: cannot open"), message);
  }
}
