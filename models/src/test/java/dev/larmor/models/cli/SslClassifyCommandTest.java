package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.ssl.adapt.classification.PlantedCases;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

/** {@code larmor ssl classify train} and {@code predict}. */
final class SslClassifyCommandTest {
  @TempDir private static Path data;
  @TempDir private Path out;
  private static Path table;

  @BeforeAll
  static void write() {
    table = PlantedCases.write(data, 12);
  }

  private static final List<String> SMALL_AND_SHORT =
      List.of(
          "--crop=24",
          "--features=4,8",
          "--blocks=1,1",
          "--epochs=2",
          "--warmup=1",
          "--accumulate=2",
          "--folds=3",
          "--workers=2");

  private Program.Result train(String... more) {
    return train(table, more);
  }

  private Program.Result train(Path of, String... more) {
    List<Object> command = new ArrayList<>(List.of("ssl", "classify", "train", of, "--out", out));
    command.addAll(List.of("--cache", data.resolve("cache"), "--device", Program.DEVICE));
    for (String option : SMALL_AND_SHORT) {
      String name = option.substring(0, option.indexOf('=') + 1);
      if (Arrays.stream(more).noneMatch(given -> given.startsWith(name))) {
        command.add(option);
      }
    }
    command.addAll(List.of(more));
    return Program.run(command.toArray());
  }

  @Test
  void trainsGoesOnReportsAndPredicts() throws Exception {
    String first = train("--fold=1").succeeded().out();
    assertTrue(first.contains("fold 1  epoch 2/2  loss "), first);
    assertFalse(Files.exists(out.resolve("fold_0")));
    assertEquals(4, Files.readAllLines(out.resolve("folds.csv")).size());
    // Of one fold there is no deviation.
    assertTrue(Files.readString(out.resolve("results.json")).contains("\"auroc\": null"));

    String all = train().succeeded().out();
    assertTrue(all.contains("fold 2  epoch 2/2  loss "), all);
    assertFalse(all.contains("fold 1  epoch"), all);
    assertTrue(all.contains("mean:  "), all);
    assertTrue(all.endsWith("written: " + out.resolve("report.html") + "\n"), all);
    assertEquals(6, Files.readAllLines(out.resolve("folds.csv")).size());
    assertTrue(Files.readString(out.resolve("results.json")).contains("\"confusion\""));
    String page = Files.readString(out.resolve("report.html"));
    DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(page.replace("<!DOCTYPE html>", ""))));
    boolean mistaken = page.contains("The most certain mistakes");
    assertEquals(mistaken, page.contains("data:image/png"));
    train("--no-pictures").succeeded();
    assertFalse(Files.readString(out.resolve("report.html")).contains("data:image/png"));

    assertTrue(train("--fold=1", "--overwrite").succeeded().out().contains("fold 1  epoch 2/2"));
    Path predictions = out.resolve("p.csv");
    Program.run(
            "ssl",
            "classify",
            "predict",
            table,
            "--model",
            out,
            "--out",
            predictions,
            "--device",
            Program.DEVICE)
        .succeeded();
    List<String> rows = Files.readAllLines(predictions);
    assertEquals("image,label,predicted,p_big,p_small", rows.getFirst());
    assertEquals(13, rows.size());
    train("--lr=1e-3", "--fold=0")
        .refused(
            2,
            out.resolve("fold_0/checkpoint_final.safetensors")
                + ": cannot go on to the same results with other settings or data: schedule is"
                + " RampCosine[max=1.0E-4, warmup=1, total=2] there, RampCosine[max=0.001,"
                + " warmup=1, total=2] here");
  }

  @Test
  void mistakes() throws IOException {
    String see = "; see 'larmor ssl classify train --help'";
    train("--fold=3").refused(2, "--fold wants a number from 0 to 2 or all, not '3'" + see);
    train("--mirror=x").refused(2, "--mirror wants axes as 0,1,2 or none, not 'x'" + see);
    train("--mirror=3").refused(2, "axes to mirror are 0, 1 and 2, not [3]" + see);
    train("--crop=25")
        .refused(
            2,
            "a crop of 25 voxels a side does not fit the encoder: 2 stages want a multiple of 2,"
                + " at least 4"
                + see);
    train("--epochs=1")
        .refused(
            2,
            "1 epochs with a warm-up of 1: a warm-up is not negative and shorter than the whole"
                + see);
    train("--folds=4").refused(2, table + ": class 'big' has 3 subjects, fewer than the 4 folds");
    Path bad = data.resolve("bad.csv");
    AtomicFile.write(bad, Files.readString(table).replace("case_03", "case_99"));
    train(bad).refused(2, data.resolve("case_99.nii") + ": no such file");
    Path flat = data.resolve("flat.nii");
    PlantedCases.write(flat, new float[24 * 24], 1, 24, 24);
    AtomicFile.write(
        bad,
        Files.readString(table)
            .replace("subject\n", "subject,mask\n")
            .replaceAll("(s\\d)\n", "$1,flat.nii\n"));
    train(bad, "--workers=1")
        .refused(
            2,
            flat
                + ": [1, 24, 24] voxels, expected [24, 24, 24] as in "
                + data.resolve("case_00.nii"));
    float[] broken = new float[24 * 24 * 24];
    broken[24] = Float.POSITIVE_INFINITY;
    PlantedCases.write(data.resolve("broken.nii"), broken, 24, 24, 24);
    AtomicFile.write(bad, Files.readString(table).replace("case_03", "broken"));
    train(bad)
        .refused(
            2,
            data.resolve("broken.nii") + ": voxel [0, 1, 0] is Infinity, expected finite values");
    Path empty = out.resolve("none");
    Files.createDirectories(empty);
    Program.run(
            "ssl", "classify", "predict", table, "--model", empty, "--out", out.resolve("p.csv"))
        .refused(2, empty + ": no fold in there is trained to its end");
    Program.run(
            "ssl", "classify", "predict", table, "--model", table, "--out", out.resolve("p.csv"))
        .refused(2, table + ": not a safetensors file: a header of 7020034733201517929 bytes");
    Program.run("ssl", "classify").refused(2, "Missing command; see 'larmor ssl classify --help'");
  }
}
