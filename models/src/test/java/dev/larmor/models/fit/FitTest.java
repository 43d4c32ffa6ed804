package dev.larmor.models.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.GradSink;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Schedule;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.ThreadRanks;
import dev.larmor.engine.op.Dot;
import dev.larmor.engine.op.Sub;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.data.DataException;
import dev.larmor.models.fit.Fit.End;
import dev.larmor.models.nn.Linear;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that end early go on to the same bits; what is not finite is skipped; logs can be read. */
final class FitTest {
  private static final String DEVICE = System.getProperty("larmor.device", "cpu");
  private static final int EPOCHS = 3;
  private static final int STEPS = 4;
  private static final BooleanSupplier NEVER = () -> false;

  @TempDir private Path folder;

  /** A line through points that are drawn for each step. */
  private static final class Line implements Task, AutoCloseable {
    private final Device device;
    private final Linear network = new Linear(3, 2);
    private final String data;

    /** Steps whose loss is not finite. */
    private Set<Long> broken = Set.of();

    /** The step that fails, as if the process ended there. */
    private long fatal = -1;

    /** What is measured after each epoch. */
    private List<Double> measured = List.of(0.5, 0.25, 0.75);

    Line(Device device, String data) {
      this.device = device;
      this.data = data;
      network.place(device, Philox.of(7, "line"));
    }

    @Override
    public ModelState model() {
      return new ModelState("a line", network, null);
    }

    @Override
    public Map<String, String> identity() {
      return Map.of("data", data);
    }

    @Override
    public Map<String, String> description() {
      return Map.of("shape", "straight");
    }

    @Override
    public Steps steps(long first, int count) {
      return new Steps() {
        private long step = first;

        @Override
        public Map<String, Double> next(double scale, GradSink sink) {
          assertTrue(step < first + count);
          if (step == fatal) {
            throw new IllegalStateException("the process ends");
          }
          return pass(step++, scale, sink);
        }

        @Override
        public void close() {}
      };
    }

    private Map<String, Double> pass(long step, double scale, GradSink sink) {
      return Scope.run(() -> {
        Tensor x = device.tensor(TensorSpec.of(DType.F32, 5, 3), drawn("x", step, 15));
        Tensor y = device.tensor(TensorSpec.of(DType.F32, 5, 2), drawn("y", step, 10));
        try (Tape tape = new Tape(network.parameters(), Recompute.NEVER)) {
          Tensor loss =
              tape.record(() -> {
                Tensor difference = new Sub().apply(network.apply(x), y);
                return new Dot().apply(difference, difference);
              });
          tape.backward(loss, scale, sink);
          Map<String, Double> figures = new LinkedHashMap<>();
          figures.put(LOSS, broken.contains(step) ? Double.NaN : loss.item());
          figures.put("accuracy", 0.125 * (step + 1));
          return figures;
        }
      });
    }

    private static float[] drawn(String what, long step, int count) {
      Philox stream = Philox.of(11, what).with(step);
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = (float) stream.normal(i);
      }
      return values;
    }

    @Override
    public Optional<Map<String, Double>> measure(int epoch, BooleanSupplier stop) {
      return stop.getAsBoolean()
          ? Optional.empty()
          : Optional.of(Map.of("heldout_loss", measured.get(epoch)));
    }

