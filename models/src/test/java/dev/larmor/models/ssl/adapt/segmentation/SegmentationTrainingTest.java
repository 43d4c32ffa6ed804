package dev.larmor.models.ssl.adapt.segmentation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Schedule;
import dev.larmor.autograd.Sgd;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.fit.Fit;
import dev.larmor.models.fit.FitListener;
import dev.larmor.models.fit.FitSettings;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.resenc.ResidualUnet;
import dev.larmor.models.simclr.view.Box;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Span;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Case;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Planted;
import dev.larmor.models.ssl.adapt.segmentation.dataset.SegmentationDataset;
import dev.larmor.models.ssl.adapt.segmentation.score.CaseScore;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tiny network learns planted shapes; stopped runs go on to the same bits. */
final class SegmentationTrainingTest {
  private static final String DEVICE = System.getProperty("larmor.device", "cpu");
  private static final BooleanSupplier NEVER = () -> false;
  private static final int EPOCHS = 4;

  @TempDir private static Path folder;
  private static SegmentationDataset dataset;
  private static Segmenter segmenter;
  private static PreparedCases prepared;

  @BeforeAll
  static void prepare() throws IOException {
    dataset = SegmentationDataset.read(Planted.write(folder.resolve("data"), 4));
    Preparation preparation =
        Preparation.of(SpacingMode.fixed, dataset.training(), List.of(1.5, 1.5, 2.0), null, 2);
    segmenter =
        new Segmenter(
            dataset.channels(),
            dataset.labels().names(),
            dataset.ending(),
            preparation.axes().axes(),
            preparation.spacing().orElseThrow(),
            List.of(16, 16, 16),
            List.of(6, 12),
            List.of(1, 1),
            "fp32");
    prepared = new PreparedCases(folder.resolve("prepared"), preparation, dataset.labels());
    assertTrue(prepared.prepare(dataset.training(), new Workers(2), () -> {}, NEVER));
  }

  private static FoldTraining training(String name, Device device, int steps, int workers) {
    return training(name, device, steps, workers, 0.02, Optional.empty());
  }

  private static FoldTraining training(
      String name, Device device, int steps, int workers, double rate, Optional<Path> pretrained) {
    TrainingSettings settings =
        new TrainingSettings(EPOCHS, 2, 0.33, true, false, false, 2, workers, pretrained, 1);
    FitSettings fit =
        new FitSettings(
            EPOCHS,
            steps,
            new Schedule.WarmupPolynomial(rate, 1, EPOCHS, 0.9),
            new Sgd.Config(0.9, true, 3e-5),
            12,
            Precision.FP32,
            0,
            0,
            Optional.of(new FitSettings.Best(FoldTraining.HELD_OUT_DICE, true)));
    return new FoldTraining(
        segmenter, prepared, settings, fit, Optional.empty(), folder.resolve(name), device);
  }

  private static boolean train(FoldTraining training, boolean resume, BooleanSupplier stop) {
    return training.train(
        dataset.training().subList(0, 3),
        dataset.training().subList(3, 4),
        resume,
        _ -> new FitListener() {},
        stop);
  }

  @Test
  void learnsPlantedShapes() {
    try (Device device = Device.open(DEVICE)) {
      FoldTraining training = training("learnt", device, 40, 2);
      assertTrue(train(training, false, NEVER));
      SlidingWindow window = new SlidingWindow(segmenter.extent(), 0.5, false);
      List<Case> heldOut = dataset.training().subList(3, 4);
      CaseScore score =
          training
              .validate(heldOut, window, Optional.empty(), () -> {}, NEVER)
              .orElseThrow()
              .getFirst();
      score.classes().forEach(c -> assertTrue(c.dice() > 0.8, score.toString()));
      Image3d image = heldOut.getFirst().image();
      Image3d found = ImageFile.read(score.segmentation());
      assertArrayEquals(image.shape(), found.shape());
      assertArrayEquals(image.spacing(), found.spacing());
      assertEquals(image.place(), found.place());
      assertTrue(Files.exists(Fit.best(training.folder())));
      // The checkpoint alone tells what it is of.
      assertEquals(segmenter, Segmenter.of(Fit.last(training.folder())));
    }
  }

  private static List<float[]> weights(Path checkpoint) {
    try (Device device = Device.open(DEVICE);
        ResidualUnet network = segmenter.load(checkpoint, device)) {
      List<float[]> weights = new ArrayList<>();
      for (Parameter parameter : network.parameters()) {
        weights.add(parameter.value().toFloats());
      }
      return weights;
    }
  }

