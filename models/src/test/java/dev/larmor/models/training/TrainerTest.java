package dev.larmor.models.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Init;
import dev.larmor.autograd.LossScale;
import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Schedule;
import dev.larmor.autograd.Training;
import dev.larmor.engine.Collective;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.ThreadRanks;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.ScaleBy;
import dev.larmor.engine.op.Unary;
import dev.larmor.models.Phantom;
import dev.larmor.models.augment.Augmentation;
import dev.larmor.models.checkpoint.SafetensorsReader;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.MaskPolicy;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.SamplingMask.Comb;
import dev.larmor.models.data.fastmri.MaskSource;
import dev.larmor.models.data.fastmri.Sample;
import dev.larmor.models.data.fastmri.SliceLoader;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.fit.DivergedException;
import dev.larmor.models.fivarnet.FiVarNet;
import dev.larmor.models.loss.Criterion;
import dev.larmor.models.loss.SliceContext;
import dev.larmor.models.varnet.ModelConfig;
import dev.larmor.models.varnet.ReconstructionModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The training loop, on a network as small as can be. */
final class TrainerTest {
  private static final String DEVICE = System.getProperty("larmor.device", "cpu");

  private static final FiVarNet.Config NETWORK =
      new FiVarNet.Config(1, 1, 2, 2, 1, 2, 1, 0, 0.2f, Precision.FP32);

  private static final BooleanSupplier NEVER = () -> false;

  /** What an uninterrupted run told its listener. */
  private static final List<Double> LOSSES = new ArrayList<>();

  private static final List<Double> RATES = new ArrayList<>();
  private static final List<Round.Summary> ROUNDS = new ArrayList<>();

  @TempDir private static Path data;
  private static Path whole;

  @TempDir private Path folder;

