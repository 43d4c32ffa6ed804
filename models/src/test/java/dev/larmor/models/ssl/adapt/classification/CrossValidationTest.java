package dev.larmor.models.ssl.adapt.classification;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Parameter;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Tensor;
import dev.larmor.models.checkpoint.SafetensorsReader;
import dev.larmor.models.data.DataException;
import dev.larmor.models.fit.Fit;
import dev.larmor.models.fit.FitListener;
import dev.larmor.models.fit.Task;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training on planted cases. */
final class CrossValidationTest {
  private static final ResidualEncoder.Config TINY =
      new ResidualEncoder.Config(1, List.of(4, 8, 16), List.of(1, 1, 1), Precision.FP32);
  private static final FitListener QUIET = new FitListener() {};

  @TempDir private static Path data;
  @TempDir private Path out;

  private static Device device;
  private static LabelledCases cases;
  private static PreparedCases prepared;

  @BeforeAll
  static void open() {
    device = Device.open(System.getProperty("larmor.device", "cpu"));
    cases = LabelledCases.of(CaseTable.read(PlantedCases.write(data, 24)));
    prepared =
        new PreparedCases(
            data.resolve("prepared"), new Preparation(PlantedCases.SIDE), cases.table().cases());
    assertTrue(prepared.prepare(new Workers(2), () -> {}, () -> false));
  }

  @AfterAll
  static void close() {
    device.close();
  }

  private static ClassificationSettings settings(
      Tuning tuning, int epochs, int warmup, Optional<Path> pretrained) {
    return settings(TINY, tuning, epochs, warmup, pretrained);
  }

  private static ClassificationSettings settings(
      ResidualEncoder.Config encoder,
      Tuning tuning,
      int epochs,
      int warmup,
      Optional<Path> pretrained) {
    return new ClassificationSettings(
        encoder,
        pretrained,
        PlantedCases.SIDE,
        0.2,
        tuning,
        epochs,
        warmup,
        1e-2,
        1e-2,
        2,
        3,
        0.1,
        true,
        new Augmentation(List.of(0, 1, 2), true),
        false,
        11);
  }

  private static CrossValidation validation(ClassificationSettings settings, Path out) {
    return new CrossValidation(cases, Folds.of(cases, 3, 1), prepared, settings, out);
  }

  private static Map<String, float[]> weights(Path checkpoint) {
    Map<String, float[]> weights = new TreeMap<>();
    try (SafetensorsReader reader = SafetensorsReader.open(checkpoint)) {
      for (String name : reader.names()) {
        weights.put(name, reader.bytes(name).toArray(ValueLayout.JAVA_FLOAT));
      }
    }
    return weights;
  }

  private static void assertSame(Path a, Path b) {
    Map<String, float[]> one = weights(a);
    Map<String, float[]> other = weights(b);
    assertEquals(one.keySet(), other.keySet());
    one.forEach((name, values) -> assertArrayEquals(values, other.get(name), name));
  }

  /** And is used: predictions of two folds together. */
  @Test
  void learnsWhatWasPlanted() throws IOException {
    CrossValidation validation = validation(settings(Tuning.FULL, 12, 2, Optional.empty()), out);
    for (int fold = 0; fold < 2; fold++) {
      assertTrue(validation.train(device, fold, 2, before -> QUIET, () -> false));
    }
    ClassificationReport report = validation.report();
    for (FoldResult result : report.results()) {
      assertTrue(result.scores().auroc() > 0.9, report.lines().toString());
    }
    report.write(out, true);
    List<String> table = Files.readAllLines(out.resolve("folds.csv"));
    assertEquals(
        "fold,cases,heldout_loss,f1,balanced_accuracy,average_precision,auroc", table.getFirst());
    assertEquals(5, table.size());
    assertTrue(Files.readString(out.resolve("report.html")).contains("<polyline"));

    Path predictions = out.resolve("p.csv");
    List<Path> checkpoints = ClassPrediction.checkpoints(out);
    assertEquals(2, checkpoints.size());
    int[] asked = {0};
    try (ClassPrediction prediction = new ClassPrediction(device, checkpoints)) {
      assertFalse(prediction.run(cases.table(), predictions, 2, () -> {}, () -> ++asked[0] > 10));
      assertFalse(Files.exists(predictions));
      asked[0] = 0;
      assertTrue(
          prediction.run(
              cases.table(),
              predictions,
              1,
              () -> {},
              () -> {
                asked[0]++;
                return false;
              }));
      assertEquals(14, asked[0], "ten of 24 were done");
      Path again = out.resolve("again.csv");
      assertTrue(prediction.run(cases.table(), again, 2, () -> {}, () -> false));
      assertEquals(Files.readString(again), Files.readString(predictions));
    }
    List<PredictionTable.Row> rows = new PredictionTable(cases.classes()).read(predictions);
    int right = 0;
    for (PredictionTable.Row row : rows) {
      assertEquals(1, row.probabilities()[0] + row.probabilities()[1], 1e-12);
      right +=
          cases.classes().get(Scores.predicted(row.probabilities())).equals(row.label()) ? 1 : 0;
    }
    assertTrue(right >= 22, right + " of 24");
  }