  /** Stopped after a step in the second epoch, and in the middle of looking at held-out cases. */
  @Test
  void aStoppedRunGoesOnToTheSameBits() {
    try (Device device = Device.open(DEVICE)) {
      FoldTraining whole = training("whole", device, 3, 1);
      assertTrue(train(whole, false, NEVER));
      FoldTraining parts = training("parts", device, 3, 3);
      int[] asked = {0};
      assertFalse(train(parts, false, () -> ++asked[0] == 5));
      assertFalse(train(parts, true, () -> ++asked[0] == 8), "while validating");
      assertTrue(train(parts, true, NEVER));
      List<float[]> expected = weights(Fit.last(whole.folder()));
      List<float[]> actual = weights(Fit.last(parts.folder()));
      for (int i = 0; i < expected.size(); i++) {
        assertArrayEquals(expected.get(i), actual.get(i));
      }
      TrainingSettings s = parts.settings();
      FoldTraining other =
          new FoldTraining(
              segmenter,
              prepared,
              new TrainingSettings(EPOCHS, 2, 0.5, true, false, false, 2, 1, s.pretrained(), 1),
              parts.fit(),
              Optional.empty(),
              parts.folder(),
              device);
      assertThrows(DataException.class, () -> train(other, true, NEVER));
    }
  }

  /**
   * First the decoder alone, stopped in the middle of it and once more in the middle of the rest.
   */
  @Test
  void theEncoderWaitsForTheDecoder() {
    try (Device device = Device.open(DEVICE)) {
      FoldTraining plain = training("first-values", device, 3, 1, 0, Optional.empty());
      assertTrue(train(plain, false, NEVER));
      FoldTraining whole = decoderFirst(training("decoder-first", device, 3, 1));
      assertTrue(train(whole, false, NEVER));
      FoldTraining parts = decoderFirst(training("decoder-first-parts", device, 3, 1));
      int[] asked = {0};
      assertFalse(train(parts, false, () -> ++asked[0] == 1), "the decoder alone");
      assertFalse(train(parts, true, () -> ++asked[0] == 5), "all of it");
      assertTrue(train(parts, true, NEVER));
      List<float[]> expected = weights(Fit.last(whole.folder()));
      List<float[]> actual = weights(Fit.last(parts.folder()));
      try (ResidualUnet first = segmenter.load(Fit.last(plain.folder()), device);
          ResidualUnet decoder =
              segmenter.load(Fit.last(whole.folder().resolve("decoder")), device)) {
        for (int i = 0; i < expected.size(); i++) {
          assertArrayEquals(expected.get(i), actual.get(i));
          String name = first.parameters().get(i).name();
          float[] start = first.parameters().get(i).value().toFloats();
          float[] then = decoder.parameters().get(i).value().toFloats();
          assertEquals(name.startsWith("encoder."), Arrays.equals(start, then), name);
          assertFalse(Arrays.equals(start, expected.get(i)), name);
        }
      }
    }
  }

  /** The same with a training of the decoder alone before, as short. */
  private static FoldTraining decoderFirst(FoldTraining plain) {
    return new FoldTraining(
        plain.segmenter(),
        plain.prepared(),
        plain.settings(),
        plain.fit(),
        Optional.of(plain.fit()),
        plain.folder(),
        plain.device());
  }

  /** At a learning rate of zero the encoder stays what it was pre-trained to be. */
  @Test
  void startsFromAPretrainedEncoder() {
    Path file = folder.resolve("encoder.safetensors");
    try (Device device = Device.open(DEVICE);
        ResidualUnet before =
            new ResidualUnet(
                new ResidualEncoder.Config(1, List.of(6, 12), List.of(1, 1), Precision.FP32), 5)) {
      before.place(device, Philox.of(99, "weights"));
      new ModelState("an encoder", before, null).save(file, Map.of());
      FoldTraining training = training("pretrained", device, 1, 1, 0, Optional.of(file));
      assertTrue(train(training, false, NEVER));
      try (ResidualUnet after = segmenter.load(Fit.last(training.folder()), device)) {
        int same = 0;
        for (Parameter parameter : after.parameters()) {
          for (Parameter old : before.parameters()) {
            if (parameter.name().startsWith("encoder.")
                && parameter.name().equals(old.name())
                && parameter.spec().equals(old.spec())) {
              assertArrayEquals(old.value().toFloats(), parameter.value().toFloats());
              same++;
            }
          }
        }
        assertTrue(same > 20, "all of the encoder but the first kernel");
      }
    }
  }

