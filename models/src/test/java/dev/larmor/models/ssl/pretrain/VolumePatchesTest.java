package dev.larmor.models.ssl.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.DataException;
import dev.larmor.models.simclr.PatchSource;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Outside;
import dev.larmor.models.simclr.view.Patch;
import dev.larmor.models.simclr.view.Volume;
import dev.larmor.models.ssl.preprocess.store.VolumeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Patches from files are those of whole images, however small these are. */
final class VolumePatchesTest {
  private static final Extent PATCH = new Extent(96, 40, 24);

  @TempDir private Path root;

  @Test
  void everyVolumeGivesPatches() {
    int[] sides = {64, 20, 16, 97, 33, 1};
    TinyDataset dataset = new TinyDataset(root, sides);
    VolumePatches patches = dataset.open().patches();
    assertEquals(6, patches.images());
    float[] found = new float[PATCH.voxels()];
    float[] expected = new float[PATCH.voxels()];
    try (PatchSource.Reader reader = patches.open()) {
      for (int image = 0; image < 6; image++) {
        assertEquals(image / 2, patches.group(image));
        Extent extent = Extent.cube(sides[image]);
        assertEquals(extent, reader.extent(image));
        Volume whole = whole(dataset.file(image), extent);
        for (int i = 0; i < 4; i++) {
          Patch patch = Patch.draw(extent, PATCH, Philox.of(i, "patch").with(image));
          reader.read(image, patch, Outside.ZERO, found);
          patch.cut(whole, 0, expected);
          assertArrayEquals(expected, found);
          // What is not inside has the least value of what is.
          reader.read(image, patch, Outside.MINIMUM, found);
          float least = Float.POSITIVE_INFINITY;
          patch.cut(whole, Float.POSITIVE_INFINITY, expected);
          for (float value : expected) {
            least = Math.min(least, value);
          }
          patch.cut(whole, least, expected);
          assertArrayEquals(expected, found);
        }
      }
    }
  }

  private static Volume whole(Path file, Extent extent) {
    Volume volume = Volume.of(extent);
    try (VolumeFile stored = VolumeFile.open(file)) {
      stored.patch(new int[3], stored.shape(), 0, volume.values());
    }
    return volume;
  }

  @Test
  void valuesThatAreNotFinite() {
    TinyDataset dataset = new TinyDataset(root, 16, 16);
    float[] values = new float[16 * 16 * 16];
    values[1234] = Float.NaN;
    dataset.write(1, values, 16);
    try (PatchSource.Reader reader = dataset.open().patches().open()) {
      Patch patch = Patch.draw(Extent.cube(16), PATCH, Philox.of(1, "patch"));
      float[] into = new float[PATCH.voxels()];
      reader.read(0, patch, Outside.ZERO, into);
      DataException e =
          assertThrows(DataException.class, () -> reader.read(1, patch, Outside.ZERO, into));
      assertEquals(dataset.file(1) + ": has a voxel that is NaN", e.getMessage());
    }
  }

  /** The list of valid images is obeyed if it is of this configuration. */
  @Test
  void validImages() throws IOException {
    TinyDataset dataset = new TinyDataset(root, 16, 16, 16, 16);
    dataset.preprocessing().writeValid(dataset.images.subList(1, 4), 0, 1);
    PreprocessedImages images = dataset.open();
    assertEquals(dataset.images.get(1).id(), images.images().getFirst().id());
    assertEquals(3, images.images().size());
    String digest = images.digest();
    Path valid = dataset.folder.resolve("valid_imgs.json");
    Files.writeString(
        valid, Files.readString(valid).replace("nnsslPlans_onemmiso", "nnsslPlans_median"));
    assertEquals(4, dataset.open().images().size());
    assertFalse(digest.equals(dataset.open().digest()));
    Files.writeString(valid, "[{}]");
    assertEquals(
        valid + ": expected images with an image_id and a file each",
        assertThrows(DataException.class, dataset::open).getMessage());
    Files.delete(valid);
    assertEquals(4, dataset.open().images().size());
    Files.delete(dataset.folder.resolve("pretrain_data__onemmiso.json"));
    String message = assertThrows(DataException.class, dataset::open).getMessage();
    assertTrue(
        message.endsWith(
            "no such file; 'larmor ssl preprocess Dataset007_Cubes -c onemmiso' makes it"),
        message);
  }

  @Test
  void splits() throws IOException {
    List<String> subjects = IntStream.range(0, 30).mapToObj(i -> "c__d__sub-" + i).toList();
    assertEquals(5, SubjectSplit.rule(30));
    assertEquals(341, SubjectSplit.rule(34_191));
    assertEquals(1000, SubjectSplit.rule(200_000));
    SubjectSplit split = SubjectSplit.drawn(subjects, 5, 3);
    assertEquals(25, split.train().size());
    assertEquals(5, split.heldOut().orElseThrow().size());
    assertFalse(split.equals(SubjectSplit.drawn(subjects, 5, 4)));
    Path file = root.resolve(SubjectSplit.FILE);
    split.write(file);
    assertEquals(split, SubjectSplit.read(file));
    split.checkAmong(file, subjects);
    SubjectSplit.all(List.of("a")).write(file);
    assertEquals(
        "{\n    \"train\": [\n        \"a\"\n    ],\n    \"val\": null\n}", Files.readString(file));
    assertEquals(
        file + ": train: no image is of any of its 1 subjects, expected ids as c__d__sub-0",
        assertThrows(DataException.class, () -> SubjectSplit.read(file).checkAmong(file, subjects))
            .getMessage());
    refused(file, "{\"train\": [\"a\"]}", "val: missing");
    refused(file, "{\"train\": [1], \"val\": null}", "train: expected subject ids or null");
    refused(file, "{\"train\": [\"a\"], \"val\": [\"a\"]}", "the subject a is in both");
    refused(file, "{\"train\": [], \"val\": null}", "no subject is left to train with");
    assertEquals(
        "2 of 2 subjects to be held out: expected at least 1, and one left to train with",
        assertThrows(
                IllegalArgumentException.class, () -> SubjectSplit.drawn(List.of("a", "b"), 2, 1))
            .getMessage());
  }

  private static void refused(Path file, String json, String clause) throws IOException {
    Files.writeString(file, json);
    assertEquals(
        file + ": " + clause,
        assertThrows(DataException.class, () -> SubjectSplit.read(file)).getMessage());
  }
}
