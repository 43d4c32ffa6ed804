package dev.larmor.models.cli;

import static dev.larmor.models.cli.Program.DEVICE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.models.Phantom;
import dev.larmor.models.checkpoint.SafetensorsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code larmor recipe challenge}, whole and in pieces. */
final class RecipeCommandTest {
  /** Files that tell the output's folder or how long something took. */
  private static final Set<String> NAMES_OR_TIMES =
      Set.of("args.txt", "options.yaml", "reconstruction.json", "index.html");

  private static final String ARCHITECTURE = "fivarnet_f1_i1_attn0_c2_s2_larmor";

  @TempDir private static Path data;
  private static Path whole;

  @TempDir private Path folder;

  @BeforeAll
  static void runOnce() {
    for (String anatomy : List.of("brain", "knee")) {
      for (int subject = 0; subject < 3; subject++) {
        String split = subject < 2 ? "train" : "val";
        int acceleration = subject % 2 == 0 ? 4 : 8;
        String name = "%s_acc%d_%d.h5".formatted(anatomy, acceleration, subject);
        Phantom.TINY.writeVolume(data.resolve(split), name, subject, 2, acceleration);
      }
    }
    Phantom.TINY.writeLeaderboard(data.resolve("leaderboard"), 2);
    whole = data.resolve("whole");
    Program.run(recipe(whole).toArray()).succeeded();
  }

  private static List<String> recipe(Path out, String... more) {
    List<String> command = new ArrayList<>(List.of("recipe", "challenge"));
    List<String> training =
        Program.training(
            data,
            out,
            "--epochs=2",
            "--num-folds=3",
            "--retrain-lr=1e-3",
            "--dropout=0.2",
            "--checkpoint-interval=1",
            "--skip-bad-files");
    command.addAll(training.subList(1, training.size()));
    command.addAll(List.of(more));
    return command;
  }

  private static List<Path> files(Path out) throws IOException {
    try (Stream<Path> files = Files.walk(out)) {
      return files.filter(Files::isRegularFile).map(out::relativize).sorted().toList();
    }
  }

  @Test
  void allThatTheOriginalLeaves() throws IOException {
    List<String> expected = new ArrayList<>();
    for (String of : List.of("acc4-brain", "acc4-knee", "acc8-brain", "acc8-knee")) {
      expected.add("class_indices/" + of + ".txt");
    }
    expected.add("class_indices/classification_summary.csv");
    for (String scenario :
        List.of(
            "epoch2_fold3_slice1",
            "epoch2_fold3_slice1_retrain1",
            "epoch2_fold3_slice1_retrain2")) {
      for (String of : List.of("acc4-brain", "acc4-knee", "acc8-brain", "acc8-knee")) {
        String run = ARCHITECTURE + "/" + scenario + "/" + of + "-slice0/";
        for (int round = 0; round < 6; round++) {
          expected.add(
              "%scheckpoints/epoch%d_fold%d.safetensors".formatted(run, round / 3, round % 3));
        }
        for (String file :
            List.of(
                "args.txt",
                "best_model.safetensors",
                "epochs.csv",
                "last_model.safetensors",
                "losses.csv",
                "val_loss_log.npy")) {
          expected.add(run + file);
        }
      }
    }
    assertEquals(
        expected.stream().sorted().toList(),
        files(whole).stream()
            .map(Path::toString)
            .filter(file -> !file.contains("/reconstructions/") && !file.contains("/pictures/"))
            .sorted()
            .toList());
  }

  /** From the raw folder to the score: every volume by its expert, and a page. */
  @Test
  void theScore() throws IOException {
    Path last = whole.resolve(ARCHITECTURE).resolve("epoch2_fold3_slice1_retrain2");
    JsonNode score =
        new ObjectMapper().readTree(last.resolve("reconstructions/score.json").toFile());
    assertEquals(4, score.get("slices").size());
    assertTrue(score.get("score").asDouble() > 0, score.toString());
    assertTrue(Files.exists(last.resolve("pictures/index.html")));
    JsonNode made =
        new ObjectMapper().readTree(last.resolve("reconstructions/reconstruction.json").toFile());
    assertEquals(4, made.get("volumes").asInt() + made.get("volumes_kept").asInt());
  }

