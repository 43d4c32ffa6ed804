package dev.larmor.models.cli;

import static dev.larmor.models.cli.Program.DEVICE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.larmor.autograd.LossScale;
import dev.larmor.engine.Precision;
import dev.larmor.models.Phantom;
import dev.larmor.models.checkpoint.SafetensorsReader;
import dev.larmor.models.training.Trainer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code larmor train} as a user sees it: logs, files, a process that is killed. */
final class TrainCommandTest {
  @TempDir private static Path data;
  @TempDir private Path folder;

  @BeforeAll
  static void writeData() {
    Phantom.TINY.writeDataSet(data, 2, 1, 2);
  }

  @Test
  void theOriginalsLog() {
    String out =
        Program.train(data, folder, "--epochs=2", "--log-format=original", "--report-interval=2")
            .succeeded()
            .out();
    String number = "\\d+\\.\\d+";
    String small = "\\d(\\.\\d+)?";
    List<String> expected = new ArrayList<>();
    for (int epoch = 0; epoch < 2; epoch++) {
      expected.add("Fold 0/1 for class all");
      expected.add("Adjusting learning rate to 0\\.\\d{6}");
      for (int iteration = 0; iteration < 4; iteration += 2) {
        expected.add(
            "Epoch = \\[  %d/  2\\]  Fold = \\[ 0/ 1\\]  Iter = \\[   %d/   4\\]  Loss = 0\\.\\d{5}  Time = \\d+\\.\\d{4}s"
                .formatted(epoch, iteration));
      }
      expected.add(
          "Epoch = \\[   %d/   2\\]   TrainLoss = %s   ValLoss = %s   TrainTime = %ss   ValTime = %ss"
              .formatted(epoch, small, small, number, number));
      expected.add("The device waited for data " + number + " % of the time");
    }
    List<String> lines = out.lines().toList();
    assertEquals(expected.size(), lines.size(), out);
    for (int i = 0; i < lines.size(); i++) {
      assertTrue(lines.get(i).matches(expected.get(i)), lines.get(i));
    }
  }

  @Test
  void oneLineAnEpoch() {
    String out = Program.train(data, folder, "--epochs=2").succeeded().out();
    List<String> lines = out.lines().toList();
    assertEquals(2, lines.size(), out);
    for (int epoch = 1; epoch <= 2; epoch++) {
      assertTrue(
          lines
              .get(epoch - 1)
              .matches(
                  "epoch %d/2  loss 0\\.\\d{5}  validation 0\\.\\d{5}( \\(best\\))?"
                          .formatted(epoch)
                      + "  rate \\d\\.\\d\\de-\\d\\d  \\d+\\.\\d s \\+ \\d+\\.\\d s  idle \\d+\\.\\d %"),
          lines.get(epoch - 1));
    }
  }

  @Test
  void tablesAndOptionsLieBesideTheCheckpoint() throws IOException {
    Program.train(data, folder, "--epochs=2").succeeded();
    Path run = Program.folder(folder, 2);
    assertEquals(9, Files.readAllLines(run.resolve("losses.csv")).size());
    assertEquals(3, Files.readAllLines(run.resolve("epochs.csv")).size());
    assertTrue(Files.exists(Trainer.best(run)));
    String options = Files.readString(run.resolve("args.txt"));
    assertTrue(options.contains("feature-cascades: 1\n"), options);
    assertTrue(options.contains("image-cascades: 1\n"), options);
    assertTrue(options.contains("attn-stride: 0\n"), "defaults too: " + options);
    assertTrue(options.contains("precision: \"fp32\"\n"), options);
  }

  @Test
  void augmentationIsAskedForByOptions() throws IOException {
    Path plain = folder.resolve("plain");
    Path varied = folder.resolve("varied");
    Path mirrored = folder.resolve("mirrored");
    Program.train(data, plain).succeeded();
    Program.train(data, varied, "--data-augmentation").succeeded();
    Program.train(
            data,
            mirrored,
            "--flip=1",
            "--rotation=0.3",
            "--scaling=0.2",
            "--shift=0.1",
            "--coils=0.4")
        .succeeded();
    Set<String> losses = new HashSet<>();
    for (Path out : List.of(plain, varied, mirrored)) {
      losses.add(Files.readString(Program.folder(out, 1).resolve("losses.csv")));
    }
    assertEquals(3, losses.size());
    String options = Files.readString(Program.folder(varied, 1).resolve("args.txt"));
    assertTrue(options.contains("data-augmentation: true\n"), options);
    assertTrue(
        Files.readString(Program.folder(mirrored, 1).resolve("args.txt"))
            .contains("rotation: 0.3\n"),
        "as given");
    Program.train(data, mirrored, "--resume", "--flip=1", "--shift=0.1")
        .refused(
            2,
            Trainer.last(Program.folder(mirrored, 1))
                + ": cannot go on to the same results with other settings or data: augmentation is"
                + " Augmentation[brightness=0.0, contrast=0.0, flip=1.0, rotation=0.3, scaling=0.2,"
                + " shift=0.1, coils=0.4] there, Augmentation[brightness=0.0, contrast=0.0, flip=1.0,"
                + " rotation=0.0, scaling=0.0, shift=0.1, coils=0.0] here");
    Program.train(data, folder.resolve("none"), "--shift=1.5")
        .refused(
            2, "the probability of shift must be in [0, 1], not 1.5; see 'larmor train --help'");
  }

