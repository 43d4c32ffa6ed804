package dev.larmor.models.training;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.LossScale;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Training;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.models.augment.Variation;
import dev.larmor.models.data.Classifier;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.MaskPolicy;
import dev.larmor.models.data.fastmri.FastMriFolder;
import dev.larmor.models.data.fastmri.MaskSource;
import dev.larmor.models.data.fastmri.Sample;
import dev.larmor.models.data.fastmri.SliceIndex;
import dev.larmor.models.data.fastmri.SliceLoader;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.loss.SliceContext;
import dev.larmor.models.metric.Metric;
import dev.larmor.models.training.TrainingStep.Slice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Trains a network on a folder of volumes: batch 1, gradients accumulated, one rate an epoch,
 * validation after each.
 *
 * <p>Everything random is drawn from streams named by seed, epoch and sample, so a run is a
 * function of its settings and data. A checkpoint holds the counters beside weights and moments, is
 * written between optimiser steps only, and a run that resumes from it goes on to the same bits.
 */
public final class Trainer implements AutoCloseable {
  /** One epoch's results: mean losses, the learning rate, wall-clock seconds. */
  public record Epoch(
      int epoch,
      double trainLoss,
      double validationLoss,
      double rate,
      double trainSeconds,
      double validationSeconds) {}

  /** How a run ended. */
  public enum End {
    COMPLETED,
    /** Asked to stop: the checkpoint {@code last} continues from here. */
    STOPPED
  }

  private static final String LAST = "last.safetensors";
  private static final String BEST = "best.safetensors";

  private final Network network;
  private final TrainingSettings settings;
  private final Function<Volume, Recompute> recompute;
  private final FastMriFolder training;
  private final FastMriFolder validation;
  private final Path folder;
  private final TrainingListener listener;
  private final Adam adam;
  private final LossScale lossScale;
  private final History history;

  // The state of the run, all of which a checkpoint holds.
  private int epoch;
  private int position; // slices of the epoch's order that are done with
  private double lossSum;
  private int losses;
  private double trainSeconds;
  private double bestLoss = Double.POSITIVE_INFINITY;

  /**
   * A run that has not started; its optimiser's moments take memory at once.
   *
   * @param recompute the recompute policy for a volume's slices
   * @param folder where checkpoints and histories go
   */
  public Trainer(
      Network network,
      TrainingSettings settings,
      Function<Volume, Recompute> recompute,
      FastMriFolder training,
      FastMriFolder validation,
      Path folder,
      TrainingListener listener) {
    this.network = network;
    this.settings = settings;
    this.recompute = recompute;
    this.training = training;
    this.validation = validation;
    this.folder = folder;
    this.listener = listener;
    this.history = new History(folder);
    this.adam = new Adam(network.model().parameters(), settings.optimizer());
    this.lossScale = LossScale.of(network.config().precision());
  }

  /** The checkpoint that a stopped or killed run continues from. */
  public static Path last(Path folder) {
    return folder.resolve(LAST);
  }

  /** The checkpoint with the smallest validation loss. */
  public static Path best(Path folder) {
    return folder.resolve(BEST);
  }

  /**
   * Continues from a checkpoint of the same settings and data.
   *
   * @throws DataException if the checkpoint is of another network or another run
   */
  public void resume(Path checkpoint) {
    Map<String, String> saved = Checkpoint.load(checkpoint, network, adam);
    identity()
        .forEach((key, here) -> {
          String there = saved.get(key);
          if (!here.equals(there)) {
            throw new DataException(
                "%s: cannot go on to the same results with other settings or data: %s is %s there, %s here"
                    .formatted(checkpoint, key, there, here));
          }
        });
    epoch = (int) Checkpoint.number(checkpoint, saved, "epoch");
    position = (int) Checkpoint.number(checkpoint, saved, "position");
    losses = (int) Checkpoint.number(checkpoint, saved, "losses");
    lossSum = Checkpoint.real(checkpoint, saved, "loss_sum");
    trainSeconds = Checkpoint.real(checkpoint, saved, "train_seconds");
    bestLoss = Checkpoint.real(checkpoint, saved, "best_loss");
    if (lossScale.isDynamic()) {
      lossScale.restore(
          new LossScale.State(
              Checkpoint.real(checkpoint, saved, "loss_scale"),
              Checkpoint.number(checkpoint, saved, "good_steps"),
              Checkpoint.number(checkpoint, saved, "skipped_steps")));
    }
    history.rewind(epoch, position);
  }