  @Test
  void aFinishedRecipeIsNotDoneAgain() throws IOException {
    Path last =
        whole
            .resolve(ARCHITECTURE)
            .resolve("epoch2_fold3_slice1/acc8-knee-slice0/last_model.safetensors");
    Object before = Files.getLastModifiedTime(last);
    String out = Program.run(recipe(whole, "--resume").toArray()).succeeded().out();
    assertEquals(12, out.lines().filter(line -> line.endsWith(" is complete")).count(), out);
    assertEquals(before, Files.getLastModifiedTime(last));
    Path first = whole.resolve(ARCHITECTURE).resolve("epoch2_fold3_slice1/acc4-brain-slice0");
    Program.run(recipe(whole).toArray())
        .refused(
            2,
            first.resolve("last_model.safetensors")
                + ": this folder has a run already; continue it with --resume or choose another"
                + " --out or --net-name");
  }

  @Test
  void killedThreeTimes() throws IOException, InterruptedException {
    killed(3, 1);
  }

  @Test
  @Tag("long")
  void killedTwentyTimes() throws IOException, InterruptedException {
    killed(20, 2);
  }

  /**
   * Killed outright at random moments – every third of them maybe before it has begun – the recipe
   * ends with the bits of one that was left alone.
   */
  private void killed(int times, int seed) throws IOException, InterruptedException {
    assumeFalse(DEVICE.equals("ref"), "it keeps in double what files hold in single precision");
    Random moments = new Random(seed);
    int inTheMiddle = 0;
    for (int kill = 0; kill < times; kill++) {
      FileTime before = lastWritten();
      Process process = Program.start(recipe(folder, "--resume"));
      boolean atWork = kill % 3 == 2 || awaitProgress(process, before);
      boolean ended = process.waitFor(moments.nextInt(1200), TimeUnit.MILLISECONDS);
      process.destroyForcibly();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      if (ended) {
        assertEquals(0, process.exitValue());
        break;
      }
      inTheMiddle += atWork ? 1 : 0;
    }
    assertTrue(inTheMiddle >= 2, "killed in its work " + inTheMiddle + " times");
    Program.run(recipe(folder, "--resume").toArray()).succeeded();
    assertEquals(files(whole), files(folder));
    for (Path file : files(whole)) {
      if (file.toString().endsWith(".safetensors")) {
        assertSameTensors(whole.resolve(file), folder.resolve(file));
      } else if (!NAMES_OR_TIMES.contains(file.getFileName().toString())) {
        assertEquals(
            -1, Files.mismatch(whole.resolve(file), folder.resolve(file)), file.toString());
      }
    }
  }

  /** Waits until the process has written something; whether it did before it ended. */
  private boolean awaitProgress(Process process, FileTime before)
      throws IOException, InterruptedException {
    while (lastWritten().equals(before)) {
      if (process.waitFor(5, TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return true;
  }

  private FileTime lastWritten() throws IOException {
    FileTime last = FileTime.fromMillis(0);
    for (Path file : files(folder)) {
      try {
        FileTime time = Files.getLastModifiedTime(folder.resolve(file));
        last = time.compareTo(last) > 0 ? time : last;
      } catch (NoSuchFileException e) {
        return FileTime.from(Instant.now()); // replaced this very moment
      }
    }
    return last;
  }

  private static void assertSameTensors(Path expected, Path actual) {
    try (SafetensorsReader a = SafetensorsReader.open(expected);
        SafetensorsReader b = SafetensorsReader.open(actual)) {
      assertEquals(a.names(), b.names());
      for (String name : a.names()) {
        assertEquals(-1, a.bytes(name).mismatch(b.bytes(name)), actual + ": " + name);
      }
    }
  }
}
