package dev.larmor.models.data.fastmri;

import static dev.larmor.models.data.fastmri.TinyData.COILS;
import static dev.larmor.models.data.fastmri.TinyData.HEIGHT;
import static dev.larmor.models.data.fastmri.TinyData.MASK;
import static dev.larmor.models.data.fastmri.TinyData.SIZE;
import static dev.larmor.models.data.fastmri.TinyData.WIDTH;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.data.hdf5.Hdf5File;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.data.hdf5.Hdf5Writer.Element;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VolumeSetTest {
  @TempDir Path folder;

  private VolumeSet open() {
    return VolumeSet.open(folder, Targets.REQUIRED, BadFiles.FAIL);
  }

  private Path kspaceFile() {
    return folder.resolve("kspace").resolve("brain_acc4_0.h5");
  }

  private Path imageFile() {
    return folder.resolve("image").resolve("brain_acc4_0.h5");
  }

  /** Writes one good volume, replaces its k-space file, and checks what opening says. */
  private void assertBadKspace(String message, Consumer<Hdf5Writer> content) {
    assertBad(kspaceFile(), message, content);
  }

  private void assertBadImage(String message, Consumer<Hdf5Writer> content) {
    assertBad(imageFile(), message, content);
  }

  private void assertBad(Path file, String message, Consumer<Hdf5Writer> content) {
    TinyData.writeFolder(folder, 1);
    try (Hdf5Writer writer = Hdf5Writer.replace(file)) {
      content.accept(writer);
      writer.commit();
    }
    assertSentence(file + ": " + message);
  }

  private void assertSentence(String message) {
    assertEquals(message, assertThrows(DataException.class, this::open).getMessage());
  }

  @Test
  void pairsAndListsInOrder() throws IOException {
    TinyData.writeFolder(folder, 3);
    Files.writeString(folder.resolve("kspace").resolve(".hidden.h5"), "not looked at");
    Files.writeString(folder.resolve("kspace").resolve("notes.txt"), "not looked at");
    VolumeSet data = open();
    assertEquals(
        List.of("brain_acc4_0.h5", "brain_acc4_1.h5", "brain_acc4_2.h5"),
        data.volumes().stream().map(Volume::name).toList());
    Volume volume = data.volumes().get(2);
    assertEquals(3, volume.slices());
    assertEquals(COILS, volume.coils());
    assertEquals(HEIGHT, volume.height());
    assertEquals(WIDTH, volume.width());
    assertEquals(SIZE, volume.imageSize());
    assertEquals(3, volume.max());
    assertEquals(SamplingMask.of(MASK), volume.mask());
    assertEquals(
        List.of(
            new SliceIndex(0, 0),
            new SliceIndex(1, 0),
            new SliceIndex(1, 1),
            new SliceIndex(2, 0),
            new SliceIndex(2, 1),
            new SliceIndex(2, 2)),
        data.slices());
    assertTrue(data.problems().isEmpty());
    assertEquals(folder.toString(), data.name());
  }

  @Test
  void volumesReadTheirSlices() {
    TinyData.writeFolder(folder, 2);
    Volume volume = open().volumes().get(1);
    try (KspaceVolume kspace = KspaceVolume.open(volume.kspaceFile());
        ImageVolume image = ImageVolume.open(volume.imageFile().orElseThrow())) {
      float[] values = new float[kspace.floatsPerSlice()];
      kspace.readSlice(1, values);
      assertArrayEquals(TinyData.kspace(1, 1), values);
      float[] pixels = new float[SIZE * SIZE];
      image.readSlice(ImageVolume.Kind.LABEL, 1, pixels);
      assertArrayEquals(TinyData.label(1, 1), pixels);
      assertTrue(image.has(ImageVolume.Kind.LABEL));
      assertFalse(image.has(ImageVolume.Kind.GRAPPA));
      assertEquals(
          volume.imageFile().orElseThrow() + ": no dataset 'image_input', the file has image_label",
          assertThrows(
                  DataException.class, () -> image.readSlice(ImageVolume.Kind.INPUT, 0, pixels))
              .getMessage());
    }
  }

  @Test
  void fastMriLayout() {
    for (int v = 0; v < 2; v++) {
      try (Hdf5Writer writer = Hdf5Writer.replace(folder.resolve("file_brain_AXT2_" + v + ".h5"))) {
        var sink = writer.dataset("kspace", Element.C64, 1, COILS, HEIGHT, WIDTH);
        sink.write(TinyData.kspace(v, 0));
        TinyData.writeLabel(writer, "reconstruction_rss", v, 1);
        writer.commit();
      }
    }
    VolumeSet data = open();
    assertEquals(2, data.volumes().size());
    Volume volume = data.volumes().get(1);
    assertTrue(volume.mask().isFull());
    assertEquals(Optional.of(volume.kspaceFile()), volume.imageFile());
    try (ImageVolume image = ImageVolume.open(volume.kspaceFile())) {
      float[] pixels = new float[SIZE * SIZE];
      image.readSlice(ImageVolume.Kind.LABEL, 0, pixels);
      assertArrayEquals(TinyData.label(1, 0), pixels);
    }
  }

  @Test
  void targetsMayBeOptional() {
    TinyData.writeKspace(folder.resolve("file1000.h5"), 0, 1, MASK);
    assertSentence(folder.resolve("file1000.h5") + ": no dataset 'reconstruction_rss'");
    VolumeSet data = VolumeSet.open(folder, Targets.OPTIONAL, BadFiles.FAIL);
    assertTrue(data.volumes().getFirst().imageFile().isEmpty());
    assertEquals(0, data.volumes().getFirst().imageSize());
  }

  @Test
  void aMissingPartner() throws IOException {
    TinyData.writeFolder(folder, 1);
    Files.delete(imageFile());
    assertSentence(kspaceFile() + ": no image file " + imageFile() + " beside it");
    TinyData.writeFolder(folder, 1);
    TinyData.writeImage(folder.resolve("image").resolve("extra.h5"), 0, 1);
    assertSentence(
        folder.resolve("image").resolve("extra.h5")
            + ": no k-space file "
            + folder.resolve("kspace").resolve("extra.h5")
            + " beside it");
  }

  @Test
  void missingAndEmptyFolders() throws IOException {
    assertSentence(folder + ": no HDF5 file (*.h5) in this folder");
    Files.createDirectories(folder.resolve("kspace"));
    assertSentence(folder.resolve("kspace") + ": no HDF5 file (*.h5) in this folder");
    Path missing = folder.resolve("missing");
    assertEquals(
        missing + ": no such folder",
        assertThrows(
                DataException.class, () -> VolumeSet.open(missing, Targets.OPTIONAL, BadFiles.FAIL))
            .getMessage());
  }

  @Test
  void badKspace() {
    assertBadKspace(
        "no dataset 'kspace', the file has mask", writer -> writer.vector("mask", MASK));
    assertBadKspace(
        "'kspace' is F32[1, 2, 6, 8], expected C64[slices, coils, H, W]",
        writer -> writer.dataset("kspace", Element.F32, 1, 2, 6, 8).write(new float[96]));
    assertBadKspace(
        "'kspace' is C64[2, 6, 8], expected C64[slices, coils, H, W]",
        writer -> {
          var sink = writer.dataset("kspace", Element.C64, 2, 6, 8);
          sink.write(new float[96]);
          sink.write(new float[96]);
        });
  }

  @Test
  void emptyKspace() throws IOException {
    TinyData.writeFolder(folder, 1);
    try (InputStream in = Hdf5File.class.getResourceAsStream("odd.h5")) {
      Files.write(kspaceFile(), in.readAllBytes());
    }
    assertSentence(kspaceFile() + ": 'kspace' is empty: C64[0, 2, 7, 5]");
  }

  @Test
  void imagesOfAnotherSizeThanTheLabel() {
    assertBadImageSlice(
        ": 'image_grappa' is F32[1, 5, 5], but 'image_label' is F32[1, 4, 4]",
        writer -> writer.dataset("image_grappa", Element.F32, 1, 5, 5).write(new float[25]));
    assertBadImageSlice(
        ": 'image_grappa' is F32[1, 4, 5], expected F32[slices, S, S]",
        writer -> writer.dataset("image_grappa", Element.F32, 1, 4, 5).write(new float[20]));
  }

  private void assertBadImageSlice(String message, Consumer<Hdf5Writer> grappa) {
    Path file = imageFile();
    try (Hdf5Writer writer = Hdf5Writer.replace(file)) {
      TinyData.writeLabel(writer, "image_label", 0, 1);
      grappa.accept(writer);
      writer.commit();
    }
    try (ImageVolume image = ImageVolume.open(file)) {
      DataException e =
          assertThrows(
              DataException.class,
              () -> image.readSlice(ImageVolume.Kind.GRAPPA, 0, new float[16]));
      assertEquals(file + message, e.getMessage());
    }
  }

  @Test
  void badMask() {
    assertBadMask("'mask' is F32[7], but 'kspace' C64[1, 2, 6, 8] has W = 8", new float[7]);
    assertBadMask("'mask' F32[8] is all zero: nothing sampled", new float[8]);
    assertBadMask(
        "'mask' holds 0.5 at column 2, expected 0 or 1", new float[] {0, 1, 0.5f, 0, 0, 0, 0, 0});
    assertBadMask(
        "'mask' holds NaN at column 0, expected 0 or 1",
        new float[] {Float.NaN, 1, 0, 0, 0, 0, 0, 0});
    assertBadKspace(
        "'mask' is F32[1, 2, 4], but 'kspace' C64[1, 2, 6, 8] has W = 8",
        writer -> {
          writer.dataset("kspace", Element.C64, 1, 2, 6, 8).write(new float[192]);
          writer.dataset("mask", Element.F32, 1, 2, 4).write(new float[8]);
        });
  }

  private void assertBadMask(String message, float[] mask) {
    assertBadKspace(
        message,
        writer -> {
          writer.dataset("kspace", Element.C64, 1, 2, 6, 8).write(new float[192]);
          writer.vector("mask", mask);
        });
  }

  @Test
  void badImage() {
    assertBadImage(
        "no dataset 'image_label', the file has none", writer -> writer.attribute("max", 1.0));
    assertBadImage(
        "'image_label' is F32[1, 4, 5], expected F32[slices, S, S]",
        writer -> writer.dataset("image_label", Element.F32, 1, 4, 5).write(new float[20]));
    assertBadImage(
        "'image_label' is C64[1, 4, 4], expected F32[slices, S, S]",
        writer -> writer.dataset("image_label", Element.C64, 1, 4, 4).write(new float[32]));
    assertBadImage(
        "no attribute 'max' (the maximum of image_label)",
        writer -> writer.dataset("image_label", Element.F32, 1, 4, 4).write(new float[16]));
    for (double max : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertBadImage(
          "attribute 'max' is " + max + ", expected a positive number",
          writer -> {
            writer.dataset("image_label", Element.F32, 1, 4, 4).write(new float[16]);
            writer.attribute("max", max);
          });
    }
    assertBadImage(
        "attribute 'max' is not a number",
        writer -> {
          writer.dataset("image_label", Element.F32, 1, 4, 4).write(new float[16]);
          writer.attribute("max", "big");
        });
  }

  @Test
  void sliceCountsDiffer() {
    TinyData.writeFolder(folder, 1);
    TinyData.writeImage(imageFile(), 0, 3);
    assertSentence(kspaceFile() + ": 1 slices of k-space, but 3 of images in " + imageFile());
  }

  @Test
  void aTruncatedFileIsFoundBeforeAnythingStarts() throws IOException {
    TinyData.writeFolder(folder, 3);
    Path file = folder.resolve("kspace").resolve("brain_acc4_1.h5");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 1));
    assertSentence(
        "%s: truncated HDF5 file: %d bytes of %d are there"
            .formatted(file, whole.length - 1, whole.length));
  }

  @Test
  void badFilesAreCountedOrSkipped() throws IOException {
    TinyData.writeFolder(folder, 4);
    Path text = folder.resolve("kspace").resolve("brain_acc4_1.h5");
    Path gone = folder.resolve("image").resolve("brain_acc4_3.h5");
    Files.writeString(text, "no HDF5");
    Files.delete(gone);
    assertSentence(text + ": not an HDF5 file (and 1 more bad file)");
    VolumeSet data = VolumeSet.open(folder, Targets.REQUIRED, BadFiles.SKIP);
    assertEquals(2, data.volumes().size());
    assertEquals(
        List.of(
            text + ": not an HDF5 file",
            folder.resolve("kspace").resolve("brain_acc4_3.h5")
                + ": no image file "
                + gone
                + " beside it"),
        data.problems());
    Files.delete(folder.resolve("image").resolve("brain_acc4_0.h5"));
    Files.delete(folder.resolve("image").resolve("brain_acc4_2.h5"));
    String message =
        assertThrows(
                DataException.class, () -> VolumeSet.open(folder, Targets.REQUIRED, BadFiles.SKIP))
            .getMessage();
    assertTrue(message.startsWith(folder + ": none of 4 files is usable, e.g. "), message);
  }

  @Test
  void notANumberIsFoundWhereItIs() {
    TinyData.writeFolder(folder, 1);
    float[] values = TinyData.kspace(0, 0);
    int pixel = (1 * HEIGHT + 4) * WIDTH + 3;
    values[2 * pixel + 1] = Float.NaN;
    assertNonFinite("NaN", values);
    values[2 * pixel + 1] = Float.NEGATIVE_INFINITY;
    assertNonFinite("-Infinity", values);

    Path file = imageFile();
    try (Hdf5Writer writer = Hdf5Writer.replace(file)) {
      float[] pixels = new float[16];
      pixels[6] = Float.POSITIVE_INFINITY;
      writer.dataset("image_label", Element.F32, 1, 4, 4).write(pixels);
      writer.attribute("max", 1.0);
      writer.commit();
    }
    try (ImageVolume image = ImageVolume.open(file)) {
      assertEquals(
          file + ": 'image_label' F32[1, 4, 4] holds Infinity at slice 0, row 1, column 2",
          assertThrows(
                  DataException.class,
                  () -> image.readSlice(ImageVolume.Kind.LABEL, 0, new float[16]))
              .getMessage());
    }
  }

  private void assertNonFinite(String value, float[] values) {
    Path file = kspaceFile();
    try (Hdf5Writer writer = Hdf5Writer.replace(file)) {
      writer.dataset("kspace", Element.C64, 1, COILS, HEIGHT, WIDTH).write(values);
      writer.commit();
    }
    try (KspaceVolume kspace = KspaceVolume.open(file)) {
      assertEquals(
          file
              + ": 'kspace' C64[1, 2, 6, 8] holds "
              + value
              + " at slice 0, coil 1, row 4, column 3",
          assertThrows(DataException.class, () -> kspace.readSlice(0, new float[values.length]))
              .getMessage());
    }
  }
}