  /** What must be the same for a resumed run to go on to the same bits. */
  private Map<String, String> identity() {
    Map<String, String> same = new LinkedHashMap<>();
    same.put("seed", Long.toString(settings.seed()));
    same.put("training data", summary(training));
    same.put("validation data", summary(validation));
    same.put("configuration", NetworkDescription.write(network.config()));
    same.put("criterion", settings.criterion().label());
    same.put("optimizer", settings.optimizer().toString());
    same.put("schedule", settings.schedule().toString());
    same.put("accumulation", Integer.toString(settings.accumulation()));
    same.put("clip norm", Double.toString(settings.clipNorm()));
    same.put("acceleration", Integer.toString(settings.acceleration()));
    same.put("random masks", Double.toString(settings.randomMask()));
    same.put("augmentation", settings.augmentation().toString());
    return same;
  }

  private static String summary(FastMriFolder data) {
    long digest = 0;
    for (Volume volume : data.volumes()) {
      digest = 31 * digest + volume.name().hashCode() + 17L * volume.slices();
    }
    return "%d slices in %d volumes (%08x)"
        .formatted(data.slices().size(), data.volumes().size(), (int) (digest ^ digest >>> 32));
  }

  private void save(Path file) {
    Map<String, String> state = new LinkedHashMap<>(identity());
    state.put("epoch", Integer.toString(epoch));
    state.put("position", Integer.toString(position));
    state.put("losses", Integer.toString(losses));
    state.put("loss_sum", Double.toHexString(lossSum));
    state.put("train_seconds", Double.toHexString(trainSeconds));
    state.put("best_loss", Double.toHexString(bestLoss));
    if (lossScale.isDynamic()) {
      state.put("loss_scale", Double.toHexString(lossScale.state().value()));
      state.put("good_steps", Long.toString(lossScale.state().goodSteps()));
      state.put("skipped_steps", Long.toString(lossScale.state().skipped()));
    }
    Checkpoint.save(file, network, adam, state);
  }

  /**
   * Trains to the last epoch.
   *
   * @param stop asked between optimiser steps and between validation's slices; when true, the run
   *     is saved and left
   * @throws DivergedException if a loss is NaN or infinite, or in FP16 all gradients are
   * @throws DataException if a slice cannot be read, unless bad files are skipped
   */
  public End run(BooleanSupplier stop) {
    training.problems().forEach(listener::skipped);
    validation.problems().forEach(listener::skipped);
    while (epoch < settings.epochs()) {
      listener.learningRate(epoch, rate());
      if (train(stop) == End.STOPPED) {
        return End.STOPPED;
      }
      long start = System.nanoTime();
      double validationLoss = validate(stop);
      if (Double.isNaN(validationLoss)) {
        checkpoint();
        return End.STOPPED;
      }
      endEpoch(validationLoss, secondsSince(start));
    }
    return End.COMPLETED;
  }

  private double rate() {
    return settings.schedule().rate(epoch);
  }

  private void endEpoch(double validationLoss, double validationSeconds) {
    if (losses == 0) {
      throw new DataException(training.root() + ": no slice could be read");
    }
    Epoch summary =
        new Epoch(epoch, lossSum / losses, validationLoss, rate(), trainSeconds, validationSeconds);
    boolean best = validationLoss < bestLoss;
    bestLoss = Math.min(bestLoss, validationLoss);
    epoch++;
    position = 0;
    lossSum = 0;
    losses = 0;
    trainSeconds = 0;
    history.add(summary);
    if (best) {
      save(best(folder));
    }
    checkpoint();
    listener.epoch(summary, best);
  }

