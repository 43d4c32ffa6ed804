package dev.larmor.models.simclr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Recompute;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.models.data.DataException;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.simclr.view.CropViews;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Outside;
import dev.larmor.models.simclr.view.Patch;
import dev.larmor.models.simclr.view.StretchedViews;
import dev.larmor.models.simclr.view.Views;
import dev.larmor.models.simclr.view.Volume;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Batches of views hang on seed and step alone, and a network learns from them. */
final class ViewLoaderTest {
  private static final int IMAGES = 6;
  private static final int ALL = -2;
  private static final Extent PATCH = new Extent(20, 18, 16);
  private static final Views VIEWS = new StretchedViews(16, 10, false, 0, true);

  /** Images of waves, each of its own length; one cannot be read, or with {@link #ALL} none. */
  private record Waves(int bad) implements PatchSource {
    @Override
    public int images() {
      return IMAGES;
    }

    @Override
    public int group(int image) {
      return image / 2;
    }

    @Override
    public Reader open() {
      return new Reader() {
        @Override
        public Extent extent(int image) {
          return new Extent(20 + image, 16, 24);
        }

        @Override
        public void read(int image, Patch patch, Outside outside, float[] into) {
          if (image == bad || bad == ALL) {
            throw new DataException("image " + image + " cannot be read");
          }
          Extent extent = extent(image);
          Volume volume = Volume.of(extent);
          int i = 0;
          for (int z = 0; z < extent.n0(); z++) {
            for (int y = 0; y < extent.n1(); y++) {
              for (int x = 0; x < extent.n2(); x++) {
                volume.values()[i++] =
                    (float) (Math.sin((image + 1) * 0.3 * z) + Math.cos(0.4 * (y + image * x)));
              }
            }
          }
          patch.cut(volume, outside.value(volume), into);
        }

        @Override
        public void close() {}
      };
    }
  }

  private static Sampling sampling(int batch, Views views, Outside outside, int replacements) {
    return new Sampling(new BatchOrder(IMAGES, batch, 9), views, PATCH, outside, replacements);
  }

  private static ViewLoader loader(
      int bad, int replacements, long firstStep, int steps, int workers) {
    return new ViewLoader(
        new Waves(bad), sampling(4, VIEWS, Outside.ZERO, replacements), firstStep, steps, workers);
  }

  /** The batches as text, since their arrays are used again. */
  private static List<String> batches(int bad, long firstStep, int steps, int workers) {
    List<String> batches = new ArrayList<>();
    try (ViewLoader loader = loader(bad, 3, firstStep, steps, workers)) {
      while (loader.hasNext()) {
        ViewBatch batch = loader.next();
        StringBuilder text = new StringBuilder(Arrays.toString(batch.images()));
        text.append(batch.replaced());
        batch
            .pairs()
            .forEach(pair ->
                text.append(Arrays.hashCode(pair[0])).append(' ').append(Arrays.hashCode(pair[1])));
        batches.add(text.toString());
        loader.recycle(batch);
      }
    }
    return batches;
  }

  @Test
  void workersAndRestartsChangeNothing() {
    List<String> all = batches(-1, 0, 7, 1);
    assertEquals(7, all.size());
    assertEquals(7, all.stream().distinct().count());
    assertEquals(all, batches(-1, 0, 7, 3));
    assertEquals(all.subList(4, 7), batches(-1, 4, 3, 2));
  }

  @Test
  void everyPairIsOfTheImagesTurn() {
    int[] images = new BatchOrder(IMAGES, 4, 9).batch(0);
    try (ViewLoader loader = loader(-1, 0, 0, 1, 2)) {
      ViewBatch batch = loader.next();
      assertEquals(16, batch.side());
      assertArrayEquals(images, batch.images());
      assertEquals(List.of(), batch.replaced());
      assertArrayEquals(Arrays.stream(images).map(i -> i / 2).toArray(), batch.groups());
      assertEquals(4, batch.pairs().size());
      for (float[][] pair : batch.pairs()) {
        assertEquals(16 * 16 * 16, pair[0].length);
        assertFalse(Arrays.equals(pair[0], pair[1]), "two views");
      }
      assertFalse(loader.hasNext());
    }
  }

