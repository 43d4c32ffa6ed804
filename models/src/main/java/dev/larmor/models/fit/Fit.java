package dev.larmor.models.fit;

import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.LossScale;
import dev.larmor.autograd.Optimizer;
import dev.larmor.engine.Collective;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.checkpoint.SavedLossScale;
import dev.larmor.models.data.DataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Trains a {@link Task} in epochs of steps.
 *
 * <p>A checkpoint holds counters, weights and the optimiser's state, is written between steps only,
 * and a run that resumes from it goes on to the same bits: whatever a task draws hangs on the
 * number of the step.
 *
 * <p>A step whose loss or gradients are not finite changes nothing and is counted; too many of them
 * in one epoch end the run.
 *
 * <p>Ranks share each step's work: gradients and figures are summed over them, so that all take the
 * same steps, and rank 0 alone writes files and is listened to. A run may go on with another number
 * of ranks.
 *
 * <p>Beside its checkpoints the folder gets {@code steps.csv}, {@code epochs.csv}, {@code
 * times.csv}, {@code progress.png}, a log for people and one for TensorBoard.
 */
public final class Fit implements AutoCloseable {
  /** How a run ended. */
  public enum End {
    COMPLETED,
    /** Asked to stop: the checkpoint {@link #latest} continues from here. */
    STOPPED
  }

  /** More steps of an epoch than this are not skipped. */
  private static final int MOST_SKIPPED = 20;

  private static final String SUM = "sum of ";

  private final Task task;
  private final FitSettings settings;
  private final Collective ranks;
  private final Path folder;
  private final FitListener listener;
  private final Optimizer optimizer;
  private final ModelState state;
  private final LossScale lossScale;
  private final RunLog log;

  // The state of the run, all of which a checkpoint holds.
  private int epoch;
  private int position; // steps of the epoch that are done with
  private int skipped; // of them
  private final Map<String, Double> sums = new LinkedHashMap<>(); // over the others
  private double seconds;
  private double start; // of the epoch, seconds since 1970
  private Optional<Double> best = Optional.empty();

  /**
   * A run that has not started, from the model's weights as they are; the optimiser's state takes
   * memory at once.
   *
   * @param ranks that share the work
   * @param folder where checkpoints and logs go
   */
  public Fit(Task task, FitSettings settings, Collective ranks, Path folder, FitListener listener) {
    this.task = task;
    this.settings = settings;
    this.ranks = ranks;
    this.folder = folder;
    this.listener = ranks.leads() ? listener : new FitListener() {};
    this.log = new RunLog(folder);
    this.lossScale = LossScale.of(settings.precision());
    ModelState model = task.model();
    this.optimizer = settings.optimizer().over(model.module().parameters());
    this.state = model.with(optimizer);
  }

  /** The same for a run that is not shared. */
  public Fit(Task task, FitSettings settings, Path folder, FitListener listener) {
    this(task, settings, Collective.single(), folder, listener);
  }

  /** The checkpoint that a stopped or killed run continues from. */
  public static Path latest(Path folder) {
    return folder.resolve("checkpoint_latest.safetensors");
  }

  /** The checkpoint of a run that is done. */
  public static Path last(Path folder) {
    return folder.resolve("checkpoint_final.safetensors");
  }

  /** The weights of the best epoch, if one is told from others. */
  public static Path best(Path folder) {
    return folder.resolve("checkpoint_best.safetensors");
  }

  /** The checkpoint after so many epochs, if it is kept. */
  public static Path after(Path folder, int epochs) {
    return folder.resolve("checkpoint_epoch_%d.safetensors".formatted(epochs));
  }

  /**
   * Goes on from {@link #last}, which has nothing left to do, or from {@link #latest}.
   *
   * @return false if there is neither
   * @throws DataException if it is of another model or run
   */
  public boolean resume() {
    boolean done = ranks.decide(Files.exists(last(folder)));
    Path file = done ? last(folder) : latest(folder);
    if (!ranks.decide(Files.exists(file))) {
      return false;
    }
    ModelState.checkShared(ranks, identity());
    Map<String, String> read = Map.of();
    if (ranks.leads()) {
      read = state.load(file, metadata -> ModelState.checkSame(file, metadata, identity()));
    }
    Map<String, String> saved = state.share(ranks, read);
    epoch = (int) ModelState.number(file, saved, "epoch");
    position = (int) ModelState.number(file, saved, "position");
    skipped = (int) ModelState.number(file, saved, "skipped");
    seconds = ModelState.real(file, saved, "seconds");
    start = ModelState.real(file, saved, "start");
    if (saved.containsKey("best")) {
      best = Optional.of(ModelState.real(file, saved, "best"));
    }
    sums.clear();
    for (String figure : saved.getOrDefault("figures", "").split(",")) {
      if (!figure.isEmpty()) {
        sums.put(figure, ModelState.real(file, saved, SUM + figure));
      }
    }
    SavedLossScale.restore(lossScale, file, saved);
    if (ranks.leads()) {
      log.rewind(epoch, position);
    }
    return true;
  }

