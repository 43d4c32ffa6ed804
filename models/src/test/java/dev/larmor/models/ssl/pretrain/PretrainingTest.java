package dev.larmor.models.ssl.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Schedule;
import dev.larmor.engine.Collective;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.ThreadRanks;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.data.DataException;
import dev.larmor.models.fit.EpochSummary;
import dev.larmor.models.fit.Fit;
import dev.larmor.models.fit.FitListener;
import dev.larmor.models.fit.FitSettings;
import dev.larmor.models.fit.Task;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.simclr.Negatives;
import dev.larmor.models.simclr.NtXent;
import dev.larmor.models.simclr.SimClr;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Outside;
import dev.larmor.models.simclr.view.StretchedViews;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pre-training of a tiny network: exact, whatever happens to it. */
final class PretrainingTest {
  private static final SimClr.Config SMALL =
      new SimClr.Config(
          new ResidualEncoder.Config(1, List.of(4, 8, 12), List.of(1, 1, 1), Precision.FP32),
          16,
          16);

  private static final Pretraining.Settings SETTINGS = settings(Negatives.OTHER_IMAGES);

  private static Pretraining.Settings settings(Negatives negatives) {
    return new Pretraining.Settings(
        4,
        new StretchedViews(16, 12, false, 0, true),
        new Extent(20, 18, 16),
        Outside.ZERO,
        10,
        negatives,
        NtXent.DEFAULT,
        9);
  }

  @TempDir private Path root;
  private TinyDataset dataset;

  @BeforeEach
  void data() {
    dataset = new TinyDataset(root.resolve("preprocessed"), 24, 16, 20, 30, 22, 18, 26, 16);
  }

  private static FitSettings course(int epochs, int steps, double rate, int interval) {
    return new FitSettings(
        epochs,
        steps,
        new Schedule.Cosine(rate, 0, epochs),
        Adam.Config.adam(0.9, 0.999),
        0.1,
        Precision.FP32,
        interval,
        0,
        Optional.of(new FitSettings.Best(Pretraining.HELD_OUT_LOSS, false)));
  }

  /** One session of a run. */
  private final class Session {
    final List<EpochSummary> epochs = new ArrayList<>();
    final List<String> problems = new ArrayList<>();
    int workers = 1;
    int chunk = 3;
    int trained = 3; // subjects; the others are held out
    Pretraining.Settings settings = SETTINGS;
    Collective ranks = Collective.single();

    /** Runs, from the beginning or where the folder's run was, for so many steps at most. */
    Fit.End run(Path folder, FitSettings course, int most) {
      PreprocessedImages all = dataset.open();
      int[] left = {most};
      FitListener listener =
          new FitListener() {
            @Override
            public void step(int epoch, int step, Map<String, Double> figures) {
              left[0]--;
            }

            @Override
            public void done(EpochSummary summary, boolean best) {
              epochs.add(summary);
            }
          };
      try (Device device = Device.open("cpu");
          SimClr network = new SimClr(SMALL)) {
        network.place(device, Philox.of(1, "init"));
        Pretraining task =
            new Pretraining(
                device,
                network,
                SMALL,
                all.ofSubjects(all.subjects().subList(0, trained)),
                Optional.of(all.ofSubjects(all.subjects().subList(trained, 4))),
                settings,
                new Pretraining.Execution(chunk, Recompute.NEVER, workers, ranks, 1),
                problems::add);
        try (Fit fit = new Fit(task, course, ranks, folder, listener)) {
          fit.resume();
          return fit.run(() -> left[0] <= 0);
        }
      }
    }
  }

  private static byte[] weights(Path folder) throws IOException {
    return Files.readAllBytes(Fit.last(folder));
  }

  /** The tensors of a checkpoint, without the times in its metadata. */
  private static byte[] tensors(Path folder) throws IOException {
    byte[] file = weights(folder);
    int header = 0;
    for (int i = 7; i >= 0; i--) {
      header = header << 8 | file[i] & 0xFF;
    }
    return Arrays.copyOfRange(file, 8 + header, file.length);
  }