  private void checkpoint() {
    history.save();
    save(last(folder));
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }

  /** The slices of the current epoch in their random order. */
  private List<SliceIndex> order() {
    List<SliceIndex> slices = training.slices();
    List<SliceIndex> order = new ArrayList<>(slices.size());
    for (int i : Philox.of(settings.seed(), "shuffle").with(epoch).permutation(slices.size())) {
      order.add(slices.get(i));
    }
    return order;
  }

  private MaskPolicy masks(Volume volume) {
    int acceleration = settings.acceleration();
    if (acceleration == 0) {
      acceleration = volume.mask().isFull() ? 4 : Classifier.STANDARD.acceleration(volume.mask());
    }
    return new MaskPolicy(acceleration, MaskPolicy.CENTRE_FRACTION, settings.randomMask());
  }

  /** Trains on what is left of the current epoch. */
  private End train(BooleanSupplier stop) {
    List<SliceIndex> order = order();
    int total = order.size();
    double rate = rate();
    long start = System.nanoTime();
    double before = trainSeconds;
    MaskSource source = MaskSource.perSample(this::masks, settings.seed(), epoch, position);
    try (SliceLoader loader =
            new SliceLoader(
                training,
                order.subList(position, total),
                source,
                settings.badFiles(),
                settings.workers());
        Lookahead samples = new Lookahead(loader);
        Gradients gradients = new Gradients()) {
      int accumulated = 0;
      int unsaved = 0;
      while (samples.hasNext()) {
        double loss;
        Uploaded uploaded = samples.next();
        while (!is(order.get(position), uploaded)) {
          position++; // left out as bad
        }
        long number = (long) epoch * total + position;
        try (Uploaded sample = augmented(uploaded, number)) {
          loss = step(sample, number, gradients);
        }
        position++;
        lossSum += loss;
        losses++;
        unsaved++;
        trainSeconds = before + secondsSince(start);
        history.add(epoch, position, loss);
        listener.iteration(epoch, position, total, loss);
        if (++accumulated < settings.accumulation() && samples.hasNext()) {
          continue;
        }
        update(gradients, rate);
        gradients.clear();
        accumulated = 0;
        boolean stopping = stop.getAsBoolean();
        if (stopping || (unsaved >= settings.checkpointInterval() && position < total)) {
          checkpoint();
          unsaved = 0;
        }
        if (stopping) {
          return End.STOPPED;
        }
      }
      position = total;
      loader.problems().forEach(listener::skipped);
    }
    return End.COMPLETED;
  }

  /** The optimiser's step, unless a gradient overflowed. */
  private void update(Gradients gradients, double rate) {
    if (!lossScale.unscale(gradients)) {
      listener.overflowed(lossScale);
      if (lossScale.isExhausted()) {
        throw new DivergedException(
            "a gradient is not finite, however small the loss scale, in epoch %d, iteration %d:"
                    .formatted(epoch, position)
                + " try a smaller learning rate, --clip-norm or --precision bf16");
      }
      return;
    }
    if (settings.clipNorm() > 0) {
      gradients.clip(settings.clipNorm());
    }
    adam.step(gradients, rate);
  }

  /** A sample on the device. */
  private record Uploaded(Volume volume, int index, Slice slice) implements AutoCloseable {
    @Override
    public void close() {
      slice.close();
    }
  }

  /**
   * The loader's samples on the device. The next one is uploaded before this one is computed: where
   * the device copies and computes at the same time, that costs nothing but its memory.
   */
  private final class Lookahead implements AutoCloseable {
    private final SliceLoader loader;
    private Uploaded next;

    Lookahead(SliceLoader loader) {
      this.loader = loader;
      fetch();
    }