  @BeforeAll
  static void runOnce() {
    Phantom.TINY.writeDataSet(data, 2, 2, 2);
    Phantom.TINY.writeVolume(data.resolve("train"), "brain_acc8_9.h5", 9, 1, 8);
    whole = data.resolve("whole");
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void round(Round round, double rate) {
            RATES.add(rate);
          }

          @Override
          public void iteration(Round round, int iteration, int iterations, double loss) {
            assertEquals(5, iterations);
            assertEquals(LOSSES.size() % 5 + 1, iteration);
            LOSSES.add(loss);
          }

          @Override
          public void done(Round.Summary summary, boolean best) {
            ROUNDS.add(summary);
          }
        };
    assertEquals(Trainer.End.COMPLETED, run(whole, settings(1, 100), 1, listener, NEVER));
  }

  /** Two epochs of five slices, in groups of two: the last group of an epoch has one. */
  private static TrainingSettings settings(int workers, int checkpointInterval) {
    return new TrainingSettings(
        2,
        new Schedule.Cosine(1e-2, 1e-3, 2),
        Criterion.SOBEL,
        Adam.Config.adamW(0.2, 0.999, 1e-6),
        2,
        0,
        new TrainingMasks(0, 0.08, 0.5, Comb.OUTER),
        Augmentation.NONE,
        7,
        workers,
        checkpointInterval,
        true,
        BadFiles.FAIL);
  }

  private static VolumeSet open(String split) {
    return VolumeSet.open(data.resolve(split), Targets.REQUIRED, BadFiles.FAIL);
  }

  /** Trains in a new process's stead: everything is opened anew, and resumed if there is a run. */
  private static Trainer.End run(
      Path out,
      TrainingSettings settings,
      int threads,
      TrainingListener listener,
      BooleanSupplier stop) {
    return run(DEVICE, NETWORK, out, settings, threads, listener, stop);
  }

  private static Trainer.End run(
      String name,
      ModelConfig config,
      Path out,
      TrainingSettings settings,
      int threads,
      TrainingListener listener,
      BooleanSupplier stop) {
    return run(name, config, out, settings, threads, Recompute.NEVER, listener, stop);
  }

  private static Trainer.End run(
      String name,
      ModelConfig config,
      Path out,
      TrainingSettings settings,
      int threads,
      Recompute recompute,
      TrainingListener listener,
      BooleanSupplier stop) {
    DeviceConfig open = DeviceConfig.DEFAULT.withThreads(threads).withPrecision(config.precision());
    try (Device device = Device.open(name, open);
        Network network = Network.place(device, config, settings.seed());
        Trainer trainer =
            new Trainer(
                network,
                settings,
                RecomputeChoice.always(recompute),
                List.of(new Split(open("train"), open("val"))),
                out,
                listener)) {
      if (Files.exists(Trainer.last(out))) {
        trainer.resume(Trainer.last(out));
      }
      return trainer.run(stop);
    }
  }

  private static Trainer.End run(Path out, BooleanSupplier stop) {
    return run(out, settings(1, 100), 1, new TrainingListener() {}, stop);
  }

  /** A digest of every tensor of a checkpoint: weights, moments. */
  private static Map<String, String> digests(Path checkpoint) {
    Map<String, String> digests = new LinkedHashMap<>();
    try (SafetensorsReader reader = SafetensorsReader.open(checkpoint)) {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (String name : reader.names()) {
        sha.update(reader.bytes(name).asByteBuffer());
        digests.put(name, HexFormat.of().formatHex(sha.digest(), 0, 8));
      }
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
    return digests;
  }

  private static void assertSameRun(Path expected, Path actual) throws IOException {
    assertEquals(digests(Trainer.last(expected)), digests(Trainer.last(actual)));
    assertEquals(digests(Trainer.best(expected)), digests(Trainer.best(actual)));
    for (String table : List.of("losses.csv", "epochs.csv")) {
      assertEquals(
          Files.readString(expected.resolve(table)), Files.readString(actual.resolve(table)));
    }
  }

  /** The reference keeps F32 in double, which no file holds. */
  private static void assumeDeviceRoundsAsFilesDo() {
    assumeFalse(DEVICE.equals("ref"));
  }

  /** Says yes at the n-th question. */
  private static BooleanSupplier atQuestion(int n) {
    int[] asked = {0};
    return () -> ++asked[0] == n;
  }

  /**
   * Stopped once between each two questions – within epochs, at their ends, in validation – a run
   * ends with the same bits.
   */
  @Test
  void aResumedRunIsTheUninterruptedOne() throws IOException {
    assumeDeviceRoundsAsFilesDo();
    Path pieces = folder.resolve("pieces");
    int stops = 0;
    // Nine of the run's questions; validation starts anew, so its first is not the third again.
    for (int question : new int[] {1, 1, 1, 2, 1, 2, 3, 5}) {
      if (run(pieces, atQuestion(question)) == Trainer.End.COMPLETED) {
        break;
      }
      stops++;
    }
    assertTrue(stops >= 4, stops + " stops");
    assertEquals(Trainer.End.COMPLETED, run(pieces, NEVER));
    assertSameRun(whole, pieces);
    assertEquals(Trainer.End.COMPLETED, run(pieces, NEVER), "and once it is complete it stays so");
    assertSameRun(whole, pieces);
  }

  /** What a kill leaves: the last checkpoint, and tables that may be ahead of it. */
  @Test
  void aRunThatDiedGoesOnFromItsLastCheckpoint() throws IOException {
    assumeDeviceRoundsAsFilesDo();
    Path died = folder.resolve("died");
    TrainingListener dies =
        new TrainingListener() {
          @Override
          public void iteration(Round round, int iteration, int iterations, double loss) {
            if (round.epoch() == 1 && iteration == 4) {
              throw new IllegalStateException("died");
            }
          }
        };
    assertThrows(IllegalStateException.class, () -> run(died, settings(1, 2), 1, dies, NEVER));
    Files.writeString(
        died.resolve("losses.csv"),
        Files.readString(died.resolve("losses.csv")) + "1,0,3,0.5\n1,0,");
    run(died, settings(1, 2), 1, new TrainingListener() {}, NEVER);
    assertSameRun(whole, died);
  }

  @Test
  void readersChangeNoBit() throws IOException {
    for (int workers : new int[] {2, 4}) {
      Path out = folder.resolve(Integer.toString(workers));
      run(out, settings(workers, 100), 1, new TrainingListener() {}, NEVER);
      assertSameRun(whole, out);
    }
  }

  @Test
  void threadsChangeNoBit() throws IOException {
    run(folder, settings(1, 100), 2, new TrainingListener() {}, NEVER);
    assertSameRun(whole, folder);
  }

  /** A run of so many ranks, stopped when rank 0 is asked for the n-th time. */
  private static Trainer.End shared(int size, Path out, int question) {
    return ThreadRanks.run(
            size,
            ranks -> {
              try (Device device = Device.open(DEVICE, DeviceConfig.DEFAULT.withThreads(1));
                  Network network = Network.place(device, NETWORK, 7)) {
                Collective onDevices = device.collective(ranks);
                try (Trainer trainer =
                    new Trainer(
                        network,
                        settings(1, 100),
                        RecomputeChoice.always(Recompute.NEVER),
                        List.of(new Split(open("train"), open("val"))),
                        onDevices,
                        out,
                        new TrainingListener() {})) {
                  if (ranks.decide(Files.exists(Trainer.last(out)))) {
                    trainer.resume(Trainer.last(out));
                  }
                  Trainer.End end = trainer.run(ranks.leads() ? atQuestion(question) : NEVER);
                  onDevices.close();
                  return end;
                }
              }
            })
        .getLast();
  }

  private static void assertClose(Path expected, Path actual) throws IOException {
    for (String table : List.of("losses.csv", "epochs.csv")) {
      List<String> one = Files.readAllLines(expected.resolve(table));
      List<String> other = Files.readAllLines(actual.resolve(table));
      assertEquals(one.size(), other.size());
      for (int row = 1; row < one.size(); row++) {
        String[] wanted = one.get(row).split(",");
        String[] got = other.get(row).split(",");
        for (int i = 0; i < wanted.length; i++) {
          double number = Double.parseDouble(wanted[i]);
          assertEquals(number, Double.parseDouble(got[i]), 1e-6 * Math.abs(number), one.get(row));
        }
      }
    }
  }

  /**
   * Two ranks share steps of two samples, the last of an epoch of one: the same run, up to
   * rounding; and the same bits each time.
   */
  @Test
  void ranksShareARun() throws IOException {
    assumeDeviceRoundsAsFilesDo();
    Path two = folder.resolve("two");
    assertEquals(Trainer.End.COMPLETED, shared(2, two, 99));
    assertClose(whole, two);
    Path pieces = folder.resolve("pieces");
    for (int question : new int[] {1, 2, 3}) {
      assertEquals(Trainer.End.STOPPED, shared(2, pieces, question));
    }
    assertEquals(Trainer.End.COMPLETED, shared(2, pieces, 99));
    assertSameRun(two, pieces);
    Path other = folder.resolve("other");
    assertEquals(Trainer.End.STOPPED, shared(2, other, 2));
    assertEquals(Trainer.End.COMPLETED, shared(1, other, 99));
    assertClose(whole, other);
  }

  @Test
  void aStepThatIsSmallerThanTheRanks() {
    assertEquals(
        "steps of 2 samples cannot be shared by 3 ranks: accumulate 3 or more",
        assertThrows(IllegalArgumentException.class, () -> shared(3, folder, 99)).getMessage());
  }

  /** Dropout is on in this network: recomputed, it must drop the same channels. */
  @Test
  void recomputingChangesNoBit() throws IOException {
    run(
        DEVICE,
        NETWORK,
        folder,
        settings(1, 100),
        1,
        Recompute.ALWAYS,
        new TrainingListener() {},
        NEVER);
    assertSameRun(whole, folder);
  }

  @Test
  void anotherSeedIsAnotherRun() {
    TrainingSettings s = settings(1, 100);
    TrainingSettings other =
        new TrainingSettings(
            s.epochs(),
            s.schedule(),
            s.criterion(),
            s.optimizer(),
            s.accumulation(),
            s.clipNorm(),
            s.masks(),
            s.augmentation(),
            8,
            s.workers(),
            s.checkpointInterval(),
            s.keepRounds(),
            s.badFiles());
    run(folder, other, 1, new TrainingListener() {}, NEVER);
    assertNotEquals(digests(Trainer.last(whole)), digests(Trainer.last(folder)));
    String message =
        assertThrows(
                DataException.class, () -> run(whole, other, 1, new TrainingListener() {}, NEVER))
            .getMessage();
    assertEquals(
        Trainer.last(whole)
            + ": cannot go on to the same results with other settings or data:"
            + " seed is 7 there, 8 here",
        message);
  }

  /**
   * The loop against the same work by hand: order, masks, groups of two, one and the rate of each
   * epoch.
   */
  @Test
  void oneEpochByHand() {
    TrainingSettings settings = settings(1, 100);
    assertEquals(List.of(settings.schedule().rate(0), settings.schedule().rate(1)), RATES);
    assertEquals(1e-2, RATES.get(0), 1e-15);
    assertEquals(5.5e-3, RATES.get(1), 1e-15);
    assertEquals(10, LOSSES.size());

    VolumeSet training = open("train");
    int[] order = Philox.of(7, "shuffle").with(0).permutation(5);
    List<Double> byHand = new ArrayList<>();
    try (Device device = Device.open(DEVICE, DeviceConfig.DEFAULT.withThreads(1));
        Network network = Network.place(device, NETWORK, 7);
        Adam adam = new Adam(network.model().parameters(), settings.optimizer())) {
      for (int[] group : new int[][] {{0, 1}, {2, 3}, {4}}) {
        try (Gradients gradients = new Gradients()) {
          for (int i : group) {
            Sample sample = read(training, order[i], 7, 0, i);
            Volume volume = sample.volume();
            SliceContext context =
                new SliceContext(volume.max(), Anatomy.BRAIN, sample.slice(), volume.slices());
            TrainingStep step =
                new TrainingStep(
                    network.model(),
                    Criterion.SOBEL,
                    Recompute.ALWAYS,
                    new Training(7, adam.steps(), i),
                    0.5);
            byHand.add(
                Scope.run(() ->
                    step.run(TrainingStep.Slice.upload(device, sample, context), gradients)
                        .loss()
                        .item()));
          }
          adam.step(gradients, RATES.getFirst());
        }
      }
    }
    assertEquals(byHand, LOSSES.subList(0, 5));
    assertEquals(
        byHand.stream().mapToDouble(Double::doubleValue).sum() / 5,
        ROUNDS.getFirst().trainLoss(),
        1e-12);
  }

  private static Sample read(VolumeSet data, int slice, long seed, int epoch, int sample) {
    MaskSource masks =
        MaskSource.perSample(
            volume -> new MaskPolicy(volume.name().contains("acc8") ? 8 : 4, 0.08, 0.5),
            seed,
            epoch,
            position -> sample + position);
    try (SliceLoader loader =
        new SliceLoader(data, List.of(data.slices().get(slice)), masks, BadFiles.FAIL, 1)) {
      return loader.next();
    }
  }

  /** 1 − SSIM by its formula in plain Java, mean over slices, then over volumes. */
  @Test
  void validationByHand() throws IOException {
    VolumeSet data = open("val");
    double[] byHand = new double[data.volumes().size()];
    try (Device device = Device.open(DEVICE);
        Network network = Network.place(device, NETWORK, 0)) {
      Checkpoint.load(Trainer.last(whole), network, null);
      MaskSource masks = MaskSource.perVolume(volume -> new MaskPolicy(4, 0.08, 0.5), 7);
      try (SliceLoader loader = new SliceLoader(data, data.slices(), masks, BadFiles.FAIL, 1)) {
        while (loader.hasNext()) {
          Sample sample = loader.next();
          int size = sample.volume().imageSize();
          float[] image = new Reconstruction(device, size, 1).image(network.model(), sample, size);
          int volume = data.volumes().indexOf(sample.volume());
          double ssim = ssim(image, sample.target().orElseThrow(), size, sample.volume().max());
          byHand[volume] += (1 - ssim) / sample.volume().slices();
        }
      }
    }
    double validation = ROUNDS.getLast().validationLoss();
    assertEquals((byHand[0] + byHand[1]) / 2, validation, 2e-6);
    assertEquals(
        Double.toString(validation),
        Files.readAllLines(whole.resolve("epochs.csv")).getLast().split(",")[3]);
  }

  /** Structural similarity with a uniform 7 x 7 window, valid windows, sample covariance. */
  private static double ssim(float[] x, float[] y, int side, double range) {
    double c1 = Math.pow(0.01 * range, 2);
    double c2 = Math.pow(0.03 * range, 2);
    double sum = 0;
    int windows = 0;
    for (int top = 0; top + 7 <= side; top++) {
      for (int left = 0; left + 7 <= side; left++) {
        double mx = 0;
        double my = 0;
        double xx = 0;
        double yy = 0;
        double xy = 0;
        for (int i = 0; i < 49; i++) {
          int at = (top + i / 7) * side + left + i % 7;
          mx += x[at] / 49.0;
          my += y[at] / 49.0;
          xx += (double) x[at] * x[at] / 49;
          yy += (double) y[at] * y[at] / 49;
          xy += (double) x[at] * y[at] / 49;
        }
        double unbiased = 49.0 / 48;
        double vx = unbiased * (xx - mx * mx);
        double vy = unbiased * (yy - my * my);
        double vxy = unbiased * (xy - mx * my);
        sum += (2 * mx * my + c1) * (2 * vxy + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2));
        windows++;
      }
    }
    return sum / windows;
  }

  @Test
  void theLossFalls() {
    List<Round.Summary> epochs = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void done(Round.Summary summary, boolean best) {
            epochs.add(summary);
          }
        };
    TrainingSettings s = settings(1, 100);
    TrainingSettings longer =
        new TrainingSettings(
            8,
            new Schedule.Constant(1e-2),
            s.criterion(),
            Adam.Config.adamW(0.9, 0.999, 0),
            1,
            1,
            TrainingMasks.DEFAULT.withAcceleration(4),
            Augmentation.NONE,
            1,
            1,
            100,
            false,
            BadFiles.FAIL);
    run(folder, longer, 1, listener, NEVER);
    double first = epochs.getFirst().trainLoss();
    double last = epochs.getLast().trainLoss();
    assertTrue(last < 0.9 * first, first + " to " + last);
  }

  private static final FiVarNet.Config HALF =
      new FiVarNet.Config(1, 1, 2, 2, 1, 2, 1, 0, 0.2f, Precision.FP16);

  /** Keeps the scale after each overflow. */
  private static final class Overflows implements TrainingListener {
    final List<Double> scales = new ArrayList<>();

    @Override
    public void overflowed(LossScale scale) {
      scales.add(scale.value());
    }
  }

  /**
   * Where F16 is kept as double nothing is lost by scaling the loss: the gradients that reach the
   * optimiser are the unscaled run's, to the bit.
   */
  @Test
  void scalingTheLossChangesNoGradient() throws IOException {
    Path single = folder.resolve("fp32");
    Path half = folder.resolve("fp16");
    Overflows overflows = new Overflows();
    run("ref", NETWORK, single, settings(1, 100), 1, new TrainingListener() {}, NEVER);
    run("ref", HALF, half, settings(1, 100), 1, overflows, NEVER);
    assertSameRun(single, half);
    assertEquals(List.of(), overflows.scales);
    assertEquals("[0x1.0p16, 6, 0, 6]", scaling(half));
  }

  /** In halves as they are, two of the six steps overflow, for a run in pieces as well. */
  @Test
  void anOverflowSkipsTheStepAndAResumedRunKeepsTheScale() throws IOException {
    Path once = folder.resolve("once");
    Overflows overflows = new Overflows();
    run("rounded:ref", HALF, once, settings(1, 100), 1, overflows, NEVER);
    assertEquals(List.of(32768.0, 16384.0), overflows.scales);
    assertEquals("[0x1.0p14, 1, 2, 4]", scaling(once));
    Path pieces = folder.resolve("pieces");
    // After the third step; the four slices of validation and the fourth step; the fifth.
    for (BooleanSupplier stop : List.of(atQuestion(3), atQuestion(5), atQuestion(1), NEVER)) {
      run("rounded:ref", HALF, pieces, settings(1, 100), 1, new TrainingListener() {}, stop);
    }
    assertSameRun(once, pieces);
    assertEquals(scaling(once), scaling(pieces));
  }

  /** Scale, good steps, skipped steps and the optimiser's steps. */
  private static String scaling(Path out) {
    try (SafetensorsReader reader = SafetensorsReader.open(Trainer.last(out))) {
      return List.of("loss_scale", "good_steps", "skipped_steps", "optimizer.steps").stream()
          .map(reader.metadata()::get)
          .toList()
          .toString();
    }
  }

  /** The zero-filled image times 1 + sqrt(0): a loss like any, and a gradient that is infinite. */
  private static final class Steep extends ReconstructionModel {
    private final ZeroFilled zeroFilled = child("zero_filled", new ZeroFilled());
    private final Parameter w = parameter("w", TensorSpec.of(DType.F32), Init.constant(0));

    @Override
    public Tensor reconstruct(Tensor kspace, SamplingMask mask, int height, int width) {
      Tensor image = zeroFilled.reconstruct(kspace, mask, height, width);
      Tensor root = new Unary(Unary.Function.SQRT).apply(w.value());
      return new Add().apply(image, new ScaleBy().apply(image, root));
    }
  }

  @Test
  void gradientsThatNoScaleMakesFiniteEndTheRun() {
    TrainingSettings s = settings(1, 100);
    Overflows overflows = new Overflows();
    try (Device device = Device.open("ref");
        Steep model = new Steep()) {
      model.place(device, Philox.of(0, "init"));
      try (Trainer trainer =
          new Trainer(
              new Network(device, HALF, model),
              new TrainingSettings(
                  7,
                  new Schedule.Constant(1),
                  s.criterion(),
                  s.optimizer(),
                  1,
                  0,
                  TrainingMasks.DEFAULT,
                  Augmentation.NONE,
                  7,
                  1,
                  100,
                  false,
                  BadFiles.FAIL),
              RecomputeChoice.always(Recompute.NEVER),
              List.of(new Split(open("train"), open("val"))),
              folder,
              overflows)) {
        assertEquals(
            "a gradient is not finite, however small the loss scale, in epoch 6, iteration 3:"
                + " try a smaller learning rate, --clip-norm or --precision bf16",
            assertThrows(DivergedException.class, () -> trainer.run(NEVER)).getMessage());
      }
    }
    assertEquals(33, overflows.scales.size());
    assertEquals(0x1p-17, overflows.scales.getLast());
  }

  @Test
  void divergenceIsSaidInOneSentence() throws IOException {
    TrainingSettings s = settings(1, 100);
    TrainingSettings wild =
        new TrainingSettings(
            3,
            new Schedule.Constant(1e30),
            s.criterion(),
            s.optimizer(),
            1,
            0,
            TrainingMasks.DEFAULT.withAcceleration(4),
            Augmentation.NONE,
            7,
            1,
            100,
            false,
            BadFiles.FAIL);
    String message =
        assertThrows(
                DivergedException.class,
                () -> run(folder, wild, 1, new TrainingListener() {}, NEVER))
            .getMessage();
    assertTrue(
        message.matches(
            "the loss is (NaN|-?Infinity) in epoch \\d, iteration \\d \\(brain_acc\\d_\\d\\.h5,"
                + " slice \\d\\): try a smaller learning rate or --clip-norm"),
        message);
  }

  /** Three folds of the training subjects, two epochs. */
  private static Trainer.End folds(Path out, Path from, BooleanSupplier stop) {
    TrainingSettings settings = settings(1, 100);
    try (Device device = Device.open(DEVICE);
        Network network = Network.place(device, NETWORK, settings.seed());
        Trainer trainer =
            new Trainer(
                network,
                settings,
                RecomputeChoice.always(Recompute.NEVER),
                Split.folds(open("train"), 3, settings.seed()),
                out,
                new TrainingListener() {})) {
      if (Files.exists(Trainer.last(out))) {
        trainer.resume(Trainer.last(out));
      } else if (from != null) {
        trainer.retrain(Trainer.last(from), 1);
      }
      return trainer.run(stop);
    }
  }

  @Test
  void everyFoldIsHeldOutInEveryEpoch() throws IOException {
    assumeDeviceRoundsAsFilesDo();
    Path out = folder.resolve("folds");
    assertEquals(Trainer.End.COMPLETED, folds(out, null, NEVER));
    List<String> rows = Files.readAllLines(out.resolve("epochs.csv"));
    assertEquals(
        List.of("epoch,fold", "0,0", "0,1", "0,2", "1,0", "1,1", "1,2"),
        rows.stream().map(row -> row.replaceFirst("^(\\w+,\\w+),.*", "$1")).toList());
    Schedule schedule = settings(1, 100).schedule();
    for (int round = 0; round < 6; round++) {
      String rate = rows.get(round + 1).split(",")[4];
      assertEquals(schedule.rate(round), Double.parseDouble(rate), "set once a round");
      assertTrue(Files.exists(Trainer.after(out, Round.numbered(round, 3))));
    }
    // The weights after the last round are the last model's.
    Map<String, String> last = digests(Trainer.last(out));
    digests(Trainer.after(out, new Round(1, 2, 3)))
        .forEach((name, digest) -> assertEquals(last.get(name), digest, name));

    Path pieces = folder.resolve("pieces");
    int stops = 0;
    while (folds(pieces, null, atQuestion(2)) == Trainer.End.STOPPED) {
      stops++;
      assertTrue(stops < 30, "no progress");
      if (stops > 6) {
        assertEquals(Trainer.End.COMPLETED, folds(pieces, null, NEVER));
        break;
      }
    }
    assertTrue(stops > 4, stops + " stops");
    assertSameRun(out, pieces);
    assertEquals(
        -1, Files.mismatch(out.resolve("val_loss_log.npy"), pieces.resolve("val_loss_log.npy")));
  }

  /** Weights, moments and step count go on; order, masks and dropout are drawn anew. */
  @Test
  void retraining() throws IOException {
    assumeDeviceRoundsAsFilesDo();
    Path base = folder.resolve("base");
    Path again = folder.resolve("again");
    folds(base, null, NEVER);
    assertTrue(Trainer.isComplete(base));
    assertEquals(Trainer.End.STOPPED, folds(again, base, atQuestion(2)));
    assertFalse(Trainer.isComplete(again));
    try (SafetensorsReader before = SafetensorsReader.open(Trainer.last(base));
        SafetensorsReader after = SafetensorsReader.open(Trainer.last(again))) {
      long steps = Long.parseLong(before.metadata().get("optimizer.steps"));
      assertEquals(Long.toString(steps + 2), after.metadata().get("optimizer.steps"));
      assertEquals("1", after.metadata().get("retraining"));
    }
    assertEquals(Trainer.End.COMPLETED, folds(again, base, NEVER));
    Path whole = folder.resolve("whole");
    assertEquals(Trainer.End.COMPLETED, folds(whole, base, NEVER));
    assertSameRun(whole, again);
    Path fresh = folder.resolve("fresh");
    folds(fresh, null, NEVER);
    assertNotEquals(
        Files.readString(fresh.resolve("losses.csv")),
        Files.readString(whole.resolve("losses.csv")));
  }
}