  /** What must be the same for a resumed run to go on to the same bits. */
  private Map<String, String> identity() {
    Map<String, String> same = new LinkedHashMap<>(task.identity());
    same.put("epochs", Integer.toString(settings.epochs()));
    same.put("steps an epoch", Integer.toString(settings.steps()));
    same.put("schedule", settings.schedule().toString());
    same.put("optimizer", settings.optimizer().toString());
    same.put("clip norm", Double.toString(settings.clipNorm()));
    same.put("precision", settings.precision().label());
    return same;
  }

  private void save(ModelState what, Path file) {
    Map<String, String> metadata = new LinkedHashMap<>(task.description());
    metadata.putAll(identity());
    metadata.put("epoch", Integer.toString(epoch));
    metadata.put("position", Integer.toString(position));
    metadata.put("skipped", Integer.toString(skipped));
    metadata.put("seconds", Double.toHexString(seconds));
    metadata.put("start", Double.toHexString(start));
    best.ifPresent(value -> metadata.put("best", Double.toHexString(value)));
    metadata.put("figures", String.join(",", sums.keySet()));
    sums.forEach((figure, sum) -> metadata.put(SUM + figure, Double.toHexString(sum)));
    SavedLossScale.put(lossScale, metadata);
    what.save(file, metadata);
  }

  private void checkpoint() {
    if (ranks.leads()) {
      log.save();
      save(state, latest(folder));
    }
  }

  /**
   * Trains to the last epoch.
   *
   * @param stop asked between steps; when true on any rank, the run is saved and left
   * @throws DivergedException if too many steps of an epoch had to be skipped, or in FP16 no loss
   *     scale helps
   */
  public End run(BooleanSupplier stop) {
    ModelState.checkShared(ranks, identity());
    state.share(ranks, Map.of());
    while (epoch < settings.epochs()) {
      if (position == 0) {
        start = now();
      }
      listener.epoch(epoch, rate());
      if (ranks.leads()) {
        log.begin(epoch, rate());
      }
      if (train(stop) == End.STOPPED) {
        return End.STOPPED;
      }
      long begin = System.nanoTime();
      Optional<Map<String, Double>> measured =
          task.measure(epoch, () -> ranks.any(stop.getAsBoolean()));
      seconds += secondsSince(begin);
      if (measured.isEmpty()) {
        checkpoint();
        return End.STOPPED;
      }
      endEpoch(measured.get());
    }
    return End.COMPLETED;
  }

  private double rate() {
    return settings.schedule().rate(epoch);
  }

  private static double now() {
    return System.currentTimeMillis() * 1e-3;
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }

  /** Trains on what is left of the current epoch. */
  private End train(BooleanSupplier stop) {
    long first = (long) epoch * settings.steps() + position;
    int left = settings.steps() - position;
    if (left == 0) {
      return End.COMPLETED;
    }
    double before = seconds;
    long begin = System.nanoTime();
    try (Task.Steps steps = task.steps(first, left);
        Gradients gradients = new Gradients(task.model().module().parameters(), ranks)) {
      for (int unsaved = 1; position < settings.steps(); unsaved++) {
        Map<String, Double> own = steps.next(lossScale.value(), gradients);
        gradients.exchange();
        Told told = tell(own);
        Map<String, Double> figures = told.figures;
        position++;
        figures.keySet().forEach(figure -> sums.putIfAbsent(figure, 0.0));
        if (update(told, gradients)) {
          figures.forEach((figure, value) -> sums.merge(figure, value, Double::sum));
        }
        gradients.clear();
        seconds = before + secondsSince(begin);
        if (ranks.leads()) {
          log.step(epoch, position, figures);
        }
        listener.step(epoch, position, figures);
        boolean stopping = ranks.any(stop.getAsBoolean());
        boolean due = settings.checkpointInterval() > 0 && unsaved >= settings.checkpointInterval();
        if (stopping || (due && position < settings.steps())) {
          checkpoint();
          unsaved = 0;
        }
        if (stopping) {
          return End.STOPPED;
        }
      }
    }
    return End.COMPLETED;
  }

