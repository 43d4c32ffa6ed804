package dev.larmor.models.ssl.preprocess.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.Image3d.Place;
import dev.larmor.models.ssl.preprocess.Golden;
import dev.larmor.models.ssl.preprocess.MaskKind;
import dev.larmor.models.ssl.preprocess.Preprocessed;
import dev.larmor.models.ssl.preprocess.Provenance;
import dev.larmor.models.ssl.preprocess.numerics.Box;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VolumeFileTest {
  private static final Place PLACE =
      new Place(
          new double[] {1.5, 0.5, 2},
          new double[] {-90, 126, -72.5},
          new double[] {1, 0, 0, 0, 0.6, -0.8, 0, 0.8, 0.6});

  @TempDir Path folder;

  private static Preprocessed volume(int channels, int... shape) {
    float[] values = Golden.image(channels * shape[0], shape[1], shape[2]);
    Image3d image = new Image3d(values, channels, shape, new double[] {1, 1.25, 0.1}, PLACE);
    Box box =
        new Box(List.of(new Box.Interval(1, 9), new Box.Interval(0, 7), new Box.Interval(3, 20)));
    Provenance provenance =
        new Provenance(PLACE, new double[] {2, 0.5, 1.5}, new int[] {12, 8, 20}, box);
    return new Preprocessed(image, Map.of(MaskKind.ANATOMY, Golden.labels(shape)), provenance);
  }

  /** Smaller than a block and than a patch, of odd extents, of a block and a voxel. */
  @ParameterizedTest
  @CsvSource({
    "1,64,64,64",
    "1,20,20,20",
    "1,16,16,16",
    "1,10,12,14",
    "2,33,65,31",
    "1,1,1,1",
    "1,97,3,40"
  })
  void anyPatchOfAnyVolumeIsRead(int channels, int n0, int n1, int n2) {
    int[] shape = {n0, n1, n2};
    Preprocessed volume = volume(channels, shape);
    Path path = folder.resolve("sub/a" + VolumeFile.EXTENSION);
    VolumeFile.write(path, volume);
    try (VolumeFile file = VolumeFile.open(path)) {
      assertEquals(channels, file.channels());
      assertArrayEquals(shape, file.shape());
      assertArrayEquals(volume.image().spacing(), file.spacing());
      assertEquals(volume.provenance(), file.provenance());
      assertTrue(file.has(MaskKind.ANATOMY));
      assertFalse(file.has(MaskKind.ANONYMIZATION));

      check(volume, file, new int[] {0, 0, 0}, shape);
      check(volume, file, new int[] {-3, -2, -(n2 / 2)}, new int[] {n0 + 5, n1 + 4, n2});
      check(volume, file, new int[] {n0 / 2, n1 / 3, n2 / 4}, new int[] {40, n1, 24});
      check(volume, file, new int[] {n0 - 1, n1 - 1, n2 - 1}, new int[] {1, 1, 1});
      check(volume, file, new int[] {n0, 0, 0}, new int[] {2, 3, 4});
      check(volume, file, new int[] {0, -9, 0}, new int[] {2, 3, 4});
    }
  }

  private static void check(Preprocessed volume, VolumeFile file, int[] start, int[] extent) {
    int voxels = extent[0] * extent[1] * extent[2];
    float[] patch = new float[file.channels() * voxels];
    byte[] labels = new byte[voxels];
    file.patch(start, extent, -0.5f, patch);
    file.patch(MaskKind.ANATOMY, start, extent, labels);
    int[] shape = file.shape();
    float[] values = volume.image().values();
    byte[] all = volume.masks().get(MaskKind.ANATOMY);
    for (int i = 0; i < patch.length; i++) {
      int z = start[0] + i / extent[2] / extent[1] % extent[0];
      int y = start[1] + i / extent[2] % extent[1];
      int x = start[2] + i % extent[2];
      boolean inside = z >= 0 && z < shape[0] && y >= 0 && y < shape[1] && x >= 0 && x < shape[2];
      int voxel = (z * shape[1] + y) * shape[2] + x;
      float expected = inside ? values[i / voxels * all.length + voxel] : -0.5f;
      assertEquals(expected, patch[i], "value " + i);
      assertEquals(inside ? all[voxel] : -1, labels[i % voxels], "label " + i);
    }
  }

  /** Blocks that a patch does not touch may be rubbish. */
  @Test
  void onlyTheBlocksOfThePatchAreRead() throws IOException {
    Path path = folder.resolve("a.h5");
    Preprocessed volume = volume(1, 64, 64, 64);
    VolumeFile.write(path, volume);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      // Of the image's eight blocks the last begin in the middle of the file.
      channel.write(ByteBuffer.allocate(1000), Files.size(path) / 2);
    }
    try (VolumeFile file = VolumeFile.open(path)) {
      float[] patch = new float[32 * 32 * 32];
      file.patch(new int[] {0, 0, 0}, new int[] {32, 32, 32}, 0, patch);
      assertEquals(volume.image().values()[31], patch[31]);
      float[] all = new float[64 * 64 * 64];
      String said =
          assertThrows(
                  DataException.class, () -> file.patch(new int[3], new int[] {64, 64, 64}, 0, all))
              .getMessage();
      String start = path + ": a box of 'image' cannot be read";
      assertEquals(start, said.substring(0, Math.min(start.length(), said.length())));
    }
  }

  @Test
  void anotherFileIsNamed() {
    Path path = folder.resolve("a.h5");
    try (Hdf5Writer writer = Hdf5Writer.replace(path)) {
      writer.text("properties", "{\"spacing\": [1]}".getBytes(StandardCharsets.UTF_8));
      writer.blocks("image", new float[8], new int[] {1, 2, 2, 2}, new int[] {1, 2, 2, 2});
      writer.commit();
    }
    assertEquals(
        path + ": 'properties' is not of a preprocessed image",
        assertThrows(DataException.class, () -> VolumeFile.open(path)).getMessage());
    try (Hdf5Writer writer = Hdf5Writer.replace(path)) {
      writer.blocks("image", new byte[8], new int[] {2, 2, 2}, new int[] {2, 2, 2});
      writer.commit();
    }
    assertEquals(
        path + ": 'image' is I8[2, 2, 2], expected F32[channels, n0, n1, n2]",
        assertThrows(DataException.class, () -> VolumeFile.open(path)).getMessage());
  }
}