  @Test
  void overflowsAreCountedAndLogged() {
    LossScale scale = LossScale.of(Precision.FP16);
    scale.restore(new LossScale.State(32768, 0, 3));
    for (LogFormat format : LogFormat.values()) {
      StringWriter out = new StringWriter();
      Console console = new Console(new PrintWriter(out), new PrintWriter(out), false);
      try (TrainingLog log = TrainingLog.of(format, console, 1, "all", List.of(), 1)) {
        log.overflowed(scale);
      }
      assertEquals(
          "a gradient overflowed: step skipped (3 so far), the loss scale is now 2^15",
          out.toString().strip());
    }
  }

  /** The phantoms' centre block is of an odd width, so the two combs differ. */
  @Test
  void theCombOfTheMasks() throws IOException {
    Path outer = folder.resolve("outer");
    Path through = folder.resolve("through");
    Program.train(data, outer).succeeded();
    Program.train(data, through, "--mask-comb=through").succeeded();
    assertNotEquals(
        Files.readString(Program.folder(outer, 1).resolve("losses.csv")),
        Files.readString(Program.folder(through, 1).resolve("losses.csv")));
    assertTrue(
        Program.train(data, outer, "--mask-comb=through", "--resume")
            .err()
            .contains("comb=OUTER] there"));
  }

  /** The options left beside a run make the same run again. */
  @Test
  void aRunFromTheOptionsOfAnother() throws IOException {
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    Program.train(data, first, "--betas=0.9,0.99", "--use-random-mask").succeeded();
    Program.run("train", "--config", Program.folder(first, 1).resolve("args.txt"), "--out", second)
        .succeeded();
    assertSame(first, second, 1);
    String json =
        """
        {"data": "%s", "device": "%s", "feature-cascades": 1, "image-cascades": 1, "chans": 2,
         "unet-chans": 2, "pools": 1, "sens-chans": 2, "sens-pools": 1, "epochs": 1, "lr": 0.5,
         "betas": [0.9, 0.99], "use-random-mask": 0.5}
        """
            .formatted(data, DEVICE);
    Path file = folder.resolve("c.json");
    Files.writeString(file, json);
    Path third = folder.resolve("third");
    Program.run("train", "--config", file, "--out", third, "--lr=1e-2").succeeded();
    assertSame(first, third, 1);
  }

  private static void assertSame(Path expectedOut, Path actualOut, int epochs) throws IOException {
    Path expected = Program.folder(expectedOut, epochs);
    Path actual = Program.folder(actualOut, epochs);
    try (SafetensorsReader a = SafetensorsReader.open(Trainer.last(expected));
        SafetensorsReader b = SafetensorsReader.open(Trainer.last(actual))) {
      assertEquals(a.names(), b.names());
      for (String name : a.names()) {
        MemorySegment bytes = a.bytes(name);
        assertEquals(-1, bytes.mismatch(b.bytes(name)), name);
      }
    }
    for (String table : List.of("losses.csv", "epochs.csv")) {
      assertEquals(
          Files.readString(expected.resolve(table)), Files.readString(actual.resolve(table)));
    }
  }

  @Test
  void weightsToStartFrom() throws IOException {
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    Program.train(data, first).succeeded();
    Program.train(data, second, "--initial-weights", Trainer.last(Program.folder(first, 1)))
        .succeeded();
    double before = firstLoss(Program.folder(first, 1));
    double after = firstLoss(Program.folder(second, 1));
    assertTrue(after < before, before + " to " + after);
  }

