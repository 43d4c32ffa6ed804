package dev.larmor.models.data.fastmri;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.MaskPolicy;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.data.hdf5.Hdf5Writer.Element;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
final class SliceLoaderTest {
  private static final MaskPolicy POLICY = new MaskPolicy(4, 0.25, 0.5);

  @TempDir Path folder;
  private VolumeSet data;
  private List<SliceIndex> order;

  @BeforeEach
  void writeData() {
    TinyData.writeFolder(folder, 6);
    data = VolumeSet.open(folder, Targets.REQUIRED, BadFiles.FAIL);
    order = new ArrayList<>(data.slices());
    order.addAll(data.slices());
    Collections.shuffle(order, new Random(3));
  }

  private SliceLoader loader(MaskSource masks, BadFiles badFiles, int workers) {
    return new SliceLoader(data, order, masks, badFiles, workers);
  }

  private static long loaderThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("slice-loader-"))
        .count();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void orderAndNumbersDoNotDependOnTheWorkers(int workers) {
    MaskSource masks = MaskSource.perSample(volume -> POLICY, 7, 2, position -> 100 + position);
    int position = 0;
    try (SliceLoader loader = loader(masks, BadFiles.FAIL, workers)) {
      while (loader.hasNext()) {
        Sample sample = loader.next();
        SliceIndex index = order.get(position);
        assertEquals("brain_acc4_" + index.volume() + ".h5", sample.volume().name());
        assertEquals(index.slice(), sample.slice());
        assertArrayEquals(TinyData.kspace(index.volume(), index.slice()), sample.kspace());
        assertArrayEquals(
            TinyData.label(index.volume(), index.slice()), sample.target().orElseThrow());
        assertEquals(masks.mask(sample.volume(), position), sample.mask());
        position++;
      }
      assertThrows(NoSuchElementException.class, loader::next);
    }
    assertEquals(order.size(), position);
    assertEquals(0, loaderThreads());
  }

  @Test
  void noMoreIsReadAheadThanAskedFor() throws InterruptedException {
    AtomicInteger masksDrawn = new AtomicInteger();
    MaskSource counting =
        (volume, position) -> {
          masksDrawn.incrementAndGet();
          return volume.mask();
        };
    try (SliceLoader loader = loader(counting, BadFiles.FAIL, 2)) {
      loader.next();
      Thread.sleep(300);
      assertTrue(masksDrawn.get() <= 4, masksDrawn + " samples read after one was taken");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5})
  void closesPromptlyMidway(int taken) {
    long start = System.nanoTime();
    SliceLoader loader = loader(MaskSource.ofFile(), BadFiles.FAIL, 3);
    for (int i = 0; i < taken; i++) {
      loader.next();
    }
    loader.close();
    loader.close();
    assertEquals(0, loaderThreads());
    assertTrue(System.nanoTime() - start < 5_000_000_000L);
    assertThrows(IllegalStateException.class, loader::next);
  }

  @Test
  void anEmptyOrderEndsAtOnce() {
    try (SliceLoader loader =
        new SliceLoader(data, List.of(), MaskSource.ofFile(), BadFiles.FAIL, 2)) {
      assertFalse(loader.hasNext());
    }
  }

  private String spoil(int volume) {
    Path file = folder.resolve("kspace").resolve("brain_acc4_" + volume + ".h5");
    try (Hdf5Writer writer = Hdf5Writer.replace(file)) {
      var sink = writer.dataset("kspace", Element.C64, volume + 1, 2, 6, 8);
      for (int s = 0; s <= volume; s++) {
        float[] values = TinyData.kspace(volume, s);
        values[0] = s == 1 ? Float.NaN : values[0];
        sink.write(values);
      }
      writer.vector("mask", TinyData.MASK);
      writer.commit();
    }
    return file
        + (": 'kspace' C64[%d, 2, 6, 8] holds NaN at slice 1, coil 0, row 0, column 0"
            .formatted(volume + 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void aBadSliceSurfacesAtItsPlace(int workers) {
    final String message = spoil(3);
    int before = order.indexOf(new SliceIndex(3, 1));
    try (SliceLoader loader = loader(MaskSource.ofFile(), BadFiles.FAIL, workers)) {
      for (int i = 0; i < before; i++) {
        loader.next();
      }
      assertEquals(message, assertThrows(DataException.class, loader::next).getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void badSlicesCanBeSkipped(int workers) {
    final String message = spoil(3);
    int delivered = 0;
    try (SliceLoader loader = loader(MaskSource.ofFile(), BadFiles.SKIP, workers)) {
      while (loader.hasNext()) {
        loader.next();
        delivered++;
      }
      assertEquals(List.of(message, message), loader.problems());
    }
    assertEquals(order.size() - 2, delivered);
  }

  @Test
  void aFileThatVanishedIsNamed() throws IOException {
    Path file = folder.resolve("kspace").resolve("brain_acc4_5.h5");
    Files.delete(file);
    try (SliceLoader loader = loader(MaskSource.ofFile(), BadFiles.FAIL, 2)) {
      DataException e =
          assertThrows(
              DataException.class,
              () -> {
                while (loader.hasNext()) {
                  loader.next();
                }
              });
      assertEquals(file + ": no such file", e.getMessage());
    }
  }

  @Test
  void anErrorInTheMaskSourceNamesFileAndSlice() {
    MaskSource broken =
        (volume, position) -> {
          throw new ArithmeticException("no mask");
        };
    try (SliceLoader loader = loader(broken, BadFiles.FAIL, 2)) {
      SliceIndex first = order.getFirst();
      assertEquals(
          data.volumes().get(first.volume()).kspaceFile()
              + ": slice "
              + first.slice()
              + " cannot be read: java.lang.ArithmeticException: no mask",
          assertThrows(DataException.class, loader::next).getMessage());
    }
  }

  @Test
  void masksDifferByEpochAndSampleButNotByVolume() {
    Volume a = data.volumes().get(0);
    Volume b = data.volumes().get(1);
    List<SamplingMask> epochs = new ArrayList<>();
    for (long epoch = 0; epoch < 20; epoch++) {
      for (long position = 0; position < 5; position++) {
        epochs.add(MaskSource.perSample(volume -> POLICY, 7, epoch, p -> 10 + p).mask(a, position));
      }
    }
    // Eight columns, two of them the centre, leave eight different masks.
    assertEquals(8, epochs.stream().distinct().count());
    // A loader that starts later in the epoch goes on where the first would have been.
    assertEquals(
        MaskSource.perSample(volume -> POLICY, 7, 3, position -> 10 + position).mask(a, 4),
        MaskSource.perSample(volume -> POLICY, 7, 3, position -> 12 + position).mask(b, 2));
    MaskSource perVolume = MaskSource.perVolume(volume -> POLICY, 7);
    assertEquals(perVolume.mask(a, 0), perVolume.mask(a, 99));
    long distinct =
        data.volumes().stream().map(volume -> perVolume.mask(volume, 0)).distinct().count();
    assertNotEquals(1, distinct);
    assertEquals(a.mask(), MaskSource.ofFile().mask(a, 3));
  }
}
