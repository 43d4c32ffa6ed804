package dev.larmor.models.training;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.LossScale;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Training;
import dev.larmor.engine.Collective;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shares;
import dev.larmor.engine.Shares.Share;
import dev.larmor.engine.Tensor;
import dev.larmor.models.augment.Variation;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.checkpoint.SavedLossScale;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.MaskSource;
import dev.larmor.models.data.fastmri.Sample;
import dev.larmor.models.data.fastmri.SliceIndex;
import dev.larmor.models.data.fastmri.SliceLoader;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.fit.DivergedException;
import dev.larmor.models.loss.SliceContext;
import dev.larmor.models.metric.StructuralSimilarity;
import dev.larmor.models.training.TrainingStep.Slice;
import dev.larmor.models.varnet.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Trains a network: batch 1, gradients accumulated, one rate a {@link Round}, validation after
 * each.
 *
 * <p>With k folds, every epoch holds each fold out in turn: it trains on the others, validates on
 * the one, and saves (specification section 10).
 *
 * <p>Everything random is drawn from streams named by seed, round and sample, so a run is a
 * function of its settings and data. A checkpoint holds the counters beside weights and moments, is
 * written between optimiser steps only, and a run that resumes from it goes on to the same bits.
 *
 * <p>Ranks share each step's samples: gradients are summed over them, so that all take the same
 * steps, and rank 0 alone writes files and is listened to. A run may go on with another number of
 * ranks.
 *
 * <p>A run's folder has the original system's files: {@code last_model}, {@code best_model}, {@code
 * checkpoints/epoch<e>_fold<f>} (weights alone), {@code val_loss_log.npy}; and the tables {@code
 * losses.csv} and {@code epochs.csv}.
 */
public final class Trainer implements AutoCloseable {
  /** How a run ended. */
  public enum End {
    COMPLETED,
    /** Asked to stop: the checkpoint {@code last} continues from here. */
    STOPPED
  }

  private static final String EPOCH = "epoch";
  private static final String EPOCHS = "epochs";
  private static final String RETRAINING = "retraining";
  private static final String LAST = "last_model.safetensors";
  private static final String BEST = "best_model.safetensors";

  private final Network network;
  private final TrainingSettings settings;
  private final Function<Volume, Recompute> recompute;
  private final List<Split> folds;
  private final Collective ranks;
  private final Path folder;
  private final TrainingListener listener;
  private final Adam adam;
  private final LossScale lossScale;
  private final History history;

  // The state of the run, all of which a checkpoint holds.
  private int retraining; // 0 for a first training
  private Round round;
  private int position; // slices of the round's order that are done with
  private double lossSum;
  private int losses;
  private double trainSeconds;
  private double idleSeconds;
  private double bestLoss = Double.POSITIVE_INFINITY;

  /**
   * A run that has not started; its optimiser's moments take memory at once.
   *
   * @param recompute the recompute policy for a volume's slices
   * @param folds what each of an epoch's rounds trains on and validates on: one, or {@link
   *     Split#folds}
   * @param ranks that share the work
   * @param folder where checkpoints and histories go
   * @throws IllegalArgumentException if a step has fewer samples than there are ranks
   */
  public Trainer(
      Network network,
      TrainingSettings settings,
      Function<Volume, Recompute> recompute,
      List<Split> folds,
      Collective ranks,
      Path folder,
      TrainingListener listener) {
    this.network = network;
    this.settings = settings.checked(ranks);
    this.recompute = recompute;
    this.folds = List.copyOf(folds);
    this.round = Round.numbered(0, folds.size());
    this.ranks = ranks;
    this.folder = folder;
    this.listener = ranks.leads() ? listener : new TrainingListener() {};
    this.history = new History(folder);
    this.adam = new Adam(network.model().parameters(), settings.optimizer());
    this.lossScale = LossScale.of(network.config().precision());
  }

  /** The same for a run that is not shared. */
  public Trainer(
      Network network,
      TrainingSettings settings,
      Function<Volume, Recompute> recompute,
      List<Split> folds,
      Path folder,
      TrainingListener listener) {
    this(network, settings, recompute, folds, Collective.single(), folder, listener);
  }

  /** The checkpoint that a stopped or killed run continues from. */
  public static Path last(Path folder) {
    return folder.resolve(LAST);
  }

