package dev.larmor.models.cli;

import static dev.larmor.models.cli.Program.DEVICE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.fit.Fit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a folder of images to a pre-trained encoder. */
final class SslPretrainCommandTest {
  private static final int IMAGES = 7;

  @TempDir private Path data;
  @TempDir private Path raw;
  @TempDir private Path preprocessed;
  @TempDir private Path results;

  private Path folder;
  private Path fold;

  @BeforeEach
  void images() {
    Heads.write(data, IMAGES);
    run("index", data, "--dataset=007_Heads").succeeded();
    run("plan", "7").succeeded();
    run("preprocess", "7").succeeded();
    folder = results.resolve("Dataset007_Heads/SimCLRTrainer__nnsslPlans__onemmiso");
    fold = folder.resolve("fold_all");
  }

  private List<Object> line(String command, Object... more) {
    List<Object> all = new ArrayList<>(List.of("ssl", command));
    all.addAll(List.of(more));
    all.addAll(List.of("--raw", raw, "--preprocessed", preprocessed, "--results", results));
    return all;
  }

  private Program.Result run(String command, Object... more) {
    return Program.run(line(command, more).toArray());
  }

  private Program.Result pretrain(Object... more) {
    return Program.run(pretraining(more).toArray());
  }

  /** A tiny run of two epochs of three steps, unless the options given say otherwise. */
  private List<Object> pretraining(Object... more) {
    List<Object> all = new ArrayList<>(List.of("7", "onemmiso", "--device", DEVICE));
    for (String option :
        List.of(
            "--features=4,8",
            "--blocks=1,1",
            "--view-size=16",
            "--patch=20x18x16",
            "--batch-size=4",
            "--epochs=2",
            "--steps=3",
            "--keep-every=1",
            "--workers=2")) {
      String name = option.substring(0, option.indexOf('=') + 1);
      if (Arrays.stream(more).noneMatch(given -> given.toString().startsWith(name))) {
        all.add(option);
      }
    }
    all.addAll(List.of(more));
    return line("pretrain", all.toArray());
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  private static String ended(Path status) throws IOException {
    JsonNode written = json(status);
    return written.get("state").asText() + " " + written.get("exit_code");
  }

  @Test
  void fromImagesToAnEncoder() throws IOException {
    Program.Result result = pretrain("--held-out=2").succeeded();
    List<String> lines = result.out().strip().lines().toList();
    assertEquals(3, lines.size(), result.out());
    assertTrue(
        lines
            .getFirst()
            .matches("steps of 4 pairs: 4 pairs at a time, nothing recomputed, at most .*iB"),
        result.out());
    assertTrue(
        lines
            .get(1)
            .matches(
                "epoch 1/2  loss \\d\\.\\d{4}  accuracy \\d\\.\\d{4}  held out loss \\d\\.\\d{4}"
                    + "  held out accuracy \\d\\.\\d{4} \\(best\\)  rate 3\\.00e-04  .* s"),
        result.out());
    for (String file :
        List.of(
            "checkpoint_final.safetensors",
            "checkpoint_epoch_1.safetensors",
            "checkpoint_best.safetensors",
            "epochs.csv",
            "progress.png",
            "args.txt")) {
      assertTrue(Files.exists(fold.resolve(file)), file);
    }
    assertFalse(Files.exists(Fit.latest(fold)));
    JsonNode split = json(preprocessed.resolve("Dataset007_Heads/splits_final.json"));
    assertEquals(5, split.get("train").size());
    assertEquals(2, split.get("val").size());
    assertTrue(split.get("train").get(0).asText().startsWith("Dataset007_Heads__"));
    assertEquals("256", ModelState.metadata(Fit.last(fold)).get("hidden"));
    assertEquals(
        "Dataset007_Heads", json(folder.resolve("plans.json")).get("dataset_name").asText());

    JsonNode adaptation = json(folder.resolve("adaptation_plan.json"));
    assertEquals("[16,16,16]", adaptation.get("pretrain_patch_size").toString());
    assertEquals(
        adaptation,
        new ObjectMapper()
            .readTree(ModelState.metadata(Fit.last(fold)).get("nnssl_adaptation_plan")));

    // A run that is there is not lost.
    pretrain()
        .refused(
            2,
            Fit.last(fold)
                + ": there is a run already; go on with it by --resume, or begin anew with"
                + " --overwrite");
    Path status = data.resolve("status.json");
    assertEquals(2, pretrain("--status", status).code());
    assertEquals("failed 2", ended(status));
    assertTrue(json(status).get("cause").asText().contains("there is a run already"));
    assertTrue(
        pretrain("--resume", "--status", status).succeeded().out().contains(fold + " is complete"));
    assertEquals("done 0", ended(status));
    byte[] first = tensors(Fit.last(fold));
    Program.Result other = pretrain("--resume", "--features=4,6");
    assertEquals(2, other.code(), other.out());
    assertTrue(other.err().startsWith("larmor: " + Fit.last(fold)), other.err());
    assertEquals(adaptation, json(folder.resolve("adaptation_plan.json")), "left as it was");

    // The split that is there is obeyed; the same seed gives the same bits, another others.
    pretrain("--overwrite").succeeded();
    assertArrayEquals(first, tensors(Fit.last(fold)));
    pretrain("--overwrite", "--seed=3", "--chunk=2", "--recompute=always").succeeded();
    assertFalse(Arrays.equals(first, tensors(Fit.last(fold))));

    // A run may begin with another's weights: all of them, or the encoder's alone.
    Path own = data.resolve("own.safetensors");
    Files.copy(Fit.last(fold), own);
    Path exported = data.resolve("exported.pth");
    String written = Program.run("ssl", "export", own, "--out", exported).succeeded().out();
    assertTrue(written.contains("parameters under"), written);
    List<String> losses =
        List.of(
            loss(pretrain("--overwrite").succeeded()),
            loss(pretrain("--overwrite", "--pretrained-weights", own).succeeded()),
            loss(pretrain("--overwrite", "-pretrained_weights", exported).succeeded()));
    assertEquals(3, losses.stream().distinct().count(), losses.toString());
  }

  private static String loss(Program.Result result) {
    return result
        .out()
        .lines()
        .filter(line -> line.startsWith("epoch 1/2"))
        .findFirst()
        .orElseThrow();
  }

  /** Of a checkpoint, without the times in its metadata. */
  private static byte[] tensors(Path checkpoint) throws IOException {
    byte[] file = Files.readAllBytes(checkpoint);
    int header = 0;
    for (int i = 7; i >= 0; i--) {
      header = header << 8 | file[i] & 0xFF;
    }
    return Arrays.copyOfRange(file, 8 + header, file.length);
  }

  /** Two pairs of each patch; all subjects train. */
  @Test
  void otherViews() throws IOException {
    Program.Result result =
        pretrain(
                "--mode=nnssl",
                "--view-size=12",
                "--negatives=other_subjects",
                "--outside=minimum",
                "--epochs=1")
            .succeeded();
    assertTrue(result.out().startsWith("steps of 8 pairs: 8 pairs at a time"), result.out());
    JsonNode split = json(preprocessed.resolve("Dataset007_Heads/splits_final.json"));
    assertEquals(7, split.get("train").size());
    assertTrue(split.get("val").isNull());
    pretrain("--held-out", "--overwrite")
        .refused(
            2,
            preprocessed.resolve("Dataset007_Heads/splits_final.json")
                + ": holds no subject out, but --held-out asks for it; without the file it is"
                + " drawn");
  }

  @Test
  void whatIsLeftOut() throws IOException {
    Path stem = preprocessed.resolve("Dataset007_Heads/nnsslPlans_onemmiso/Dataset007_Heads");
    Path missing;
    try (var files = Files.walk(stem)) {
      missing =
          files.filter(file -> file.toString().endsWith(".h5")).sorted().findFirst().orElseThrow();
    }
    Files.delete(missing);
    Program.Result result = pretrain("--epochs=1").succeeded();
    assertTrue(result.out().contains(" is left out: " + missing + ": no such file"), result.out());
    assertTrue(result.out().contains("1 image left out, as listed above"), result.out());
    assertEquals(2, result.out().split("left out", -1).length - 1, "told once");
  }

  @Test
  void mistakes() {
    String see = "; see 'larmor ssl pretrain --help'";
    pretrain("--batch-size=8")
        .refused(2, "a batch of 8 images, but there are 7 to train with" + see);
    pretrain("--view-size=17")
        .refused(
            2,
            "views of 17 voxels a side do not suit an encoder of 2 stages: expected a multiple of 2,"
                + " at least 4"
                + see);
    pretrain("--held-out=7")
        .refused(
            2,
            "7 of 7 subjects to be held out: expected at least 1, and one left to train with"
                + see);
    pretrain("--mode=nnssl", "--keep-aspect")
        .refused(2, "--least-crop, --keep-aspect and --flip-all are for --mode original" + see);
    pretrain("--mode=nnssl", "--view-size=32")
        .refused(2, "a patch of 20x18x16 has no crop of 32 voxels a side" + see);
    pretrain("--chunk=0")
        .refused(2, "--chunk is '0', expected auto or a whole number from 1" + see);
    pretrain("--resume", "--overwrite")
        .refused(2, "Give --resume without --overwrite and --pretrained-weights" + see);
    run("pretrain", "7", "median")
        .refused(
            2,
            preprocessed.resolve("Dataset007_Heads/pretrain_data__median.json")
                + ": no such file; 'larmor ssl preprocess Dataset007_Heads -c median' makes it");
    Program.run("ssl", "pretrain", "7", "onemmiso", "--raw", raw, "--preprocessed", preprocessed)
        .refused(
            2,
            "the environment variable nnssl_results is not set, expected the folder of trainings");
    Program.Result small = pretrain("--budget=10000");
    assertEquals(1, small.code(), small.err());
    assertTrue(
        small.err().contains("a step of 4 pairs of views of 16 voxels a side takes "), small.err());
    assertFalse(Files.exists(folder));
    assertFalse(Files.exists(preprocessed.resolve("Dataset007_Heads/splits_final.json")));
  }

  @Test
  void theBill() {
    Program.Result result =
        Program.run(
                "ssl",
                "plan-step",
                "--features=4,8",
                "--blocks=1,1",
                "--view-size=16",
                "--batch-size=4",
                "--memory=1MB,10GB,10kB")
            .succeeded();
    assertTrue(result.out().contains("4 pairs of views of 16 voxels a side"), result.out());
    assertTrue(
        result.out().contains("9.31 GiB: 4 pairs at a time, nothing recomputed"), result.out());
    assertTrue(result.out().contains("9.77 KiB: not even one pair fits"), result.out());
    assertTrue(result.out().contains("optimizer"), result.out());
    assertTrue(result.out().contains("(roofline)"), result.out());
    Program.run("ssl", "plan-step", "--view-size=100")
        .refused(
            2,
            "views of 100 voxels a side do not suit an encoder of 6 stages: expected a multiple of"
                + " 32, at least 64; see 'larmor ssl plan-step --help'");
    Program.run("ssl", "plan-step", "--card=abacus").refused(2, UNKNOWN_CARD);
  }

  private static final String UNKNOWN_CARD =
      "unknown dry run 'meta:abacus': expected one of meta, meta:cpu, meta:gtx1080, meta:h200,"
          + " meta:sm_61, ...";

  /** Ctrl-C: the run saves itself, says how to go on, and ends with 130. */
  @Test
  void interrupt() throws IOException, InterruptedException {
    assumeFalse(DEVICE.equals("ref"), "it keeps in double what files hold in single precision");
    String steps = "--steps=60";
    pretrain(steps).succeeded();
    byte[] whole = tensors(Fit.last(fold));
    Process process = Program.start(pretraining(steps, "--checkpoint-interval=1", "--overwrite"));
    while (!Files.exists(Fit.latest(fold)) && process.isAlive()) {
      Thread.sleep(1);
    }
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    List<String> lines = process.inputReader().lines().toList();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(130, process.exitValue(), lines.toString());
    assertEquals("stopped and saved; the same command with --resume goes on", lines.getLast());
    assertTrue(Files.readAllLines(fold.resolve("steps.csv")).size() < 121, "it was done");
    pretrain(steps, "--resume").succeeded();
    assertArrayEquals(whole, tensors(Fit.last(fold)));
  }
}
