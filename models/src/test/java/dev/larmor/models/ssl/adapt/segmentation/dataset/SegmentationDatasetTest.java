package dev.larmor.models.ssl.adapt.segmentation.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.Image3d;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** nnU-Net's layout: what is read, and what is refused. */
final class SegmentationDatasetTest {
  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    Planted.write(folder, 2);
  }

  private static void refused(String message, Executable body) {
    DataException e = assertThrows(DataException.class, body);
    assertTrue(e.getMessage().endsWith(message), e.getMessage());
  }

  private void refused(String message) {
    refused(message, () -> SegmentationDataset.read(folder));
  }

  private void description(String json) throws IOException {
    Files.writeString(folder.resolve("dataset.json"), json);
  }

  @Test
  void readsWhatIsThere() {
    SegmentationDataset dataset = SegmentationDataset.read(folder);
    assertEquals(List.of("T1", "T2"), dataset.channels());
    assertEquals(List.of("background", "ball", "box"), dataset.labels().names());
    assertEquals(List.of("case0", "case1"), dataset.training().stream().map(Case::name).toList());
    Case one = dataset.training().getFirst();
    Image3d image = one.image();
    assertEquals(2, image.channels());
    Image3d truth = one.truth(image, dataset.labels());
    Set<Float> labels = new HashSet<>();
    double inside = 0;
    double ball = 0;
    for (int i = 0; i < truth.voxels(); i++) {
      labels.add(truth.values()[i]);
      if (truth.values()[i] == 1) {
        inside += image.values()[i];
        ball++;
      }
    }
    assertEquals(Set.of(0f, 1f, 2f), labels);
    assertEquals(9, inside / ball, 0.3, "the first channel is the first");
  }

  @Test
  void refusesWhatIsMissing() throws IOException {
    Files.delete(folder.resolve("labelsTr/case1.nii.gz"));
    refused("labelsTr/case1.nii.gz: no such file, but imagesTr has case case1");
    Files.delete(folder.resolve("imagesTr/case0_0001.nii.gz"));
    refused("imagesTr: case case0 has channels [0], expected [0, 1]: [T1, T2]");
    Files.move(
        folder.resolve("imagesTr/case0_0000.nii.gz"), folder.resolve("imagesTr/case0.nii.gz"));
    refused(
        "case0.nii.gz: expected a name such as CASE_0000.nii.gz, the number being the channel's");
    Files.delete(folder.resolve("dataset.json"));
    refused("dataset.json: no such file");
    refused(
        "nowhere: no such folder",
        () -> SegmentationDataset.cases(folder.resolve("nowhere"), List.of("T1"), ".nii.gz"));
    refused(
        "no images CASE_0000.mha",
        () -> SegmentationDataset.cases(folder.resolve("imagesTr"), List.of("T1"), ".mha"));
  }

  @Test
  void refusesAnotherDescription() throws IOException {
    description("{\"channel_names\": {\"0\": \"T1\"}, \"labels\": {\"background\": 0}");
    assertThrows(DataException.class, () -> SegmentationDataset.read(folder));
    description("{\"labels\": {\"background\": 0, \"a\": 1}, \"file_ending\": \".nii.gz\"}");
    refused("channel_names: missing");
    description(
        "{\"channel_names\": {\"0\": \"T1\"}, \"labels\": {\"background\": 0, \"a\": 2},"
            + " \"file_ending\": \".nii.gz\"}");
    refused("labels: numbers [0, 2], expected 0, 1, 2 and so on, 2 to 127 of them");
    description(
        "{\"channel_names\": {\"0\": \"T1\"}, \"labels\": {\"background\": 0, \"a\": [1, 2]},"
            + " \"file_ending\": \".nii.gz\"}");
    refused("labels.\"a\": '', expected a whole number");
    description(
        "{\"channel_names\": {\"0\": \"T1\", \"1\": \"T2\"}, \"labels\": {\"background\": 0, \"a\":"
            + " 1}, \"file_ending\": \".png\"}");
    refused("file_ending: '.png', expected one of .nii.gz, .nii, .nrrd, .mha, .mhd");
    description(
        "{\"channel_names\": {\"0\": \"T1\", \"1\": \"T2\"}, \"labels\": {\"background\": 0, \"a\":"
            + " 1}, \"file_ending\": \".nii.gz\", \"numTraining\": 3}");
    refused("numTraining: 3, but imagesTr has 2 cases");
  }

  @Test
  void refusesOtherGridsAndValues() {
    SegmentationDataset dataset = SegmentationDataset.read(folder);
    Case one = dataset.training().getFirst();
    Image3d image = one.image();
    Planted.save(one.truth().orElseThrow(), new float[24], new int[] {2, 3, 4});
    refused(
        "case0.nii.gz: [2, 3, 4] voxels, expected [20, 24, 26] as in case0_0000.nii.gz",
        () -> one.truth(image, dataset.labels()));
    float[] labels = new float[20 * 24 * 26];
    labels[26] = 3;
    Planted.save(one.truth().orElseThrow(), labels, image.shape());
    refused(
        "voxel [0, 1, 0] is 3, expected whole numbers from 0 to 2: [background, ball, box]",
        () -> one.truth(image, dataset.labels()));
    labels[26] = 0.5f;
    Planted.save(one.truth().orElseThrow(), labels, image.shape());
    refused(
        "voxel [0, 1, 0] is 0.5, expected whole numbers from 0 to 2: [background, ball, box]",
        () -> one.truth(image, dataset.labels()));
    labels[27] = Float.NaN;
    Planted.save(one.images().getLast(), labels, image.shape());
    refused("case0_0001.nii.gz: voxel [0, 1, 1] is NaN, expected finite values", one::image);
  }

  @Test
  void foldsHoldOutEachCaseOnce() throws IOException {
    List<String> cases = List.of("a", "b", "c", "d", "e");
    List<Fold> folds = Fold.of(cases, 3, 7);
    Set<String> heldOut = new HashSet<>();
    for (Fold fold : folds) {
      Set<String> both = new HashSet<>(fold.training());
      both.addAll(fold.validation());
      assertEquals(Set.copyOf(cases), both);
      assertEquals(5, fold.training().size() + fold.validation().size());
      fold.validation().forEach(name -> assertTrue(heldOut.add(name)));
    }
    assertEquals(Set.copyOf(cases), heldOut);
    assertEquals(folds, Fold.of(cases, 3, 7));
    assertEquals(List.of(new Fold(cases, List.of())), Fold.of(cases, 1, 7));
    assertThrows(IllegalArgumentException.class, () -> Fold.of(cases, 6, 7));

    Path file = folder.resolve(Fold.FILE);
    Fold.write(file, folds);
    assertEquals(folds, Fold.read(file, cases));
    refused("', but imagesTr has no such case", () -> Fold.read(file, List.of("x")).getFirst());
    Files.writeString(file, "[{\"train\": [\"a\"], \"val\": [\"a\"]}]");
    refused("[0]: case a both in train and val", () -> Fold.read(file, cases));
    Files.writeString(file, "[{\"train\": [], \"val\": [\"a\"]}]");
    refused("[0]: no case to train on", () -> Fold.read(file, cases));
    Files.writeString(file, "[]");
    refused("no folds", () -> Fold.read(file, cases));
  }
}
