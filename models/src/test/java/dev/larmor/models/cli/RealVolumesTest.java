package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.io.NumberType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole way on real volumes, in a minute: pre-train on the sample's, adapt to the tissue of one
 * half of a head, segment the other half.
 */
final class RealVolumesTest {
  private static final Path SAMPLE = Path.of("sample/volumes");

  @TempDir private Path folder;

  private Path tissue;

  /** The head in two along its second axis. */
  @BeforeEach
  void halves() throws IOException {
    tissue = folder.resolve("tissue");
    half("images/head_T1.nii.gz", "images", "head_0000.nii.gz", NumberType.INT16);
    half("labels/head_T1.nii.gz", "labels", "head.nii.gz", NumberType.UINT8);
    Files.writeString(
        tissue.resolve("dataset.json"),
        """
        {"channel_names": {"0": "T1"}, "numTraining": 1, "file_ending": ".nii.gz",
         "labels": {"background": 0, "csf": 1, "gm": 2, "wm": 3}}
        """);
  }

  private void half(String file, String to, String name, NumberType type) {
    Image3d whole = ImageFile.read(SAMPLE.resolve(file));
    int[] shape = whole.shape();
    int rows = shape[1] / 2;
    for (int part = 0; part < 2; part++) {
      float[] values = new float[shape[0] * rows * shape[2]];
      for (int z = 0; z < shape[0]; z++) {
        int from = (z * shape[1] + part * rows) * shape[2];
        System.arraycopy(whole.values(), from, values, z * rows * shape[2], rows * shape[2]);
      }
      int[] cut = {shape[0], rows, shape[2]};
      ImageFile.write(
          tissue.resolve(to + (part == 0 ? "Tr" : "Ts")).resolve(name),
          new Image3d(values, 1, cut, whole.spacing(), whole.place()),
          type);
    }
  }

  private Program.Result ssl(Object... words) {
    List<Object> all = new ArrayList<>(List.of("ssl"));
    all.addAll(List.of(words));
    return Program.run(all.toArray());
  }

  private void ssl(String command, List<Object> words) {
    List<Object> all = new ArrayList<>(List.of(command));
    all.addAll(words);
    for (String root : List.of("raw", "preprocessed", "results")) {
      all.add("--" + root);
      all.add(folder.resolve(root));
    }
    ssl(all.toArray()).succeeded();
  }

  private Path pretrained() {
    ssl("index", List.of(SAMPLE.resolve("images"), "--dataset=101_Sample"));
    ssl("plan", List.of("101"));
    ssl("preprocess", List.of("101", "-c", "noresample"));
    ssl(
        "pretrain",
        List.of(
            "101",
            "noresample",
            "--features=8,16,32",
            "--blocks=1,1,1",
            "--view-size=32",
            "--patch=48x32x48",
            "--batch-size=2",
            "--epochs=2",
            "--steps=10",
            "--lr=1e-3",
            "--device",
            Program.DEVICE));
    return folder.resolve(
        "results/Dataset101_Sample/SimCLRTrainer__nnsslPlans__noresample/fold_all/checkpoint_final.safetensors");
  }

  /** The mean Dice over tissues on the half that was not seen. */
  private double dice(String name, String... start) throws IOException {
    Path run = folder.resolve(name);
    List<Object> training =
        new ArrayList<>(
            List.of(
                "segment",
                "train",
                tissue,
                "--out",
                run,
                "--folds=1",
                "--spacing-mode=no_resample",
                "--patch=48x24x48",
                "--optimizer=adamw",
                "--lr=3e-3",
                "--epochs=3",
                "--warmup=1",
                "--steps=30",
                "--device",
                Program.DEVICE));
    training.addAll(List.of(start));
    ssl(training.toArray()).succeeded();
    Path found = folder.resolve(name + "-found");
    ssl(
            "segment",
            "predict",
            tissue.resolve("imagesTs"),
            "--checkpoint",
            run.resolve("fold_all/checkpoint_final.safetensors"),
            "--out",
            found,
            "--no-mirroring",
            "--device",
            Program.DEVICE)
        .succeeded();
    ssl("segment", "evaluate", tissue, found, "--set=Ts").succeeded();
    JsonNode summary = new ObjectMapper().readTree(found.resolve("summary.json").toFile());
    assertEquals(3, summary.get("mean").size());
    assertTrue(Files.exists(found.resolve("report.html")));
    return summary.get("foreground_mean").get("Dice").asDouble();
  }

  /** All the brain called by one tissue, or tissues mixed up, reach a third at most. */
  @Test
  void tissueOfAHeadThatWasHalfSeen() throws IOException {
    double scratch = dice("scratch", "--features=8,16,32", "--blocks=1,1,1");
    double adapted = dice("adapted", "--pretrained", pretrained().toString());
    assertTrue(scratch > 0.42, "from scratch: " + scratch);
    assertTrue(adapted > 0.42, "from the pre-trained encoder: " + adapted);
  }
}