  @Test
  void momentsToStartFrom() throws IOException {
    Path first = folder.resolve("first");
    Path weights = folder.resolve("weights");
    Path moments = folder.resolve("moments");
    Program.train(data, first).succeeded();
    Path last = Trainer.last(Program.folder(first, 1));
    Program.train(data, weights, "--initial-weights", last).succeeded();
    Program.train(data, moments, "--initial-weights", last, "--initial-optimizer").succeeded();
    assertEquals(firstLoss(Program.folder(weights, 1)), firstLoss(Program.folder(moments, 1)));
    assertEquals(steps(first), steps(weights));
    assertEquals(2 * steps(first), steps(moments));

    Path kept = Program.folder(first, 1).resolve("checkpoints/epoch0_fold0.safetensors");
    Program.train(data, folder.resolve("no"), "--initial-weights", kept, "--initial-optimizer")
        .refused(2, kept + ": holds weights alone, no optimiser state to resume from");
    Program.train(data, folder.resolve("no"), "--initial-optimizer")
        .refused(2, "--initial-optimizer is for --initial-weights; see 'larmor train --help'");
  }

  private static long steps(Path results) throws IOException {
    try (var last = SafetensorsReader.open(Trainer.last(Program.folder(results, 1)))) {
      return Long.parseLong(last.metadata().get("optimizer.steps"));
    }
  }

  private static double firstLoss(Path run) throws IOException {
    return Double.parseDouble(Files.readAllLines(run.resolve("losses.csv")).get(1).split(",")[3]);
  }

  private static final String[] LONG_RUN = {
    "--epochs=3",
    "--dropout=0.2",
    "--use-random-mask",
    "--checkpoint-interval=1",
    "--log-format=original",
    "--report-interval=1"
  };

  /** Killed outright in the middle of an epoch, a run goes on to the bits of one that was not. */
  @Test
  void kill() throws IOException, InterruptedException {
    assumeFalse(DEVICE.equals("ref"), "it keeps in double what files hold in single precision");
    Path whole = folder.resolve("whole");
    Path killed = folder.resolve("killed");
    Program.train(data, whole, (Object[]) LONG_RUN).succeeded();
    Process process = start(killed);
    awaitIteration(process, 1, 2);
    process.destroyForcibly();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertTrue(Files.exists(Trainer.last(Program.folder(killed, 3))));
    assertTrue(
        Files.readAllLines(Program.folder(killed, 3).resolve("losses.csv")).size() < 13,
        "it was done");
    Program.train(data, killed, resumed()).succeeded();
    assertSame(whole, killed, 3);
  }

  /** Ctrl-C: the run saves itself, says how to go on, and ends with 130. */
  @Test
  void interrupt() throws IOException, InterruptedException {
    assumeFalse(DEVICE.equals("ref"), "it keeps in double what files hold in single precision");
    Path whole = folder.resolve("whole");
    Path stopped = folder.resolve("stopped");
    Program.train(data, whole, (Object[]) LONG_RUN).succeeded();
    Process process = start(stopped);
    BufferedReader rest = awaitIteration(process, 1, 1);
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    List<String> lines = rest.lines().toList();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(130, process.exitValue(), lines.toString());
    assertEquals("stopped and saved; the same command with --resume goes on", lines.getLast());
    Program.train(data, stopped, resumed()).succeeded();
    assertSame(whole, stopped, 3);
  }

  /** A card may fail in the middle of an epoch: what was saved is whole and goes on from there. */
  @Test
  void lostDevice() throws IOException {
    assumeFalse(DEVICE.equals("ref"), "it keeps in double what files hold in single precision");
    Path whole = folder.resolve("whole");
    Path lost = folder.resolve("lost");
    Program.train(data, whole, (Object[]) LONG_RUN).succeeded();
    String device = "lost:1500:" + DEVICE;
    List<String> command = new ArrayList<>(Program.training(data, lost, (Object[]) LONG_RUN));
    command.set(command.indexOf("--device") + 1, device);
    Program.run(command.toArray()).refused(1, device + " is lost to this process");
    int lines = Files.readAllLines(Program.folder(lost, 3).resolve("losses.csv")).size();
    assertTrue(lines > 2 && lines < 13, lines + " lines");
    Program.train(data, lost, resumed()).succeeded();
    assertSame(whole, lost, 3);
  }

  private static Object[] resumed() {
    List<Object> options = new ArrayList<>(List.of((Object[]) LONG_RUN));
    options.add("--resume");
    return options.toArray();
  }

  private static Process start(Path out) throws IOException {
    return Program.start(Program.training(data, out, (Object[]) LONG_RUN));
  }

  private static BufferedReader awaitIteration(Process process, int epoch, int iteration)
      throws IOException {
    BufferedReader log = process.inputReader(StandardCharsets.UTF_8);
    String wanted = "Epoch = [%3d/  3]  Fold = [ 0/ 1]  Iter = [%4d/".formatted(epoch, iteration);
    String line;
    do {
      line = log.readLine();
      assertTrue(line != null, "the process ended early");
    } while (!line.startsWith(wanted));
    return log;
  }
}