  /** Interrupted in mid-epoch, between epochs and during a measurement; one worker or three. */
  @Test
  void interruptionsAndWorkersChangeNothing() throws IOException {
    FitSettings course = course(3, 3, 1e-3, 0);
    Path straight = root.resolve("straight");
    assertEquals(Fit.End.COMPLETED, new Session().run(straight, course, 99));
    Path interrupted = root.resolve("interrupted");
    for (int steps : new int[] {2, 1, 4, 99}) {
      Session session = new Session();
      session.workers = steps == 4 ? 1 : 3;
      Fit.End end = session.run(interrupted, course, steps);
      assertEquals(steps == 99 ? Fit.End.COMPLETED : Fit.End.STOPPED, end);
    }
    assertArrayEquals(tensors(straight), tensors(interrupted));
    assertEquals(
        Files.readString(straight.resolve("epochs.csv")),
        Files.readString(interrupted.resolve("epochs.csv")));
    assertEquals(
        Files.readString(straight.resolve("steps.csv")),
        Files.readString(interrupted.resolve("steps.csv")));
    Map<String, String> metadata = ModelState.metadata(Fit.last(straight));
    assertEquals(
        "{\"channels\":1,\"features\":[4,8,12],\"blocks\":[1,1,1]}", metadata.get("encoder"));
    assertEquals("16", metadata.get("hidden"));
    assertEquals("16", metadata.get("embedding"));
    assertEquals(
        "{\"plan\":\"nnsslPlans\",\"configuration_name\":\"onemmiso\",\"fold\":\"all\",\"device\":\"cpu\","
            + "\"patch_size\":[20,18,16],\"crop_size\":[16,16,16],\"num_crops_per_image\":1}",
        metadata.get("init_args"));
  }

  /** A run of so many ranks, which goes on where the folder's run was, for so many steps. */
  private Fit.End shared(int size, Path folder, FitSettings course, int most) {
    return shared(size, folder, course, most, Negatives.OTHER_IMAGES);
  }

  private Fit.End shared(int size, Path folder, FitSettings course, int most, Negatives negatives) {
    return ThreadRanks.run(
            size,
            ranks -> {
              Session session = new Session();
              session.trained = 2;
              session.ranks = ranks;
              session.settings = settings(negatives);
              session.chunk = 1 + ranks.rank(); // some repeat their forward pass, others keep it
              // Rank 0 alone hears of steps: the others stop because it does.
              return session.run(folder, course, ranks.leads() ? most : 999);
            })
        .getLast();
  }

  private static double[] numbers(Path csv) throws IOException {
    return Files.readAllLines(csv).stream()
        .skip(1)
        .flatMap(row -> Arrays.stream(row.split(",")))
        .mapToDouble(Double::parseDouble)
        .toArray();
  }

  private static void assertClose(Path expected, Path actual) throws IOException {
    for (String table : List.of("steps.csv", "epochs.csv")) {
      double[] one = numbers(expected.resolve(table));
      double[] other = numbers(actual.resolve(table));
      assertEquals(one.length, other.length);
      for (int i = 0; i < one.length; i++) {
        assertEquals(one[i], other[i], 1e-6 * Math.abs(one[i]), actual + " " + table + " " + i);
      }
    }
  }

  /** However many ranks share the batch of 4, the run is the same; as many give the same bits. */
  @Test
  void ranksShareARun() throws IOException {
    FitSettings course = course(2, 3, 1e-3, 0);
    Path one = root.resolve("1");
    shared(1, one, course, 999);
    for (int size : new int[] {2, 3, 4}) {
      Path folder = root.resolve("" + size);
      assertEquals(Fit.End.COMPLETED, shared(size, folder, course, 999));
      assertClose(one, folder);
    }
    for (Negatives negatives : List.of(Negatives.ALL, Negatives.OTHER_SUBJECTS)) {
      Path alone = root.resolve("1 " + negatives);
      shared(1, alone, course, 999, negatives);
      Path together = root.resolve("3 " + negatives);
      shared(3, together, course, 999, negatives);
      assertClose(alone, together);
    }
    Path again = root.resolve("again");
    assertEquals(Fit.End.STOPPED, shared(3, again, course, 2));
    assertEquals(Fit.End.COMPLETED, shared(3, again, course, 999));
    assertArrayEquals(tensors(root.resolve("3")), tensors(again));
    Path other = root.resolve("other");
    assertEquals(Fit.End.STOPPED, shared(2, other, course, 2));
    assertEquals(Fit.End.COMPLETED, shared(4, other, course, 999));
    assertClose(one, other);
  }

