package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.fit.Fit;
import dev.larmor.models.ssl.adapt.segmentation.Segmenter;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Planted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code larmor ssl segment}: from a folder of volumes to segmentations, scores and a report. */
final class SslSegmentCommandTest {
  @TempDir private Path folder;

  private Program.Result train(Object... more) {
    List<Object> command =
        new ArrayList<>(
            List.of(
                "ssl",
                "segment",
                "train",
                folder.resolve("data"),
                "--out",
                folder.resolve("run"),
                "--device",
                Program.DEVICE,
                "--features=4,8",
                "--blocks=1,1",
                "--steps=2",
                "--batch=1",
                "--spacing-mode=fixed",
                "--no-mirroring"));
    for (String usual : List.of("--patch=16x16x16", "--spacing=2,2,2", "--epochs=2")) {
      String name = usual.substring(0, usual.indexOf('=') + 1);
      if (Arrays.stream(more).noneMatch(given -> given.toString().startsWith(name))) {
        command.add(usual);
      }
    }
    command.addAll(Arrays.asList(more));
    return Program.run(command.toArray());
  }

  private Program.Result predict(Object... more) {
    List<Object> command =
        new ArrayList<>(
            List.of(
                "ssl",
                "segment",
                "predict",
                folder.resolve("data/imagesTr"),
                "--checkpoint",
                Fit.last(folder.resolve("run/fold_1")),
                "--out",
                folder.resolve("found"),
                "--device",
                Program.DEVICE));
    command.addAll(Arrays.asList(more));
    return Program.run(command.toArray());
  }

  @Test
  void fromFilesToFiles() throws IOException {
    Planted.write(folder.resolve("data"), 3);
    Program.Result trained = train("--folds=2").succeeded();
    assertTrue(trained.out().contains("epoch 2/2  loss "), trained.out());
    assertTrue(trained.out().contains("fold 0: mean Dice "), trained.out());
    assertTrue(trained.out().contains("all folds: mean Dice "), trained.out());
    Path run = folder.resolve("run");
    for (String name :
        List.of(
            "splits_final.json",
            "prepared/case0.h5",
            "fold_0/checkpoint_final.safetensors",
            "fold_0/epochs.csv",
            "fold_1/summary.json",
            "fold_1/report.html",
            "summary.json",
            "cases.csv",
            "report.html",
            "pictures/case0.png",
            "pictures/case2.png")) {
      assertTrue(Files.exists(run.resolve(name)), name);
    }
    assertEquals(1 + 3 * 2, Files.readAllLines(run.resolve("cases.csv")).size());
    assertTrue(Files.readString(run.resolve("fold_1/report.html")).contains("../pictures/case"));

    train("--folds=2")
        .refused(
            2,
            run.resolve("fold_0")
                + ": has a training already; go on with --resume, or give another --out");
    train("--folds=2", "--resume").succeeded();

    Program.Result predicted = predict("--no-mirroring").succeeded();
    assertTrue(
        predicted.out().startsWith("3 cases segmented, 0 kept, 0 left out"), predicted.out());
    Path found = folder.resolve("found/case1.nii.gz");
    Image3d labels = ImageFile.read(found);
    assertArrayEquals(new int[] {20, 24, 26}, labels.shape());
    Path image = folder.resolve("data/imagesTr/case1_0000.nii.gz");
    assertEquals(ImageFile.read(image).place(), labels.place());

    // The same command keeps what is there, makes what is not, and leaves out what is bad.
    Files.delete(found);
    Path bad = folder.resolve("data/imagesTr/case2_0001.nii.gz");
    Planted.save(bad, new float[24], new int[] {2, 3, 4});
    Files.delete(folder.resolve("found/case2.nii.gz"));
    Program.Result again = predict("--no-mirroring");
    assertEquals(2, again.code());
    assertTrue(again.out().contains("left out: " + bad + ": [2, 3, 4] voxels, expected"));
    assertTrue(again.out().contains("1 case segmented, 1 kept, 1 left out"), again.out());
    assertArrayEquals(labels.values(), ImageFile.read(found).values());

    Program.Result evaluated =
        Program.run(
            "ssl",
            "segment",
            "evaluate",
            folder.resolve("data"),
            folder.resolve("found"),
            "--no-pictures");
    evaluated.succeeded();
    assertTrue(evaluated.out().startsWith("mean Dice "), evaluated.out());
    assertTrue(Files.exists(folder.resolve("found/summary.json")));
    assertTrue(Files.exists(folder.resolve("found/report.html")));
    assertFalse(Files.exists(folder.resolve("found/pictures")));
  }

  /** The middle axis is the coarsest, so it comes first. */
  @Test
  void trainsOnAll() throws IOException {
    Planted.write(folder.resolve("data"), 2);
    train("--folds=1", "--epochs=1", "--spacing=2,3,2", "--patch=16x8x12").succeeded();
    Segmenter segmenter = Segmenter.of(Fit.last(folder.resolve("run/fold_all")));
    assertEquals(List.of(1, 0, 2), segmenter.axes());
    assertEquals(List.of(8, 16, 12), segmenter.patch());
    assertEquals(List.of(3.0, 2.0, 2.0), segmenter.spacing());
  }

  @Test
  void refusesInOneSentence() throws IOException {
    Path data = Planted.write(folder.resolve("data"), 2);
    String see = "; see 'larmor ssl segment train --help'";
    train("--folds=3").refused(2, "3 folds of 2 cases: each needs a case of its own" + see);
    train("--folds=2", "--fold=2")
        .refused(2, "--fold is '2', expected all or a number from 0 to 1" + see);
    train("--folds=2", "--patch=18x16x5")
        .refused(
            2,
            "the patch [18, 16, 5] does not fit 2 stages: its 3 edges must be multiples of 2, from 4"
                + " on"
                + see);
    train("--folds=2", "--spacing=1,2")
        .refused(2, "spacing is [1.0, 2.0], expected 3 positive numbers" + see);
    Path other = folder.resolve("other.safetensors");
    Program.run(
            "ssl",
            "segment",
            "predict",
            data.resolve("imagesTr"),
            "--checkpoint",
            other,
            "--out",
            folder)
        .refused(2, other + ": no such file");
    Program.run("ssl", "segment", "evaluate", data, folder)
        .refused(2, folder + ": no segmentation CASE.nii.gz of a case of imagesTr");
    Files.delete(data.resolve("dataset.json"));
    train().refused(2, data.resolve("dataset.json") + ": no such file");
    Program.run("ssl", "segment").refused(2, "Missing command; see 'larmor ssl segment --help'");
  }
}