    private void fetch() {
      next = null;
      if (loader.hasNext()) {
        Sample sample = loader.next();
        Slice slice =
            Scope.run(() -> Slice.upload(network.device(), sample, context(sample)).unscoped());
        next = new Uploaded(sample.volume(), sample.slice(), slice);
      }
    }

    boolean hasNext() {
      return next != null;
    }

    Uploaded next() {
      Uploaded sample = next;
      try {
        fetch();
      } catch (RuntimeException | Error e) {
        sample.close();
        throw e;
      }
      return sample;
    }

    @Override
    public void close() {
      if (next != null) {
        next.close();
      }
    }
  }

  private boolean is(SliceIndex index, Uploaded sample) {
    return index.slice() == sample.index
        && training.volumes().get(index.volume()).equals(sample.volume);
  }

  /** What is trained on in place of a sample; what comes from the data set is freed. */
  private Uploaded augmented(Uploaded sample, long number) {
    Philox stream = Philox.of(settings.seed(), "augmentation").with(number);
    Variation variation = settings.augmentation().draw(stream);
    if (variation.isNone()) {
      return sample;
    }
    try (sample) {
      Slice varied = Scope.run(() -> sample.slice.varied(variation).unscoped());
      return new Uploaded(sample.volume, sample.index, varied);
    }
  }

  /** Forward and backward pass of one sample; its number keys its random draws. */
  private double step(Uploaded sample, long number, Gradients gradients) {
    Volume volume = sample.volume;
    TrainingStep work =
        new TrainingStep(
            network.model(),
            settings.criterion(),
            recompute.apply(volume),
            new Training(settings.seed(), adam.steps(), number),
            lossScale.value() / settings.accumulation());
    double loss = Scope.run(() -> work.run(sample.slice, gradients).loss().item());
    if (!Double.isFinite(loss)) {
      throw new DivergedException(
          "the loss is %s in epoch %d, iteration %d (%s, slice %d): try a smaller learning rate or --clip-norm"
              .formatted(loss, epoch, position, volume.name(), sample.index));
    }
    return loss;
  }

  private static SliceContext context(Sample sample) {
    Volume volume = sample.volume();
    return new SliceContext(
        volume.max(),
        Classifier.STANDARD.anatomy(volume.name(), volume.width()),
        sample.slice(),
        volume.slices());
  }

  /**
   * 1 − SSIM, the mean over each volume's slices, then over volumes; every volume has one fixed
   * mask. NaN if asked to stop before the end.
   */
  private double validate(BooleanSupplier stop) {
    List<SliceIndex> slices = validation.slices();
    Map<Volume, List<Double>> byVolume = new LinkedHashMap<>();
    MaskSource source = MaskSource.perVolume(this::masks, settings.seed());
    try (SliceLoader loader =
        new SliceLoader(validation, slices, source, settings.badFiles(), settings.workers())) {
      for (int done = 1; loader.hasNext(); done++) {
        Sample sample = loader.next();
        byVolume
            .computeIfAbsent(sample.volume(), volume -> new ArrayList<>())
            .add(1 - similarity(sample));
        listener.validated(epoch, done, slices.size());
        if (stop.getAsBoolean()) {
          return Double.NaN;
        }
      }
      loader.problems().forEach(listener::skipped);
    }
    return byVolume.values().stream()
        .mapToDouble(Trainer::mean)
        .average()
        .orElseThrow(() -> new DataException(validation.root() + ": no slice could be read"));
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  private double similarity(Sample sample) {
    return Scope.run(() -> {
      Slice slice = Slice.upload(network.device(), sample, context(sample));
      int size = sample.volume().imageSize();
      Tensor image = network.model().reconstruct(slice.kspace(), slice.mask(), size, size);
      SliceContext context = slice.context();
      return Metric.SSIM.perSlice(image, slice.target(), context.dataRange(), context.anatomy())[0];
    });
  }

  /** Frees the optimiser's moments. */
  @Override
  public void close() {
    adam.close();
  }
}