  @Test
  void preparedCasesAreKept() throws IOException {
    Path file = prepared.file(dataset.training().getFirst());
    var made = Files.getLastModifiedTime(file);
    assertTrue(prepared.prepare(dataset.training(), Workers.ONE, () -> {}, NEVER));
    assertEquals(made, Files.getLastModifiedTime(file));
    Preparation another = Preparation.of(SpacingMode.fixed, List.of(), null, null, 2);
    PreparedCases otherwise = new PreparedCases(prepared.folder(), another, dataset.labels());
    assertThrows(
        DataException.class,
        () -> otherwise.prepare(dataset.training(), Workers.ONE, () -> {}, NEVER));
  }

  /** A third of the samples are around a class; samples hang on their number alone. */
  @Test
  void patchesAreForcedAndRepeat() {
    List<Path> files = dataset.training().stream().map(prepared::file).toList();
    Extent size = new Extent(4, 4, 4);
    Patches plain = Patches.of(files, 3, size, 1.0 / 3, false, 5);
    int empty = 0;
    for (long number = 0; number < 60; number++) {
      boolean found = false;
      for (byte label : plain.sample(number).labels()) {
        found |= label > 0;
      }
      assertTrue(found || number % 3 < 2, "sample " + number);
      empty += found ? 0 : 1;
    }
    // The other forty lie anywhere: most patches of 4³ hold neither ball nor box.
    assertTrue(empty > 20, empty + " samples of background alone");
    Patches changed = Patches.of(files, 3, size, 0, true, 5);
    for (long number = 0; number < 20; number++) {
      assertArrayEquals(changed.sample(number).image(), changed.sample(number).image());
    }
    assertNotEquals(changed.sample(1).image()[5], changed.sample(2).image()[5]);
  }

  /** A change that changes nothing, and a quarter turn. */
  @Test
  void spatialChangesMoveImageAndLabelsAlike() {
    Box patch = new Box(new Span(5, 3), new Span(-2, 4), new Span(7, 4));
    for (double[][] matrix :
        List.of(
            new double[][] {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
            new double[][] {{1, 0, 0}, {0, 0, -1}, {0, 1, 0}})) {
      SpatialChange change = new SpatialChange(matrix);
      Box source = change.source(patch);
      Extent from = source.extent();
      float[] image = new float[from.voxels()];
      byte[] labels = new byte[from.voxels()];
      for (int i = 0; i < image.length; i++) {
        labels[i] = (byte) (i % 100);
        image[i] = labels[i];
      }
      float[] values = new float[patch.extent().voxels()];
      byte[] there = new byte[values.length];
      change.apply(patch, source, image, labels, 1, values, there);
      int at = 0;
      for (int i0 = 0; i0 < 3; i0++) {
        for (int i1 = 0; i1 < 4; i1++) {
          for (int i2 = 0; i2 < 4; i2++, at++) {
            int y = matrix[1][1] == 1 ? i1 : 3 - i2;
            int x = matrix[1][1] == 1 ? i2 : i1;
            int index =
                ((5 + i0 - source.axis0().start()) * from.n1() - 2 + y - source.axis1().start())
                        * from.n2()
                    + 7
                    + x
                    - source.axis2().start();
            assertEquals(labels[index], values[at], 1e-3);
            assertEquals(labels[index], there[at]);
          }
        }
      }
    }
  }

  /** A spacing of its own for each image, the median, that of a plan, 1 mm. */
  @Test
  void spacings() throws IOException {
    List<Case> cases = dataset.training();
    assertEquals(
        List.of(2.0, 1.5, 1.0),
        Preparation.of(SpacingMode.default_nnunet, cases, null, null, 2).spacing().orElseThrow());
    assertTrue(Preparation.of(SpacingMode.no_resample, cases, null, null, 2).spacing().isEmpty());
    assertEquals(
        List.of(3.0, 1.0, 2.0),
        Preparation.of(SpacingMode.fixed, cases, List.of(1.0, 3.0, 2.0), null, 2)
            .spacing()
            .orElseThrow());
    Path checkpoint = folder.resolve("run/fold_all/checkpoint_final.pth");
    Files.createDirectories(checkpoint.getParent());
    assertEquals(
        List.of(1.0, 1.0, 1.0),
        Preparation.of(SpacingMode.like_pretrained, cases, null, checkpoint, 2)
            .spacing()
            .orElseThrow());
    Files.writeString(
        folder.resolve("run/adaptation_plan.json"),
        "{\"pretrain_plan\": {\"configurations\": {\"median\": {\"spacing\": [1.2, 0.8, 0.9]}}}}");
    assertEquals(
        List.of(1.2, 0.8, 0.9),
        Preparation.of(SpacingMode.like_pretrained, cases, null, checkpoint, 2)
            .spacing()
            .orElseThrow());
  }
}