  /** The checkpoint with the smallest validation loss. */
  public static Path best(Path folder) {
    return folder.resolve(BEST);
  }

  /** The weights after a round, if the run keeps them. */
  public static Path after(Path folder, Round round) {
    return folder
        .resolve("checkpoints")
        .resolve("epoch%d_fold%d.safetensors".formatted(round.epoch(), round.fold()));
  }

  /**
   * Whether a folder holds a run that is done.
   *
   * @throws DataException if its checkpoint cannot be read
   */
  public static boolean isComplete(Path folder) {
    Path last = last(folder);
    return Files.exists(last) && isComplete(last, ModelState.metadata(last));
  }

  /**
   * The same, of a run of this network, these settings and data.
   *
   * @throws DataException if the run there is of others
   */
  public static boolean isComplete(
      Path folder, ModelConfig network, TrainingSettings settings, List<Split> folds) {
    Path last = last(folder);
    if (!Files.exists(last)) {
      return false;
    }
    Map<String, String> saved = ModelState.metadata(last);
    ModelState.checkSame(last, saved, identity(network, settings, folds));
    return isComplete(last, saved);
  }

  private static boolean isComplete(Path last, Map<String, String> saved) {
    return ModelState.number(last, saved, EPOCH) >= ModelState.number(last, saved, EPOCHS);
  }

  /**
   * Starts from a checkpoint's weights.
   *
   * @param optimizer whether to take the optimiser's moments too
   * @throws DataException if the checkpoint is of another network or has no moments to take
   */
  public void start(Path checkpoint, boolean optimizer) {
    if (ranks.leads()) {
      Checkpoint.load(checkpoint, network, optimizer ? adam : null);
    }
  }

  /**
   * Starts where another training ended: from its weights and the optimiser's moments. What is
   * drawn – order, masks, dropout – is drawn anew.
   *
   * @param number which retraining this is, from 1
   */
  public void retrain(Path checkpoint, int number) {
    start(checkpoint, true);
    retraining = number;
  }

  /**
   * Continues from a checkpoint of the same settings and data.
   *
   * @throws DataException if the checkpoint is of another network or another run
   */
  public void resume(Path checkpoint) {
    Map<String, String> read = Map.of();
    if (ranks.leads()) {
      read = Checkpoint.load(checkpoint, network, adam);
      ModelState.checkSame(checkpoint, read, identity(network.config(), settings, folds));
    }
    Map<String, String> saved = state().share(ranks, read);
    retraining = (int) ModelState.number(checkpoint, saved, RETRAINING);
    int epoch = (int) ModelState.number(checkpoint, saved, EPOCH);
    round = new Round(epoch, (int) ModelState.number(checkpoint, saved, "fold"), folds.size());
    position = (int) ModelState.number(checkpoint, saved, "position");
    losses = (int) ModelState.number(checkpoint, saved, "losses");
    lossSum = ModelState.real(checkpoint, saved, "loss_sum");
    trainSeconds = ModelState.real(checkpoint, saved, "train_seconds");
    idleSeconds = ModelState.real(checkpoint, saved, "idle_seconds");
    bestLoss = ModelState.real(checkpoint, saved, "best_loss");
    SavedLossScale.restore(lossScale, checkpoint, saved);
    if (ranks.leads()) {
      history.rewind(round, position);
    }
  }

  private ModelState state() {
    return Checkpoint.state(network, adam);
  }

  /** What must be the same for a resumed run to go on to the same bits. */
  private static Map<String, String> identity(
      ModelConfig network, TrainingSettings settings, List<Split> folds) {
    Map<String, String> same = new LinkedHashMap<>();
    same.put("seed", Long.toString(settings.seed()));
    for (int f = 0; f < folds.size(); f++) {
      same.put("training data of fold " + f, summary(folds.get(f).training()));
      same.put("validation data of fold " + f, summary(folds.get(f).validation()));
    }
    same.put("folds", Integer.toString(folds.size()));
    same.put("configuration", NetworkDescription.write(network));
    same.put("criterion", settings.criterion().label());
    same.put("optimizer", settings.optimizer().toString());
    same.put("schedule", settings.schedule().toString());
    same.put("accumulation", Integer.toString(settings.accumulation()));
    same.put("clip norm", Double.toString(settings.clipNorm()));
    same.put("masks", settings.masks().toString());
    same.put("augmentation", settings.augmentation().toString());
    return same;
  }