  /** Stopped in the middle of an epoch, with other workers: the same bits. */
  @Test
  void goesOnToTheSameBits() throws IOException {
    ClassificationSettings settings = settings(Tuning.FULL, 3, 1, Optional.empty());
    CrossValidation straight = validation(settings, out.resolve("a"));
    assertTrue(straight.train(device, 0, 1, before -> QUIET, () -> false));
    CrossValidation broken = validation(settings, out.resolve("b"));
    for (int stops = 1; ; stops++) {
      int[] asked = {0};
      int patience = 4 * stops - 3; // in the middle of epochs, and while measuring
      if (broken.train(device, 0, 3, before -> QUIET, () -> ++asked[0] > patience)) {
        assertTrue(stops > 2, "was stopped");
        break;
      }
      assertTrue(stops < 20);
    }
    assertSame(Fit.last(straight.folder(0)), Fit.last(broken.folder(0)));
    assertEquals(
        Files.readString(straight.folder(0).resolve("predictions.csv")),
        Files.readString(broken.folder(0).resolve("predictions.csv")));
    CrossValidation other =
        validation(settings(Tuning.FULL, 4, 1, Optional.empty()), out.resolve("b"));
    assertThrows(
        DataException.class, () -> other.train(device, 0, 1, before -> QUIET, () -> false));
    other.discard(0);
    assertFalse(Files.exists(other.folder(0)));
  }

  /** The encoder as it came, and nothing of it in the optimiser or the gradients. */
  @Test
  void theLastLayerAlone() {
    CrossValidation source =
        validation(settings(Tuning.FULL, 2, 1, Optional.empty()), out.resolve("source"));
    assertTrue(source.train(device, 0, 1, before -> QUIET, () -> false));
    Path pretrained = Fit.last(source.folder(0));
    CrossValidation validation =
        validation(settings(Tuning.LINEAR, 2, 1, Optional.of(pretrained)), out.resolve("linear"));
    assertTrue(validation.train(device, 0, 1, before -> QUIET, () -> false));
    Map<String, float[]> before = weights(pretrained);
    Map<String, float[]> after = weights(Fit.last(validation.folder(0)));
    int same = 0;
    for (String name : after.keySet()) {
      if (name.startsWith("encoder.")) {
        assertArrayEquals(before.get(name), after.get(name), name);
        same++;
      }
      assertFalse(name.startsWith("optimizer.encoder."), name);
    }
    assertTrue(same > 10);
  }

  /** Each case twice, as two channels, by an encoder that knew one. */
  @Test
  void moreChannelsThanTheEncoderKnew() {
    CrossValidation source =
        validation(settings(Tuning.FULL, 2, 1, Optional.empty()), out.resolve("source"));
    assertTrue(source.train(device, 0, 1, before -> QUIET, () -> false));
    Path pretrained = Fit.last(source.folder(0));
    List<Case> twice =
        cases.table().cases().stream()
            .map(one ->
                new Case(
                    one.name(),
                    List.of(one.images().getFirst(), one.images().getFirst()),
                    one.mask(),
                    one.subject(),
                    one.label()))
            .toList();
    LabelledCases both = LabelledCases.of(new CaseTable(cases.table().file(), 2, twice));
    PreparedCases stored =
        new PreparedCases(
            out.resolve("prepared"), new Preparation(PlantedCases.SIDE), both.table().cases());
    assertTrue(stored.prepare(new Workers(2), () -> {}, () -> false));
    ResidualEncoder.Config wide =
        new ResidualEncoder.Config(2, TINY.features(), TINY.blocks(), TINY.precision());
    ClassificationSettings settings = settings(wide, Tuning.LINEAR, 2, 1, Optional.of(pretrained));
    CrossValidation validation =
        new CrossValidation(both, Folds.of(both, 3, 1), stored, settings, out.resolve("wide"));
    assertTrue(validation.train(device, 0, 1, before -> QUIET, () -> false));
    String stem = "encoder.stem.convs.0.conv.weight";
    float[] one = weights(pretrained).get(stem);
    float[] two = weights(Fit.last(validation.folder(0))).get(stem);
    assertEquals(2 * one.length, two.length);
    assertEquals(one[5] / 2, two[27 + 5]);
    Path predictions = out.resolve("p.csv");
    try (ClassPrediction prediction =
        new ClassPrediction(device, List.of(Fit.last(validation.folder(0))))) {
      assertTrue(prediction.run(both.table(), predictions, 1, () -> {}, () -> false));
      assertEquals(
          cases.table().file() + ": 1 columns of images, the classifier wants 2",
          assertThrows(
                  DataException.class,
                  () -> prediction.run(cases.table(), predictions, 1, () -> {}, () -> false))
              .getMessage());
    }
    assertThrows(
        DataException.class,
        () -> new ClassPrediction(device, List.of(pretrained, Fit.last(validation.folder(0)))));
  }