  /**
   * What a step found.
   *
   * @param figures of all ranks together
   * @param failed the first rank whose part of the loss is not finite, or −1
   */
  private record Told(Map<String, Double> figures, int failed) {}

  private Told tell(Map<String, Double> own) {
    Map<String, Double> figures = new LinkedHashMap<>();
    own.keySet().forEach(figure -> figures.put(figure, 0.0));
    int failed = -1;
    List<double[]> parts =
        ranks.gather(own.values().stream().mapToDouble(Double::doubleValue).toArray());
    for (int rank = 0; rank < parts.size(); rank++) {
      Iterator<String> names = own.keySet().iterator();
      for (double part : parts.get(rank)) {
        String figure = names.next();
        figures.merge(figure, part, Double::sum);
        if (figure.equals(Task.LOSS) && !Double.isFinite(part) && failed < 0) {
          failed = rank;
        }
      }
    }
    return new Told(figures, failed);
  }

  /** The optimiser's step, unless something is not finite. */
  private boolean update(Told told, Gradients gradients) {
    if (!lossScale.unscale(gradients)) {
      skipped++;
      listener.note(
          "a gradient overflowed: step skipped (%d so far), the loss scale is now 2^%d"
              .formatted(lossScale.skipped(), Math.getExponent(lossScale.value())));
      if (lossScale.isExhausted()) {
        throw new DivergedException(
            "a gradient is not finite, however small the loss scale, in epoch %d, step %d: try a smaller learning rate or --precision bf16"
                .formatted(epoch, position));
      }
      return false;
    }
    double norm = settings.clipNorm() > 0 ? gradients.clip(settings.clipNorm()) : gradients.norm();
    double loss = told.figures.get(Task.LOSS);
    if (Double.isFinite(loss) && Double.isFinite(norm)) {
      optimizer.step(gradients, rate());
      return true;
    }
    skipped++;
    listener.note(
        "epoch %d, step %d: loss %s%s, norm of the gradients %s: step skipped"
            .formatted(
                epoch,
                position,
                loss,
                ranks.size() > 1 && told.failed >= 0 ? " on rank " + told.failed : "",
                norm));
    if (skipped > MOST_SKIPPED) {
      throw new DivergedException(
          "%d steps of epoch %d had a loss or gradients that are not finite: try a smaller learning rate"
              .formatted(skipped, epoch));
    }
    return false;
  }

  private void endEpoch(Map<String, Double> measured) {
    int used = settings.steps() - skipped;
    Map<String, Double> means = new LinkedHashMap<>();
    sums.forEach((figure, sum) -> means.put(figure, sum / used));
    EpochSummary summary = new EpochSummary(epoch, rate(), means, measured, skipped, seconds);
    boolean isBest = settings.best().isPresent() && isBest(settings.best().get(), measured);
    epoch++;
    position = 0;
    skipped = 0;
    seconds = 0;
    sums.clear();
    if (ranks.leads()) {
      write(summary, isBest);
    }
    listener.done(summary, isBest);
  }

  private void write(EpochSummary summary, boolean isBest) {
    log.epoch(summary, start, now());
    log.save();
    if (isBest) {
      save(task.model(), best(folder));
    }
    if (settings.keepEvery() > 0 && epoch % settings.keepEvery() == 0) {
      save(state, after(folder, epoch));
    }
    if (epoch < settings.epochs()) {
      save(state, latest(folder));
    } else {
      save(state, last(folder));
      delete(latest(folder));
    }
    // After the checkpoint: a picture is not worth an epoch.
    log.draw();
  }

  private boolean isBest(FitSettings.Best wanted, Map<String, Double> measured) {
    Double value = measured.get(wanted.figure());
    if (value == null || value.isNaN() || (best.isPresent() && !wanted.better(value, best.get()))) {
      return false;
    }
    best = Optional.of(value);
    return true;
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be deleted: " + e.getMessage(), e);
    }
  }

  /** Frees the optimiser's state. */
  @Override
  public void close() {
    optimizer.close();
  }
}
