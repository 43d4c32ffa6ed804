package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.autograd.mpi.LocalRanks;
import dev.larmor.models.Phantom;
import dev.larmor.models.checkpoint.SafetensorsReader;
import dev.larmor.models.fit.Fit;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both trainers as processes that mpirun starts: equal to one, whatever happens to them. */
final class ManyRanksTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String RUN = "Dataset007_Heads/SimCLRTrainer__nnsslPlans__onemmiso/fold_all";

  @TempDir private static Path slices;
  @TempDir private static Path volumes;
  @TempDir private Path out;

  @BeforeAll
  static void data() {
    assumeTrue(
        LocalRanks.isOpenMpiThere() || "true".equals(System.getenv("CI")),
        "no mpirun here: install openmpi-bin and libopenmpi3");
    Phantom.TINY.writeDataSet(slices, 2, 2, 2);
    Heads.write(volumes.resolve("data"), 5);
    ssl("index", volumes.resolve("data"), "--dataset=007_Heads");
    ssl("plan", "7");
    ssl("preprocess", "7");
  }

  private static void ssl(String command, Object... more) {
    List<Object> all = new ArrayList<>(List.of("ssl", command));
    all.addAll(List.of(more));
    all.addAll(folders(volumes));
    Program.run(all.toArray()).succeeded();
  }

  private static List<String> folders(Path results) {
    return List.of(
        "--raw=" + volumes.resolve("raw"),
        "--preprocessed=" + volumes.resolve("preprocessed"),
        "--results=" + results);
  }

  /** A tiny pre-training of two epochs. */
  private static List<String> pretrain(Path results, int steps, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "ssl",
                "pretrain",
                "7",
                "onemmiso",
                "--features=4,8",
                "--blocks=1,1",
                "--view-size=16",
                "--patch=20x18x16",
                "--batch-size=4",
                "--epochs=2",
                "--steps=" + steps,
                "--checkpoint-interval=4",
                "--threads=1",
                "--workers=1"));
    command.addAll(folders(results));
    command.addAll(List.of(more));
    return command;
  }

  private static LocalRanks.Run start(int ranks, List<String> command) {
    return LocalRanks.of(ranks).start(java(command));
  }

  /** The program; its kernels want the JVM's second compiler. */
  private static List<String> java(List<String> command) {
    List<String> java =
        new ArrayList<>(LocalRanks.java(Larmor.class, command.toArray(String[]::new)));
    java.remove("-XX:TieredStopAtLevel=1");
    return java;
  }

  /** What the ranks print. */
  private static String succeeds(int ranks, List<String> command) {
    try (LocalRanks.Run run = start(ranks, command)) {
      assertEquals(0, run.await(PATIENCE), () -> run.out() + run.err());
      return run.out();
    }
  }

  private static void assertClose(Path expected, Path actual) throws IOException {
    List<String> one = Files.readAllLines(expected);
    List<String> other = Files.readAllLines(actual);
    assertEquals(one.size(), other.size());
    for (int row = 1; row < one.size(); row++) {
      double[] wanted = numbers(one.get(row));
      double[] got = numbers(other.get(row));
      for (int i = 0; i < wanted.length; i++) {
        assertEquals(wanted[i], got[i], 1e-6 * Math.abs(wanted[i]), actual + ": " + one.get(row));
      }
    }
  }

  private static double[] numbers(String row) {
    return Arrays.stream(row.split(",")).mapToDouble(Double::parseDouble).toArray();
  }

  /** Every tensor of a checkpoint. */
  private static Map<String, byte[]> tensors(Path checkpoint) {
    Map<String, byte[]> tensors = new TreeMap<>();
    try (SafetensorsReader reader = SafetensorsReader.open(checkpoint)) {
      for (String name : reader.names()) {
        tensors.put(name, reader.bytes(name).toArray(ValueLayout.JAVA_BYTE));
      }
    }
    return tensors;
  }

  private static void assertSameBits(Path expected, Path actual) {
    Map<String, byte[]> one = tensors(expected);
    Map<String, byte[]> other = tensors(actual);
    assertEquals(one.keySet(), other.keySet());
    one.forEach((name, bytes) -> assertArrayEquals(bytes, other.get(name), name));
  }

  private static JsonNode status(Path fold) throws IOException {
    return new ObjectMapper().readTree(fold.resolve("status.json").toFile());
  }

  @Test
  void pretrainingIsShared() throws IOException {
    Path one = out.resolve("1");
    Program.run(pretrain(one, 3).toArray()).succeeded();
    for (int ranks : new int[] {2, 4}) {
      Path folder = out.resolve("" + ranks);
      String said = succeeds(ranks, pretrain(folder, 3, "--ranks=" + ranks));
      String steps = "steps of 4 pairs, at most %d on a rank: ".formatted(4 / ranks);
      assertTrue(said.contains(steps), said);
      assertClose(one.resolve(RUN).resolve("steps.csv"), folder.resolve(RUN).resolve("steps.csv"));
      JsonNode status = status(folder.resolve(RUN));
      assertEquals("done", status.get("state").textValue());
      assertEquals(ranks, status.get("ranks").intValue());
    }
  }

  @Test
  void reconstructionIsShared() throws IOException {
    Path one = out.resolve("1");
    List<String> options = List.of("--accumulation-step=4", "--epochs=2", "--threads=1");
    Program.run(Program.training(slices, one, options.toArray()).toArray()).succeeded();
    Path four = out.resolve("4");
    succeeds(4, Program.training(slices, four, options.toArray()));
    for (String table : List.of("losses.csv", "epochs.csv")) {
      assertClose(Program.folder(one, 2).resolve(table), Program.folder(four, 2).resolve(table));
    }
  }

  /** Waits until a run has a checkpoint that is newer than any before. */
  private static void awaitCheckpoint(LocalRanks.Run run, Path fold) throws IOException {
    Path file = Fit.latest(fold);
    long before = Files.exists(file) ? Files.getLastModifiedTime(file).toMillis() : 0;
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.exists(file) || Files.getLastModifiedTime(file).toMillis() <= before) {
      assertTrue(run.mpirun().isAlive(), () -> run.out() + run.err());
      assertTrue(System.nanoTime() < end, "no checkpoint");
      Thread.onSpinWait();
    }
  }

  private static void signal(String signal, long process) throws IOException {
    try {
      assertEquals(
          0, new ProcessBuilder("kill", "-" + signal, Long.toString(process)).start().waitFor());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A rank's process, any. */
  private static long rank(LocalRanks.Run run) {
    return run.mpirun()
        .descendants()
        .filter(process -> process.info().command().orElse("").endsWith("java"))
        .mapToLong(ProcessHandle::pid)
        .max()
        .orElseThrow();
  }

  /** Stopped by USR1, then a rank killed: resumed, it is the run that nothing happened to. */
  @Test
  void stoppedAndKilled() throws IOException {
    int steps = 40;
    Path straight = out.resolve("straight");
    succeeds(2, pretrain(straight, steps));
    Path other = out.resolve("other");
    Path fold = other.resolve(RUN);
    try (LocalRanks.Run run = start(2, pretrain(other, steps))) {
      awaitCheckpoint(run, fold);
      signal("USR1", run.mpirun().pid());
      assertEquals(Interrupt.USR1_EXIT_CODE, run.await(PATIENCE), () -> run.out() + run.err());
      assertEquals("stopped", status(fold).get("state").textValue());
      assertTrue(run.out().contains("stopped and saved"), run.out());
    }
    try (LocalRanks.Run run = start(2, pretrain(other, steps, "--resume"))) {
      awaitCheckpoint(run, fold);
      signal("KILL", rank(run));
      assertNotEquals(0, run.await(Duration.ofSeconds(15)), () -> run.out() + run.err());
      assertNotEquals("done", status(fold).get("state").textValue());
    }
    succeeds(2, pretrain(other, steps, "--resume"));
    assertSameBits(Fit.last(straight.resolve(RUN)), Fit.last(fold));
    assertEquals(
        Files.readString(straight.resolve(RUN).resolve("steps.csv")),
        Files.readString(fold.resolve("steps.csv")));
  }

  /** A rank that hangs is noticed by the others. */
  @Test
  void aRankThatHangs() throws IOException {
    try (LocalRanks.Run run = start(2, pretrain(out, 5000, "--rank-timeout=3"))) {
      awaitCheckpoint(run, out.resolve(RUN));
      signal("STOP", rank(run));
      assertEquals(75, run.await(Duration.ofSeconds(30)), () -> run.out() + run.err());
      assertTrue(run.err().contains("another rank hangs"), run.err());
      JsonNode status = status(out.resolve(RUN));
      assertEquals("failed", status.get("state").textValue());
      assertTrue(status.get("cause").textValue().contains("another rank hangs"));
    }
  }

  /** One sentence, though all ranks find it. */
  @Test
  void aMistakeIsToldOnce() {
    try (LocalRanks.Run run = start(2, pretrain(out, 5, "--features=4,8,9"))) {
      assertEquals(2, run.await(PATIENCE), () -> run.out() + run.err());
      assertEquals(1, run.err().lines().filter(line -> line.startsWith("larmor:")).count());
    }
    try (LocalRanks.Run run = start(2, List.of("reconstruct", "--data=none"))) {
      assertEquals(2, run.await(PATIENCE), () -> run.out() + run.err());
      assertTrue(
          run.err().contains("started 2 processes, but this command is the work of one"),
          run.err());
    }
    try (LocalRanks.Run run = start(3, Program.training(slices, out))) {
      assertEquals(2, run.await(PATIENCE), () -> run.out() + run.err());
      assertTrue(
          run.err().contains("larmor: steps of 2 samples cannot be shared by 3 ranks"), run.err());
    }
    try (LocalRanks.Run run = start(2, pretrain(out, 5, "--ranks=3"))) {
      assertEquals(2, run.await(PATIENCE), () -> run.out() + run.err());
      assertTrue(run.err().contains("--ranks 3, but"), run.err());
    }
  }

  /** One rank has no room for its step: the job ends, and says which. */
  @Test
  void aRankOutOfMemory() throws IOException {
    List<String> command = new ArrayList<>(java(pretrain(out, 50, "--chunk=2")));
    command.addAll(List.of(":", "-np", "1"));
    command.addAll(java(pretrain(out, 50, "--chunk=2", "--budget=200KiB")));
    try (LocalRanks.Run run = LocalRanks.of(1).start(command)) {
      assertEquals(1, run.await(PATIENCE), () -> run.out() + run.err());
      assertTrue(run.err().contains("larmor: rank 1: "), () -> run.out() + run.err());
    }
    assertEquals("failed", status(out.resolve(RUN)).get("state").textValue());
    String cause = status(out.resolve(RUN)).get("cause").textValue();
    assertTrue(cause.startsWith("rank 1: "), cause);
  }

  /** Losses that are no number end the run of all ranks, and one says so. */
  @Test
  void aRunThatDiverges() throws IOException {
    String why = "steps of epoch 0 had a loss or gradients that are not finite";
    try (LocalRanks.Run run = start(2, pretrain(out, 50, "--lr=1e38"))) {
      assertEquals(1, run.await(PATIENCE), () -> run.out() + run.err());
      List<String> told = run.err().lines().filter(line -> line.startsWith("larmor:")).toList();
      assertEquals(1, told.size(), run.err());
      assertTrue(told.getFirst().contains(why), run.err());
    }
    assertEquals("failed", status(out.resolve(RUN)).get("state").textValue());
    assertTrue(status(out.resolve(RUN)).get("cause").textValue().contains(why));
  }
}