  private static String summary(VolumeSet data) {
    long digest = 0;
    for (Volume volume : data.volumes()) {
      digest = 31 * digest + Objects.hash(volume.name(), volume.slices(), volume.anatomy().label());
    }
    return "%d slices in %d volumes (%08x)"
        .formatted(data.slices().size(), data.volumes().size(), (int) (digest ^ digest >>> 32));
  }

  private void save(Path file) {
    Map<String, String> state = new LinkedHashMap<>(identity(network.config(), settings, folds));
    state.put(RETRAINING, Integer.toString(retraining));
    state.put(EPOCH, Integer.toString(round.epoch()));
    state.put(EPOCHS, Integer.toString(settings.epochs()));
    state.put("fold", Integer.toString(round.fold()));
    state.put("position", Integer.toString(position));
    state.put("losses", Integer.toString(losses));
    state.put("loss_sum", Double.toHexString(lossSum));
    state.put("train_seconds", Double.toHexString(trainSeconds));
    state.put("idle_seconds", Double.toHexString(idleSeconds));
    state.put("best_loss", Double.toHexString(bestLoss));
    SavedLossScale.put(lossScale, state);
    Checkpoint.save(file, network, adam, state);
  }

  /**
   * Trains to the last round.
   *
   * @param stop asked between optimiser steps and between validation's slices; when true on any
   *     rank, the run is saved and left
   * @throws DivergedException if a loss is NaN or infinite, or in FP16 all gradients are
   * @throws DataException if a slice cannot be read, unless bad files are skipped
   */
  public End run(BooleanSupplier stop) {
    ModelState.checkShared(ranks, identity(network.config(), settings, folds));
    state().share(ranks, Map.of());
    BooleanSupplier shared = () -> ranks.any(stop.getAsBoolean());
    int rounds = settings.epochs() * folds.size();
    while (round.number() < rounds) {
      listener.round(round, rate());
      if (train(shared) == End.STOPPED) {
        return End.STOPPED;
      }
      long start = System.nanoTime();
      double validationLoss = validate(shared);
      if (Double.isNaN(validationLoss)) {
        checkpoint();
        return End.STOPPED;
      }
      endRound(validationLoss, secondsSince(start));
    }
    return End.COMPLETED;
  }

  private Split split() {
    return folds.get(round.fold());
  }

  private double rate() {
    return settings.schedule().rate(round.number());
  }

  private void endRound(double validationLoss, double validationSeconds) {
    if (losses == 0) {
      throw new DataException(split().training().name() + ": no slice could be read");
    }
    Round.Summary summary =
        new Round.Summary(
            round,
            lossSum / losses,
            validationLoss,
            rate(),
            trainSeconds,
            idleSeconds,
            validationSeconds);
    boolean best = validationLoss < bestLoss;
    bestLoss = Math.min(bestLoss, validationLoss);
    round = Round.numbered(round.number() + 1, folds.size());
    position = 0;
    lossSum = 0;
    losses = 0;
    trainSeconds = 0;
    idleSeconds = 0;
    if (ranks.leads()) {
      history.add(summary);
      if (settings.keepRounds()) {
        Checkpoint.save(after(folder, summary.round()), network, null, Map.of());
      }
      if (best) {
        save(best(folder));
      }
    }
    checkpoint();
    listener.done(summary, best);
  }

  private void checkpoint() {
    if (ranks.leads()) {
      history.save();
      save(last(folder));
    }
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }

  /** What the draws of this training are seeded with: a retraining's are others. */
  private long seed() {
    return retraining == 0
        ? settings.seed()
        : Philox.of(settings.seed(), "retraining").with(retraining).key();
  }

  /** The slices of the current round in their random order. */
  private List<SliceIndex> order() {
    List<SliceIndex> slices = split().training().slices();
    List<SliceIndex> order = new ArrayList<>(slices.size());
    for (int i : Philox.of(seed(), "shuffle").with(round.number()).permutation(slices.size())) {
      order.add(slices.get(i));
    }
    return order;
  }

  /**
   * This rank's samples of what is left of a round of {@code total}: of each step's samples its
   * share, by position.
   */
  private int[] own(int total) {
    IntStream.Builder own = IntStream.builder();
    for (int first = position; first < total; first += settings.accumulation()) {
      Share share = ranks.share(Math.min(settings.accumulation(), total - first));
      for (int i = share.first(); i < share.end(); i++) {
        own.add(first + i);
      }
    }
    return own.build().toArray();
  }

