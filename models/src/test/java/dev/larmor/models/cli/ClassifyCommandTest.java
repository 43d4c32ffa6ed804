package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.Phantom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code larmor classify}, and training by what it leaves. */
final class ClassifyCommandTest {
  @TempDir private Path data;
  @TempDir private Path out;

  @BeforeEach
  void write() {
    Phantom.TINY.writeVolume(data.resolve("train"), "brain_acc4_1.h5", 1, 2, 4);
    Phantom.TINY.writeVolume(data.resolve("train"), "knee_acc8_1.h5", 2, 2, 8);
    Phantom.TINY.writeVolume(data.resolve("val"), "brain_acc8_2.h5", 3, 2, 8);
    Phantom.TINY.writeVolume(data.resolve("val"), "knee_acc8_2.h5", 4, 2, 8);
  }

  private Program.Result classify(String... more) {
    Object[] command = {"classify", "--data", data, "--out", out.resolve("class_indices")};
    Object[] all = new Object[command.length + more.length];
    System.arraycopy(command, 0, all, 0, command.length);
    System.arraycopy(more, 0, all, command.length, more.length);
    return Program.run(all);
  }

  @Test
  void countsAndKeepsWhatIsThere() throws IOException {
    Path index = out.resolve("class_indices");
    List<String> counts =
        List.of("acc4-brain     1", "acc4-knee      0", "acc8-brain     1", "acc8-knee      2");
    List<String> lines = classify().succeeded().out().lines().toList();
    assertEquals(counts, lines.subList(0, 4));
    assertEquals("written: " + index, lines.get(4));
    // The head was a knee after all.
    Files.writeString(index.resolve("acc4-brain.txt"), "");
    Files.writeString(index.resolve("acc4-knee.txt"), "train/kspace/brain_acc4_1.h5\n");
    lines = classify().succeeded().out().lines().toList();
    assertEquals(List.of("acc4-brain     0", "acc4-knee      1"), lines.subList(0, 2));
    assertEquals("kept as it was: " + index, lines.get(4));
    assertEquals(counts, classify("--force").succeeded().out().lines().limit(4).toList());
  }

  /** By width and number of columns alone, every phantom is a narrow one with few columns. */
  @Test
  void theOriginalsRule() {
    assertEquals(
        List.of("acc4-brain     0", "acc4-knee      0", "acc8-brain     0", "acc8-knee      4"),
        classify("--rule=original").succeeded().out().lines().limit(4).toList());
  }

  @Test
  void expertsTrainOnTheirAnatomyAndSayWhichTheyAre() throws IOException {
    String log =
        Program.train(
                data,
                out,
                "--use-moe",
                "--acc-only=8",
                "--k-fold",
                "--num-folds=2",
                "--log-format=original")
            .succeeded()
            .out();
    for (String of : List.of("acc8-brain", "acc8-knee")) {
      for (int fold = 0; fold < 2; fold++) {
        assertTrue(log.contains("Fold %d/2 for class %s%n".formatted(fold, of)), log);
      }
      Path run =
          out.resolve("fivarnet_f1_i1_attn0_c2_s2_larmor/epoch1_fold2_slice1")
              .resolve(of + "-slice0");
      // Two subjects of the anatomy, of whatever acceleration; one of two slices is held out.
      assertEquals(5, Files.readAllLines(run.resolve("losses.csv")).size());
    }
    assertTrue(Files.exists(out.resolve("class_indices/classification_summary.csv")));
    String again =
        Program.train(data, out, "--use-moe", "--anatomy-only=knee", "--acc-only=4", "--net-name=b")
            .succeeded()
            .out();
    assertTrue(again.contains("classes as in " + out.resolve("class_indices")), again);
    assertTrue(
        Files.exists(
            out.resolve("fivarnet_f1_i1_attn0_c2_s2_b/epoch1_fold1_slice1/acc4-knee-slice0")));
  }

  @Test
  void oneNetworkOfAllOrOfSome() throws IOException {
    Program.train(data, out, "--anatomy-only=brain").succeeded();
    Path run = Program.folder(out, 1);
    assertEquals(3, Files.readAllLines(run.resolve("losses.csv")).size(), "the head's two slices");
    Program.train(data, out.resolve("all"), "--slice-moe=2").succeeded();
    Path ranges =
        out.resolve("all/fivarnet_f1_i1_attn0_c2_s2_larmor").resolve("epoch1_fold1_slice2");
    for (String range : List.of("all-slice0", "all-slice1")) {
      assertEquals(
          3, Files.readAllLines(ranges.resolve(range).resolve("losses.csv")).size(), range);
    }
  }

  @Test
  void retrainingStartsFromANamedScenario() throws IOException {
    Program.train(data, out).succeeded();
    Program.train(data, out, "--retrain=epoch1_fold1_slice1", "--use-random-mask").succeeded();
    Program.train(data, out, "--retrain=epoch1_fold1_slice1_retrain1").succeeded();
    Path architecture = out.resolve("fivarnet_f1_i1_attn0_c2_s2_larmor");
    assertTrue(
        Files.exists(
            architecture.resolve(
                "epoch1_fold1_slice1_retrain2/all-slice0/best_model.safetensors")));
    Program.train(data, out, "--retrain=epoch9_fold1_slice1")
        .refused(
            2,
            architecture.resolve("epoch9_fold1_slice1/all-slice0/last_model.safetensors")
                + ": no finished training to start from");
  }

  @Test
  void whatDoesNotGoTogether() {
    Program.train(data, out, "--use-moe", "--acceleration=4")
        .refused(
            2,
            "--acceleration and --use-moe: an expert's masks are of its own acceleration; see"
                + " 'larmor train --help'");
    Program.train(data, out, "--use-moe", "--acc-only=6")
        .refused(2, "--acc-only must be 4 or 8, not 6; see 'larmor train --help'");
    Program.train(data, out, "--k-fold")
        .refused(
            2,
            data.resolve("train")
                + " and "
                + data.resolve("val")
                + ": 5 folds of 4 subjects: every fold must hold one out");
  }
}