  @Test
  void frozenLayersKeepNothing() {
    ClassificationSettings settings = settings(Tuning.LINEAR, 2, 1, Optional.empty());
    long[] peaks = new long[2];
    for (int frozen = 0; frozen < 2; frozen++) {
      ClassifierConfig config = new ClassifierConfig(TINY, cases.classes(), 0.2, PlantedCases.SIDE);
      try (Classifier classifier = new Classifier(device, config, 1)) {
        if (frozen == 1) {
          classifier.freezeEncoder();
        }
        int[] training = Folds.of(cases, 3, 1).training(0);
        ClassificationTask task =
            new ClassificationTask(classifier, settings, cases, prepared, training, training, 1);
        List<String> given = new ArrayList<>();
        long live = device.ledger().live();
        long[] most = {0};
        try (Task.Steps steps = task.steps(0, 1)) {
          steps.next(
              1,
              (Parameter parameter, Tensor gradient) -> {
                given.add(parameter.name());
                most[0] = Math.max(most[0], device.ledger().live() - live);
              });
        }
        peaks[frozen] = most[0];
        assertEquals(frozen == 1, given.stream().noneMatch(name -> name.startsWith("encoder.")));
        assertTrue(given.contains("head.weight"));
      }
    }
    assertTrue(peaks[1] < peaks[0] / 4, peaks[1] + " bytes kept, " + peaks[0] + " unfrozen");
  }

  @Test
  void sawtooth() {
    CrossValidation validation = validation(settings(Tuning.SAWTOOTH, 4, 1, Optional.empty()), out);
    List<Integer> parts = new ArrayList<>();
    assertTrue(
        validation.train(
            device,
            0,
            1,
            before -> {
              parts.add(before);
              return QUIET;
            },
            () -> false));
    assertEquals(List.of(0, 2), parts);
    Map<String, float[]> head = weights(Fit.last(validation.folder(0).resolve("head")));
    Map<String, float[]> all = weights(Fit.last(validation.folder(0)));
    String stem = "encoder.stem.convs.0.conv.weight";
    assertFalse(Arrays.equals(head.get(stem), all.get(stem)));
    try (Classifier fresh =
        new Classifier(
            device, new ClassifierConfig(TINY, cases.classes(), 0.2, PlantedCases.SIDE), 11)) {
      Parameter first = fresh.network().parameters().getFirst();
      assertEquals(stem, first.name());
      assertArrayEquals(first.value().toFloats(), head.get(stem));
    }
  }

  @Test
  void augmentation() {
    float[] one = prepared.read(0);
    float[] two = new float[2 * one.length];
    System.arraycopy(one, 0, two, 0, one.length);
    System.arraycopy(one, 0, two, one.length, one.length);
    Augmentation mirrors = new Augmentation(List.of(2, 0, 0), false);
    boolean changed = false;
    for (int sample = 0; sample < 8; sample++) {
      float[] a = two.clone();
      mirrors.apply(a, PlantedCases.SIDE, Philox.of(1, "augmentation").with(sample));
      for (int i = 0; i < one.length; i++) {
        assertEquals(a[i], a[one.length + i], "channels go together");
        changed |= a[i] != one[i];
      }
      float[] b = one.clone();
      Augmentation.NONE.apply(b, PlantedCases.SIDE, Philox.of(1, "augmentation").with(sample));
      assertArrayEquals(one, b);
    }
    assertTrue(changed);
    assertThrows(IllegalArgumentException.class, () -> new Augmentation(List.of(3), true));
  }
}