  /** Trains on what is left of the current round. */
  private End train(BooleanSupplier stop) {
    List<SliceIndex> order = order();
    int total = order.size();
    double rate = rate();
    long start = System.nanoTime();
    double before = trainSeconds;
    double idleBefore = idleSeconds;
    int[] own = own(total);
    MaskSource source =
        MaskSource.perSample(
            settings.masks()::policy, seed(), round.number(), i -> own[Math.toIntExact(i)]);
    try (SliceLoader loader =
            new SliceLoader(
                split().training(),
                Arrays.stream(own).mapToObj(order::get).toList(),
                source,
                settings.badFiles(),
                settings.workers());
        Lookahead samples = new Lookahead(loader, order, own);
        Gradients gradients = new Gradients(network.model().parameters(), ranks)) {
      int unsaved = 0;
      while (position < total) {
        int end = Math.min(position + settings.accumulation(), total);
        double[] found = accumulate(samples, end, total, gradients);
        gradients.exchange();
        trainSeconds = before + secondsSince(start);
        idleSeconds = idleBefore + samples.waited;
        int losses = told(found, total);
        position = end;
        if (losses > 0) {
          update(gradients, rate);
        }
        gradients.clear();
        unsaved += losses;
        boolean stopping = stop.getAsBoolean();
        if (stopping || (unsaved >= settings.checkpointInterval() && position < total)) {
          checkpoint();
          unsaved = 0;
        }
        if (stopping) {
          return End.STOPPED;
        }
      }
      problems(loader);
    }
    return End.COMPLETED;
  }

  /** Tells of the slices that any rank left out. */
  private void problems(SliceLoader loader) {
    ranks.gather(loader.problems()).forEach(listener::skipped);
  }

  /**
   * Forward and backward passes of this rank's samples of a step; bad ones are left out.
   *
   * @param end of the step's positions
   * @return position and loss of each
   */
  private double[] accumulate(Lookahead samples, int end, int total, Gradients gradients) {
    DoubleStream.Builder found = DoubleStream.builder();
    while (samples.hasNext(end)) {
      Uploaded uploaded = samples.next();
      if (!samples.hasNext(end)) {
        gradients.lastPass();
      }
      long number = (long) round.number() * total + uploaded.position;
      try (Uploaded sample = augmented(uploaded)) {
        found.add(sample.position).add(step(sample, number, gradients));
      }
    }
    return found.build().toArray();
  }

  /** Takes in what all ranks found in a step, in the order of their samples: how many there are. */
  private int told(double[] own, int total) {
    int count = 0;
    for (double[] found : ranks.gather(own)) {
      for (int i = 0; i < found.length; i += 2) {
        int iteration = (int) found[i] + 1;
        double loss = found[i + 1];
        lossSum += loss;
        losses++;
        count++;
        if (ranks.leads()) {
          history.add(round, iteration, loss);
        }
        listener.iteration(round, iteration, total, loss);
      }
    }
    return count;
  }

  /** The optimiser's step, unless a gradient overflowed. */
  private void update(Gradients gradients, double rate) {
    if (!lossScale.unscale(gradients)) {
      listener.overflowed(lossScale);
      if (lossScale.isExhausted()) {
        throw new DivergedException(
            "a gradient is not finite, however small the loss scale, in epoch %d, iteration %d:"
                    .formatted(round.epoch(), position)
                + " try a smaller learning rate, --clip-norm or --precision bf16");
      }
      return;
    }
    if (settings.clipNorm() > 0) {
      gradients.clip(settings.clipNorm());
    }
    adam.step(gradients, rate);
  }

