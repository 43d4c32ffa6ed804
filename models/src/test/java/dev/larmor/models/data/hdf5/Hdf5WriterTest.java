package dev.larmor.models.data.hdf5;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.models.Python;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.hdf5.Hdf5Writer.Element;
import dev.larmor.models.data.hdf5.Hdf5Writer.SliceSink;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class Hdf5WriterTest {
  /** Longer than a message of an object header may be. */
  private static final String TEXT = "<größe>\n" + "x".repeat(70_000) + "</größe>\n";

  @TempDir Path folder;

  /** Complex value n of kspace is n − i·n/2, pixel n of reconstruction n/4. */
  private void write(Path path, int slices) {
    try (Hdf5Writer writer = Hdf5Writer.replace(path)) {
      writer.attribute("max", 0.1);
      writer.attribute("acceleration", -4L);
      writer.attribute("source", "Zürich");
      writer.vector("mask", new float[] {0, 1, 1, 0, 1});
      writer.text("header", TEXT.getBytes(StandardCharsets.UTF_8));
      SliceSink kspace = writer.dataset("kspace", Element.C64, slices, 2, 7, 5);
      SliceSink images = writer.dataset("reconstruction", Element.F32, slices, 6, 6);
      for (int s = 0; s < slices; s++) {
        float[] complex = new float[140];
        for (int i = 0; i < 70; i++) {
          complex[2 * i] = 70 * s + i;
          complex[2 * i + 1] = -(70 * s + i) / 2f;
        }
        kspace.write(complex);
        float[] image = new float[36];
        for (int i = 0; i < 36; i++) {
          image[i] = (36 * s + i) / 4f;
        }
        images.write(image);
      }
      writer.commit();
    }
  }

  // 600 slices of 2 coils are 1200 chunks: more than fit into the default page of the chunk index.
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 600})
  void readsBackTheSame(int slices) {
    Path path = folder.resolve("a.h5");
    write(path, slices);
    try (Hdf5File file = Hdf5File.open(path)) {
      assertEquals(0.1, file.number("max").orElseThrow());
      assertEquals(-4, file.number("acceleration").orElseThrow());
      assertArrayEquals(new double[] {0, 1, 1, 0, 1}, file.dataset("mask").readNumbers());
      assertArrayEquals(TEXT.getBytes(StandardCharsets.UTF_8), file.dataset("header").readText());
      assertEquals(Optional.of("Zürich"), file.attribute("source"));
      assertEquals(Optional.of(-4L), file.attribute("acceleration"));
      assertEquals(Optional.of(0.1), file.attribute("max"));
      assertEquals(Optional.empty(), file.attribute("min"));
      assertEquals("C64[" + slices + ", 2, 7, 5]", file.dataset("kspace").toString());
      assertEquals("F32[" + slices + ", 6, 6]", file.dataset("reconstruction").toString());
      float[] complex = new float[140];
      file.dataset("kspace").readSlice(slices - 1, complex);
      assertEquals(70 * slices - 1, complex[138]);
      assertEquals(-(70 * slices - 1) / 2f, complex[139]);
      float[] image = new float[36];
      file.dataset("reconstruction").readSlice(slices - 1, image);
      assertEquals((36 * slices - 1) / 4f, image[35]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 600})
  void h5pyReadsTheSame(int slices) throws IOException {
    Python.assumeModules("h5py", "numpy");
    Path path = folder.resolve("a.h5");
    write(path, slices);
    Python.run(
        """
        import sys, h5py, numpy as np
        f, slices = h5py.File(sys.argv[1], "r"), int(sys.argv[2])
        assert f.attrs["max"] == 0.1 and f.attrs["acceleration"] == -4
        assert f.attrs["source"].decode() == "Z\\u00fcrich"
        assert sorted(f) == ["header", "kspace", "mask", "reconstruction"]
        h = f["header"]
        assert h.shape == () and h5py.check_string_dtype(h.dtype).encoding == "utf-8"
        assert h[()].decode() == h.asstr()[()] == sys.argv[3]
        assert f["mask"].dtype == np.float32 and f["mask"][:].tolist() == [0, 1, 1, 0, 1]
        k, r = f["kspace"], f["reconstruction"]
        assert k.dtype == np.complex64 and k.shape == (slices, 2, 7, 5), k
        assert r.dtype == np.float32 and r.shape == (slices, 6, 6), r
        assert k.chunks == (1, 1, 7, 5) and k.compression == "gzip" and k.shuffle
        assert r.chunks == (1, 6, 6) and r.compression == "gzip" and r.shuffle
        n = np.arange(k.size).reshape(k.shape)
        assert (k[:] == n - 0.5j * n).all()
        assert (r[:] == np.arange(r.size).reshape(r.shape) / 4).all()
        f.close()
        with h5py.File(sys.argv[1], "a") as f:  # and may go on writing to it
            f.create_dataset("more", data=np.ones(3))
            f.attrs["max"] = 2.0
        """,
        path,
        slices,
        TEXT);
    try (Hdf5File file = Hdf5File.open(path)) {
      assertEquals(2.0, file.number("max").orElseThrow());
    }
  }

  @Test
  void equalContentsMakeEqualFiles() throws IOException {
    write(folder.resolve("a.h5"), 3);
    write(folder.resolve("b.h5"), 3);
    assertEquals(-1, Files.mismatch(folder.resolve("a.h5"), folder.resolve("b.h5")));
  }

  @Test
  void anAbandonedFileLeavesTheOldOne() throws IOException {
    Path path = folder.resolve("a.h5");
    write(path, 1);
    byte[] before = Files.readAllBytes(path);
    try (Hdf5Writer writer = Hdf5Writer.replace(path)) {
      writer.dataset("reconstruction", Element.F32, 2, 6, 6).write(new float[36]);
      IllegalStateException e = assertThrows(IllegalStateException.class, writer::commit);
      assertEquals("1 of 2 slices of 'reconstruction' are written", e.getMessage());
    }
    assertArrayEquals(before, Files.readAllBytes(path));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void wrongUseIsRefused() {
    try (Hdf5Writer writer = Hdf5Writer.replace(folder.resolve("a.h5"))) {
      SliceSink sink = writer.dataset("x", Element.C64, 1, 2, 3);
      assertEquals(
          "11 floats for a slice of 'x' C64[1, 2, 3]",
          assertThrows(IllegalArgumentException.class, () -> sink.write(new float[11]))
              .getMessage());
      sink.write(new float[12]);
      assertThrows(IllegalStateException.class, () -> sink.write(new float[12]));
      assertEquals(
          "two datasets named 'x'",
          assertThrows(IllegalArgumentException.class, () -> writer.vector("x", new float[1]))
              .getMessage());
      assertThrows(IllegalArgumentException.class, () -> writer.text("x", new byte[1]));
      assertThrows(IllegalArgumentException.class, () -> writer.text("y", new byte[0]));
      assertThrows(IllegalArgumentException.class, () -> writer.dataset("y", Element.F32, 0, 2, 3));
      assertThrows(IllegalArgumentException.class, () -> writer.dataset("y", Element.F32, 4));
    }
  }

  private static final int[] SHAPE = {2, 5, 6, 7};
  private static final int[] BLOCK = {1, 3, 2, 7};

  private void writeBlocks(Path path) {
    float[] values = new float[2 * 5 * 6 * 7];
    byte[] labels = new byte[5 * 6 * 7];
    for (int i = 0; i < values.length; i++) {
      values[i] = i + 0.5f;
      labels[i % labels.length] = (byte) -i;
    }
    try (Hdf5Writer writer = Hdf5Writer.replace(path)) {
      writer.blocks("image", values, SHAPE, BLOCK);
      writer.blocks("labels", labels, new int[] {5, 6, 7}, new int[] {5, 6, 7});
      writer.commit();
    }
  }

  @Test
  void aBoxOfBlocksIsReadWithoutTheRest() {
    Path path = folder.resolve("a.h5");
    writeBlocks(path);
    try (Hdf5File file = Hdf5File.open(path)) {
      assertEquals("F32[2, 5, 6, 7]", file.dataset("image").toString());
      assertEquals("I8[5, 6, 7]", file.dataset("labels").toString());
      // Two channels, across blocks of both axes, and out of the array at either end.
      int[] start = {0, 2, -1, 5};
      int[] extent = {2, 2, 4, 4};
      float[] box = new float[2 * 2 * 4 * 4];
      byte[] labels = new byte[2 * 4 * 4];
      Arrays.fill(box, -7);
      file.dataset("image").readBox(start, extent, box);
      file.dataset("labels").readBox(new int[] {2, -1, 5}, new int[] {2, 4, 4}, labels);
      for (int i = 0; i < box.length; i++) {
        int c = i / 32;
        int z = 2 + i / 16 % 2;
        int y = -1 + i / 4 % 4;
        int x = 5 + i % 4;
        boolean inside = y >= 0 && x < 7;
        int voxel = (z * 6 + y) * 7 + x;
        assertEquals(inside ? c * 210 + voxel + 0.5f : -7, box[i], "value " + i);
        assertEquals(inside ? (byte) -(210 + voxel) : 0, labels[i % 32], "label " + i);
      }
      file.dataset("image").readBox(new int[] {0, 5, 0, 0}, extent, box);
      assertThrows(
          IllegalArgumentException.class,
          () -> file.dataset("image").readBox(start, extent, new float[3]));
      assertThrows(DataException.class, () -> file.dataset("labels").readBox(start, extent, box));
    }
  }

  @Test
  void h5pyReadsBlocks() throws IOException {
    Python.assumeModules("h5py");
    Path path = folder.resolve("a.h5");
    writeBlocks(path);
    String script =
        """
        import sys, h5py, numpy as np
        f = h5py.File(sys.argv[1])
        d, l = f["image"], f["labels"]
        assert d.chunks == (1, 3, 2, 7) and d.compression == "gzip" and d.shuffle, d.chunks
        assert d.dtype == np.float32 and l.dtype == np.int8
        n = np.arange(420)
        assert (d[:].ravel() == n + 0.5).all()
        assert (l[:].ravel() == (-n[210:]).astype(np.int8)).all()
        """;
    Python.run(script, path);
  }
}