  @Test
  void severalPairsOfOneImage() {
    try (ViewLoader loader =
        new ViewLoader(
            new Waves(-1),
            sampling(3, new CropViews(2, 8, 0.5, true), Outside.MINIMUM, 0),
            0,
            1,
            2)) {
      ViewBatch batch = loader.next();
      int[] groups = batch.groups();
      assertEquals(6, groups.length);
      for (int i = 0; i < 6; i += 2) {
        assertEquals(groups[i], groups[i + 1]);
      }
      assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5}, Negatives.ALL.groups(batch));
      assertArrayEquals(groups, Negatives.OTHER_SUBJECTS.groups(batch));
      int[] images = Negatives.OTHER_IMAGES.groups(batch);
      assertArrayEquals(groups, Arrays.stream(images).map(i -> i / 2).toArray());
      assertEquals(3, Arrays.stream(images).distinct().count());
    }
  }

  @Test
  void anImageThatCannotBeRead() {
    try (ViewLoader loader = loader(3, 0, 0, 3, 2)) {
      DataException e = assertThrows(DataException.class, () -> drain(loader));
      assertEquals("image 3 cannot be read", e.getMessage());
    }
  }

  private static List<ViewBatch> drain(ViewLoader loader) {
    List<ViewBatch> batches = new ArrayList<>();
    while (loader.hasNext()) {
      batches.add(loader.next());
    }
    return batches;
  }

  /** The same one for any number of workers; all others are as they would have been. */
  @Test
  void anotherImageStandsForIt() {
    List<String> all = batches(3, 0, 7, 1);
    assertEquals(all, batches(3, 0, 7, 3));
    assertEquals(all.subList(2, 7), batches(3, 2, 5, 2));
    BatchOrder order = new BatchOrder(IMAGES, 4, 9);
    int replaced = 0;
    try (ViewLoader loader = loader(3, 3, 0, 7, 2)) {
      for (int step = 0; step < 7; step++) {
        ViewBatch batch = loader.next();
        int[] wanted = order.batch(step);
        for (int i = 0; i < 4; i++) {
          if (wanted[i] == 3) {
            assertTrue(batch.images()[i] != 3);
            replaced++;
          } else {
            assertEquals(wanted[i], batch.images()[i]);
          }
          assertEquals(batch.images()[i] / 2, batch.groups()[i], "its own group");
        }
        batch
            .replaced()
            .forEach(r -> assertEquals(new ViewBatch.Replaced(3, "image 3 cannot be read"), r));
      }
    }
    assertTrue(replaced >= 4, "of 28 images, one of six is bad: " + replaced);
  }

  @Test
  void replacementsAreBounded() {
    try (ViewLoader loader = loader(ALL, 3, 0, 1, 1)) {
      String message = assertThrows(DataException.class, () -> drain(loader)).getMessage();
      assertTrue(
          message.matches(
              "4 images one after the other cannot be used, the last: image \\d cannot be read"),
          message);
    }
  }

  /** From chance to better: the whole way from images to weights. */
  @Test
  void aNetworkLearns() {
    SimClr.Config small =
        new SimClr.Config(
            new ResidualEncoder.Config(1, List.of(4, 8, 12), List.of(1, 1, 1), Precision.FP32),
            16,
            16);
    List<Double> losses = new ArrayList<>();
    try (Device device = Device.open("cpu");
        SimClr network = new SimClr(small)) {
      network.place(device, Philox.of(1, "weights"));
      try (Adam adam = new Adam(network.parameters(), Adam.Config.adam(0.9, 0.999));
          ViewLoader loader = loader(-1, 0, 0, 40, 1)) {
        while (loader.hasNext()) {
          ViewBatch batch = loader.next();
          try (Gradients gradients = new Gradients()) {
            ContrastiveStep step =
                new ContrastiveStep(network, NtXent.DEFAULT, Recompute.NEVER, 3, 1);
            losses.add(step.run(batch.on(device, Negatives.ALL), gradients).loss());
            adam.step(gradients, 2e-3);
          }
          loader.recycle(batch);
        }
      }
    }
    double before = losses.subList(0, 8).stream().mapToDouble(x -> x).average().orElseThrow();
    double after = losses.subList(32, 40).stream().mapToDouble(x -> x).average().orElseThrow();
    assertTrue(after < 0.9 * before, before + " to " + after);
  }
}