  /**
   * A sample on the device.
   *
   * @param position in the round's order
   */
  private record Uploaded(int position, Volume volume, int index, Slice slice)
      implements AutoCloseable {
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
    private final List<SliceIndex> order;
    private final int[] own;
    private int asked; // of own, those that were delivered or left out as bad
    private Uploaded next;
    private double waited; // seconds

    Lookahead(SliceLoader loader, List<SliceIndex> order, int[] own) {
      this.loader = loader;
      this.order = order;
      this.own = own;
      fetch();
    }

    private void fetch() {
      next = null;
      long start = System.nanoTime();
      boolean found = loader.hasNext();
      waited += secondsSince(start);
      if (found) {
        Sample sample = loader.next();
        Slice slice =
            Scope.run(() -> Slice.upload(network.device(), sample, context(sample)).unscoped());
        next = new Uploaded(position(sample), sample.volume(), sample.slice(), slice);
        loader.recycle(sample);
      }
    }

    /** Where the sample is in the round's order: those before it were left out. */
    private int position(Sample sample) {
      while (!is(order.get(own[asked]), sample)) {
        asked++;
      }
      return own[asked++];
    }

    /** Whether a sample follows before a position. */
    boolean hasNext(int end) {
      return next != null && next.position < end;
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

  private boolean is(SliceIndex index, Sample sample) {
    return index.slice() == sample.slice()
        && split().training().volumes().get(index.volume()).equals(sample.volume());
  }

  /** What is trained on in place of a sample; what comes from the data set is freed. */
  private Uploaded augmented(Uploaded sample) {
    Philox stream = Philox.of(seed(), "augmentation").with(round.number()).with(sample.position);
    Variation variation = settings.augmentation().draw(stream);
    if (variation.isNone()) {
      return sample;
    }
    try (sample) {
      Slice varied = Scope.run(() -> sample.slice.varied(variation).unscoped());
      return new Uploaded(sample.position, sample.volume, sample.index, varied);
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
            new Training(seed(), adam.steps(), number),
            lossScale.value() / settings.accumulation());
    double loss = Scope.run(() -> work.run(sample.slice, gradients).loss().item());
    if (!Double.isFinite(loss)) {
      throw new DivergedException(
          "the loss is %s in epoch %d, iteration %d (%s, slice %d): try a smaller learning rate or --clip-norm"
              .formatted(loss, round.epoch(), sample.position, volume.name(), sample.index));
    }
    return loss;
  }

  private static SliceContext context(Sample sample) {
    Volume volume = sample.volume();
    return new SliceContext(volume.max(), volume.anatomy(), sample.slice(), volume.slices());
  }

  /**
   * 1 − SSIM, the mean over each volume's slices, then over volumes; every volume has one fixed
   * mask. NaN if asked to stop before the end.
   */
  private double validate(BooleanSupplier stop) {
    VolumeSet validation = split().validation();
    List<SliceIndex> slices = validation.slices();
    Shares shares = ranks.shares(slices.size());
    Share own = shares.of(ranks.rank());
    DoubleStream.Builder found = DoubleStream.builder(); // number of the volume, loss
    MaskSource source = MaskSource.perVolume(settings.masks()::policy, settings.seed());
    try (SliceLoader loader =
        new SliceLoader(
            validation,
            slices.subList(own.first(), own.end()),
            source,
            settings.badFiles(),
            settings.workers())) {
      int most = Collections.max(shares.counts());
      for (int i = 0; i < most; i++) {
        if (loader.hasNext()) {
          Sample sample = loader.next();
          found.add(validation.volumes().indexOf(sample.volume())).add(1 - similarity(sample));
          loader.recycle(sample);
        }
        listener.validated(round, Math.min((i + 1) * ranks.size(), slices.size()), slices.size());
        if (stop.getAsBoolean()) {
          return Double.NaN;
        }
      }
      problems(loader);
    }
    Map<Double, List<Double>> byVolume = new LinkedHashMap<>();
    for (double[] each : ranks.gather(found.build().toArray())) {
      for (int i = 0; i < each.length; i += 2) {
        byVolume.computeIfAbsent(each[i], volume -> new ArrayList<>()).add(each[i + 1]);
      }
    }
    return byVolume.values().stream()
        .mapToDouble(Trainer::mean)
        .average()
        .orElseThrow(() -> new DataException(validation.name() + ": no slice could be read"));
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  private double similarity(Sample sample) {
    return Scope.run(() -> {
      Slice slice = Slice.upload(network.device(), sample, context(sample));
      int size = sample.volume().imageSize();
      Tensor image = network.model().reconstruct(slice.kspace(), slice.mask(), size, size);
      return StructuralSimilarity.perSlice(image, slice.target(), slice.context().dataRange())[0];
    });
  }

  /** Frees the optimiser's moments. */
  @Override
  public void close() {
    adam.close();
  }
}