    @Override
    public void close() {
      network.close();
    }
  }

  private static FitSettings settings(int checkpointInterval) {
    return new FitSettings(
        EPOCHS,
        STEPS,
        new Schedule.Cosine(0.01, 0, EPOCHS),
        Adam.Config.adam(0.9, 0.999),
        1,
        Precision.FP32,
        checkpointInterval,
        2,
        Optional.of(new FitSettings.Best("heldout_loss", false)));
  }

  /** Runs a fit in a folder; asked to stop for the first time after so many questions. */
  private static End run(Path to, boolean resume, int questions) {
    try (Device device = Device.open(DEVICE);
        Line line = new Line(device, "points");
        Fit fit = new Fit(line, settings(0), to, new FitListener() {})) {
      if (resume) {
        assertTrue(fit.resume());
      }
      int[] asked = {0};
      return fit.run(() -> ++asked[0] == questions);
    }
  }

  private static void assertSameRun(Path expected, Path actual) throws IOException {
    // Times differ; all else is the same.
    for (String name : List.of("steps.csv", "epochs.csv")) {
      assertEquals(
          Files.readString(expected.resolve(name)), Files.readString(actual.resolve(name)));
    }
    for (Path file : List.of(Fit.last(expected), Fit.best(expected), Fit.after(expected, 2))) {
      try (Device device = Device.open(DEVICE);
          Linear one = new Linear(3, 2);
          Linear other = new Linear(3, 2)) {
        one.place(device, Philox.of(1, "one"));
        other.place(device, Philox.of(2, "other"));
        new ModelState("a line", one, null).load(file, _ -> {});
        new ModelState("a line", other, null).load(actual.resolve(file.getFileName()), _ -> {});
        for (int i = 0; i < one.parameters().size(); i++) {
          assertArrayEquals(
              one.parameters().get(i).value().toFloats(),
              other.parameters().get(i).value().toFloats());
        }
      }
    }
  }

  /** Questions are asked after each of an epoch's four steps, and by the measurement. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 5, 6, 9, 15})
  void aStoppedRunGoesOnToTheSameBits(int questions) throws IOException {
    Path whole = folder.resolve("whole");
    Path parts = folder.resolve("parts");
    assertEquals(End.COMPLETED, run(whole, false, -1));
    assertEquals(End.STOPPED, run(parts, false, questions));
    assertTrue(Files.exists(Fit.latest(parts)));
    assertEquals(End.COMPLETED, run(parts, true, -1));
    assertSameRun(whole, parts);
    assertFalse(Files.exists(Fit.latest(parts)));
    assertEquals(End.COMPLETED, run(parts, true, -1), "nothing left to do");
    assertSameRun(whole, parts);
  }

  @Test
  void aKilledRunGoesOnFromItsLastCheckpoint() throws IOException {
    Path whole = folder.resolve("whole");
    Path killed = folder.resolve("killed");
    run(whole, false, -1);
    for (long fatal : new long[] {3, 6, 7, 11}) {
      try (Device device = Device.open(DEVICE);
          Line line = new Line(device, "points");
          Fit fit = new Fit(line, settings(2), killed, new FitListener() {})) {
        line.fatal = fatal;
        fit.resume();
        assertThrows(IllegalStateException.class, () -> fit.run(NEVER));
      }
      // What the log says beyond the checkpoint, a half line even, is taken back.
      Files.writeString(killed.resolve("steps.csv"), "9,9,9\n9,", StandardOpenOption.APPEND);
    }
    assertEquals(End.COMPLETED, run(killed, true, -1));
    assertSameRun(whole, killed);
  }

  @Test
  void anotherRunsCheckpointIsRefused() {
    run(folder, false, 2);
    try (Device device = Device.open(DEVICE);
        Line line = new Line(device, "others");
        Fit fit = new Fit(line, settings(0), folder, new FitListener() {})) {
      assertEquals(
          Fit.latest(folder)
              + ": cannot go on to the same results with other settings or data: data is points there, others here",
          assertThrows(DataException.class, fit::resume).getMessage());
    }
    try (Device device = Device.open(DEVICE);
        Line line = new Line(device, "points");
        Fit fit = new Fit(line, settings(0), folder.resolve("none"), new FitListener() {})) {
      assertFalse(fit.resume());
    }
  }

  @Test
  void whatIsNotFiniteIsSkipped() {
    List<String> notes = new ArrayList<>();
    List<EpochSummary> epochs = new ArrayList<>();
    FitListener listener =
        new FitListener() {
          @Override
          public void note(String sentence) {
            notes.add(sentence);
          }

          @Override
          public void done(EpochSummary summary, boolean best) {
            epochs.add(summary);
            assertEquals(best, summary.epoch() < 2, "the last epoch measures more");
          }
        };
    try (Device device = Device.open(DEVICE);
        Line line = new Line(device, "points");
        Fit fit = new Fit(line, settings(0), folder, listener)) {
      line.broken = Set.of(4L, 5L, 6L, 7L, 9L);
      assertEquals(End.COMPLETED, fit.run(NEVER));
    }
    assertEquals(5, notes.size());
    assertTrue(notes.getFirst().startsWith("epoch 1, step 1: loss NaN, norm of the gradients "));
    assertEquals(List.of(0, 4, 1), epochs.stream().map(EpochSummary::skipped).toList());
    assertEquals(List.of("loss", "accuracy"), List.copyOf(epochs.get(1).means().keySet()));
    assertEquals(Double.NaN, epochs.get(1).means().get("accuracy"));
    assertEquals((9 + 11 + 12) * 0.125 / 3, epochs.get(2).means().get("accuracy"), 1e-15);
  }

  /** What is not finite on one rank is skipped by all, and rank 0 says whose it was. */
  @Test
  void oneRankIsNotFinite() {
    List<String> notes = new ArrayList<>();
    FitListener listener =
        new FitListener() {
          @Override
          public void note(String sentence) {
            notes.add(sentence);
          }
        };
    List<float[]> weights =
        ThreadRanks.run(
            3,
            ranks -> {
              try (Device device = Device.open(DEVICE);
                  Line line = new Line(device, "points");
                  Fit fit = new Fit(line, settings(0), ranks, folder, listener)) {
                line.broken = ranks.rank() == 1 ? Set.of(5L) : Set.of();
                assertEquals(End.COMPLETED, fit.run(NEVER));
                return line.network.parameters().getFirst().value().toFloats();
              }
            });
    assertEquals(1, notes.size(), notes.toString());
    assertTrue(notes.getFirst().startsWith("epoch 1, step 2: loss NaN on rank 1, norm"));
    assertArrayEquals(weights.get(0), weights.get(1));
    assertArrayEquals(weights.get(0), weights.get(2));
  }

  /** Ranks that see other data than rank 0 do not begin. */
  @Test
  void ranksOfAnotherRun() {
    DataException refused =
        assertThrows(
            DataException.class,
            () ->
                ThreadRanks.run(
                    2,
                    ranks -> {
                      try (Device device = Device.open(DEVICE);
                          Line line = new Line(device, ranks.leads() ? "points" : "others");
                          Fit fit =
                              new Fit(line, settings(0), ranks, folder, new FitListener() {})) {
                        return fit.run(NEVER);
                      }
                    }));
    assertEquals(
        "rank 1 does not see the run that rank 0 sees: data is others here, points there",
        refused.getMessage());
  }

  @Test
  void tooMuchThatIsNotFiniteEndsTheRun() {
    FitSettings longer =
        new FitSettings(
            1,
            30,
            new Schedule.Constant(0.01),
            Adam.Config.adam(0.9, 0.999),
            0,
            Precision.FP32,
            0,
            0,
            Optional.empty());
    try (Device device = Device.open(DEVICE);
        Line line = new Line(device, "points");
        Fit fit = new Fit(line, longer, folder, new FitListener() {})) {
      Set<Long> all = new TreeSet<>();
      for (long step = 2; step < 30; step++) {
        all.add(step);
      }
      line.broken = all;
      assertEquals(
          "21 steps of epoch 0 had a loss or gradients that are not finite: try a smaller learning rate",
          assertThrows(DivergedException.class, () -> fit.run(NEVER)).getMessage());
    }
  }

  @Test
  void theLogsSayTheSame() throws IOException {
    run(folder, false, -1);
    List<String> epochs = Files.readAllLines(folder.resolve("epochs.csv"));
    assertEquals("epoch,learning_rate,skipped,loss,accuracy,heldout_loss", epochs.getFirst());
    assertEquals(EPOCHS + 1, epochs.size());
    String[] last = epochs.getLast().split(",", -1);
    assertEquals(
        new Schedule.Cosine(0.01, 0, EPOCHS).rate(2), Double.parseDouble(last[1]), "the rate");
    assertEquals("0.75", last[5]);

    List<Map<String, Float>> events = events();
    assertEquals(EPOCHS, events.size());
    assertEquals(Float.parseFloat(last[3]), events.get(2).get("loss"));
    assertEquals(0.75f, events.get(2).get("heldout_loss"));
    assertEquals(
        Set.of("loss", "accuracy", "heldout_loss", "learning_rate", "seconds"),
        events.get(0).keySet());

    String text = Files.readString(only("training_log_"));
    assertTrue(text.contains(": Epoch 2\n"), text);
    assertTrue(text.contains(": Current learning rate: 0.0025000\n"), text);
    assertTrue(text.contains(": heldout_loss 0.7500\n"), text);

    BufferedImage picture = ImageIO.read(folder.resolve("progress.png").toFile());
    Set<Integer> colors = new TreeSet<>();
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        colors.add(picture.getRGB(x, y) & 0xFFFFFF);
      }
    }
    assertTrue(colors.containsAll(Set.of(0x1f77b4, 0xd62728)), "both curves of the loss");
    assertEquals("straight", ModelState.metadata(Fit.last(folder)).get("shape"));
  }

  private Path only(String prefix) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .reduce((_, _) -> {
            throw new AssertionError("several " + prefix);
          })
          .orElseThrow();
    }
  }

  /** The scalars of each event, read by the format's description; all checksums must be right. */
  private List<Map<String, Float>> events() throws IOException {
    ByteBuffer file =
        ByteBuffer.wrap(Files.readAllBytes(only("events.out.tfevents.")))
            .order(ByteOrder.LITTLE_ENDIAN);
    List<Map<String, Float>> events = new ArrayList<>();
    while (file.hasRemaining()) {
      int start = file.position();
      int length = Math.toIntExact(file.getLong());
      assertEquals(masked(file, start, 8), file.getInt());
      int from = file.position();
      file.position(from + length);
      assertEquals(masked(file, from, length), file.getInt());
      Map<String, Float> scalars = new LinkedHashMap<>();
      scalars(
          file.slice(from, length).order(ByteOrder.LITTLE_ENDIAN),
          5,
          summary ->
              scalars(
                  summary,
                  1,
                  value -> {
                    StringBuilder tag = new StringBuilder();
                    float[] number = {Float.NaN};
                    fields(
                        value,
                        (field, content) -> {
                          if (field == 1) {
                            tag.append(StandardCharsets.UTF_8.decode(content));
                          } else if (field == 2) {
                            number[0] = content.getFloat();
                          }
                        });
                    scalars.put(tag.toString(), number[0]);
                  }));
      if (!scalars.isEmpty()) {
        events.add(scalars);
      }
    }
    return events;
  }

  private static int masked(ByteBuffer file, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(file.slice(from, length));
    long value = crc.getValue();
    return (int) ((value >>> 15 | value << 17) + 0xa282ead8L);
  }

  private interface Field {
    void accept(int number, ByteBuffer content);
  }

  private static void scalars(ByteBuffer message, int wanted, Consumer<ByteBuffer> content) {
    fields(
        message,
        (field, bytes) -> {
          if (field == wanted) {
            content.accept(bytes);
          }
        });
  }

  /** Walks over a protocol-buffer message. */
  private static void fields(ByteBuffer message, Field each) {
    while (message.hasRemaining()) {
      int key = (int) varint(message);
      int length =
          switch (key & 7) {
            case 0 -> {
              varint(message);
              yield 0;
            }
            case 1 -> 8;
            case 2 -> (int) varint(message);
            case 5 -> 4;
            default -> throw new AssertionError("wire type of " + key);
          };
      ByteBuffer content = message.slice(message.position(), length).order(ByteOrder.LITTLE_ENDIAN);
      message.position(message.position() + length);
      each.accept(key >> 3, content);
    }
  }

  private static long varint(ByteBuffer message) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = message.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }
}