  @Test
  void aBatchThatIsSmallerThanTheRanks() {
    assertEquals(
        "a batch of 4 images cannot be shared by 5 ranks",
        assertThrows(
                IllegalArgumentException.class,
                () -> shared(5, root.resolve("5"), course(1, 1, 1e-3, 0), 999))
            .getMessage());
  }

  @Test
  void theLossFalls() {
    Session session = new Session();
    session.run(root.resolve("run"), course(6, 8, 3e-3, 0), 999);
    double chance = Math.log(2 * 4 - 1);
    double before = session.epochs.getFirst().means().get(Task.LOSS);
    double after = session.epochs.getLast().means().get(Task.LOSS);
    assertTrue(after < 0.85 * chance && after < before, before + " to " + after);
    assertTrue(session.epochs.getLast().means().get("accuracy") > 0.3);
    assertEquals(
        List.of("held_out_loss", "held_out_accuracy"),
        List.copyOf(session.epochs.getLast().measured().keySet()));
    assertEquals(List.of(), session.problems);
    assertTrue(Files.exists(Fit.best(root.resolve("run"))));
  }

  /**
   * Of one a voxel is not finite, one is missing, one cut short: told once each, and the run is the
   * same.
   */
  @Test
  void imagesThatCannotBeUsed() throws IOException {
    float[] values = new float[16 * 16 * 16];
    Arrays.fill(values, Float.NEGATIVE_INFINITY);
    dataset.write(1, values, 16);
    Files.delete(dataset.file(4));
    byte[] file = Files.readAllBytes(dataset.file(3));
    Files.write(dataset.file(3), Arrays.copyOf(file, file.length / 2));
    FitSettings course = course(2, 4, 1e-3, 0);
    Session one = new Session();
    one.run(root.resolve("one"), course, 99);
    Session three = new Session();
    three.workers = 3;
    three.run(root.resolve("three"), course, 99);
    assertArrayEquals(tensors(root.resolve("one")), tensors(root.resolve("three")));
    assertEquals(one.problems, three.problems);
    List<String> sorted = one.problems.stream().sorted().collect(Collectors.toList());
    String shortened = sorted.remove(1);
    assertTrue(
        shortened.startsWith(dataset.images.get(3).id() + " is left out: " + dataset.file(3)),
        shortened);
    assertEquals(
        List.of(
            "%s is left out: %s: has a voxel that is -Infinity"
                .formatted(dataset.images.get(1).id(), dataset.file(1)),
            "%s is left out: %s: no such file"
                .formatted(dataset.images.get(4).id(), dataset.file(4))),
        sorted);
  }

  /** The same weights have the same figures in any epoch, and other weights others. */
  @Test
  void heldOutImagesAreSeenInTheSameViews() {
    Map<String, Double> figures = measured(1, 0).orElseThrow();
    assertEquals(figures, measured(1, 5).orElseThrow());
    assertNotEquals(figures, measured(2, 0).orElseThrow());
    assertEquals(Optional.empty(), measured(1, -1));
  }

  /** What is measured of random weights; asked to stop before epoch 0. */
  private Optional<Map<String, Double>> measured(long seed, int epoch) {
    PreprocessedImages all = dataset.open();
    try (Device device = Device.open("cpu");
        SimClr network = new SimClr(SMALL)) {
      network.place(device, Philox.of(seed, "init"));
      return new Pretraining(
              device,
              network,
              SMALL,
              all,
              Optional.of(all),
              SETTINGS,
              new Pretraining.Execution(3, Recompute.NEVER, 2),
              problem -> {})
          .measure(epoch, () -> epoch < 0);
    }
  }

  @Test
  void anotherRunIsNotContinued() {
    Path folder = root.resolve("run");
    new Session().run(folder, course(2, 2, 1e-3, 0), 1);
    dataset.preprocessing().writeValid(dataset.images.subList(1, 8), 0, 1);
    String message =
        assertThrows(DataException.class, () -> new Session().run(folder, course(2, 2, 1e-3, 0), 1))
            .getMessage();
    assertTrue(message.contains("data") && message.contains("sha256:"), message);
  }

  @Test
  void whatDoesNotGoTogether() {
    PreprocessedImages images = dataset.open();
    assertEquals(SETTINGS, Pretraining.checked(SMALL, images, SETTINGS));
    assertEquals(
        "a batch of 4 images, but there are 2 to train with",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    Pretraining.checked(
                        SMALL, images.ofSubjects(images.subjects().subList(0, 1)), SETTINGS))
            .getMessage());
  }
}
