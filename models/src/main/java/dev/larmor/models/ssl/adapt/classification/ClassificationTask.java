package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.autograd.GradSink;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.autograd.Training;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.fit.Task;
import dev.larmor.models.io.ReadAhead;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Training a classifier on some cases and measuring it on others.
 *
 * <p>An epoch has every training case once, in an order drawn for the epoch. Samples are numbered
 * over the whole run; how sample number g is varied hangs on the seed and g alone.
 */
final class ClassificationTask implements Task {
  private final Classifier classifier;
  private final ClassificationSettings settings;
  private final LabelledCases cases;
  private final PreparedCases prepared;
  private final int[] training;
  private final int[] heldOut;
  private final ClassLoss criterion;
  private final Recompute recompute;
  private final int workers;

  /**
   * A task.
   *
   * @param training the cases to train on, by their places
   * @param heldOut the cases to measure on
   * @param workers threads that read ahead; nothing else hangs on them
   */
  ClassificationTask(
      Classifier classifier,
      ClassificationSettings settings,
      LabelledCases cases,
      PreparedCases prepared,
      int[] training,
      int[] heldOut,
      int workers) {
    this.classifier = classifier;
    this.settings = settings;
    this.cases = cases;
    this.prepared = prepared;
    this.training = training.clone();
    this.heldOut = heldOut.clone();
    this.workers = workers;
    int classes = cases.classes().size();
    List<Double> weights = new ArrayList<>();
    for (int c = 0; c < classes; c++) {
      weights.add(1.0);
    }
    if (settings.balanced()) {
      int[] labels = Arrays.stream(training).map(i -> cases.labels()[i]).toArray();
      weights = ClassLoss.balanced(labels, classes);
    }
    criterion = new ClassLoss(settings.smoothing(), weights);
    recompute = settings.recompute() ? Recompute.ALWAYS : Recompute.NEVER;
  }

  /** Steps of an epoch. */
  int steps() {
    return (training.length + settings.perStep() - 1) / settings.perStep();
  }

  @Override
  public ModelState model() {
    return classifier.state();
  }

  @Override
  public Map<String, String> identity() {
    Map<String, String> identity = new LinkedHashMap<>();
    identity.putAll(classifier.config().metadata());
    identity.put("training cases", digest(training));
    identity.put("held-out cases", digest(heldOut));
    identity.put("pretrained", settings.pretrained().map(Path::toString).orElse("nothing"));
    identity.put("mode", settings.tuning().toString());
    identity.put("cases a batch", Integer.toString(settings.batch()));
    identity.put("batches a step", Integer.toString(settings.accumulation()));
    identity.put("label smoothing", Double.toString(settings.smoothing()));
    identity.put("class weights", criterion.weights().toString());
    identity.put("augmentation", settings.augmentation().toString());
    identity.put("seed", Long.toString(settings.seed()));
    return identity;
  }

  private String digest(int[] some) {
    StringBuilder text = new StringBuilder();
    for (int i : some) {
      text.append(prepared.name(i)).append(' ').append(cases.labels()[i]).append('\n');
    }
    return some.length + " cases " + Digest.of(text.toString());
  }

  @Override
  public Map<String, String> description() {
    return classifier.config().metadata();
  }

  /** The number of a step's first sample. */
  private long start(long step) {
    long epoch = step / steps();
    long within = step % steps() * settings.perStep();
    return epoch * training.length + within;
  }

  @Override
  public Steps steps(long first, int count) {
    return new CaseSteps(first, count);
  }

  /** The case that a sample is made of. */
  private int caseOf(int[] order, long sample) {
    return training[order[(int) (sample % training.length)]];
  }

  private int[] order(long epoch) {
    return Philox.of(settings.seed(), "case order").with(epoch).permutation(training.length);
  }

  private final class CaseSteps implements Steps {
    private final ReadAhead<float[]> samples;
    private long step;

    CaseSteps(long first, int count) {
      step = first;
      long begin = start(first);
      samples =
          readAhead(
              Math.toIntExact(start(first + count) - begin),
              () -> {
                // One thread's own: the order of the epoch that it is in.
                long[] epoch = {-1};
                int[][] order = new int[1][];
                return position -> {
                  long sample = begin + position;
                  if (sample / training.length != epoch[0]) {
                    epoch[0] = sample / training.length;
                    order[0] = order(epoch[0]);
                  }
                  return varied(caseOf(order[0], sample), sample);
                };
              });
    }

    private float[] varied(int index, long sample) {
      float[] voxels = prepared.read(index);
      Philox stream = Philox.of(settings.seed(), "augmentation").with(sample);
      settings.augmentation().apply(voxels, classifier.config().side(), stream);
      return voxels;
    }

    @Override
    public Map<String, Double> next(double scale, GradSink sink) {
      long begin = start(step);
      int[] order = order(begin / training.length);
      int size = (int) (start(step + 1) - begin);
      int[] labels = new int[size];
      Arrays.setAll(labels, i -> cases.labels()[caseOf(order, begin + i)]);
      double total = criterion.total(labels);
      double loss = 0;
      for (int first = 0; first < size; first += settings.batch()) {
        int end = Math.min(size, first + settings.batch());
        Training here = new Training(settings.seed(), step, begin + first);
        int[] own = Arrays.copyOfRange(labels, first, end);
        loss += here.run(() -> Scope.run(() -> backward(own, total, scale, sink)));
      }
      step++;
      return Map.of(LOSS, loss);
    }

    private double backward(int[] labels, double total, double scale, GradSink sink) {
      List<float[]> batch = new ArrayList<>();
      for (int i = 0; i < labels.length; i++) {
        batch.add(samples.next());
      }
      try (Tape tape = new Tape(classifier.network().parameters(), recompute)) {
        Tensor x = classifier.upload(batch);
        Tensor part =
            tape.record(() -> criterion.part(classifier.network().apply(x), labels, total));
        double value = part.item();
        tape.backward(part, scale, sink);
        return value;
      }
    }

    @Override
    public void close() {
      samples.close();
    }
  }

  /** Prepared cases, read ahead; each thread asks once for what it reads with. */
  private ReadAhead<float[]> readAhead(int count, Supplier<IntFunction<float[]>> reader) {
    return new ReadAhead<>(
        "cases",
        count,
        workers,
        settings.batch() + workers,
        () -> {
          IntFunction<float[]> own = reader.get();
          return new ReadAhead.Worker<>() {
            @Override
            public float[] make(int position) {
              return own.apply(position);
            }

            @Override
            public void close() {}
          };
        });
  }

  /**
   * How probable each class is for each held-out case.
   *
   * @param stop asked between batches
   * @return empty if asked to stop
   */
  Optional<double[][]> probabilities(BooleanSupplier stop) {
    double[][] all = new double[heldOut.length][];
    try (ReadAhead<float[]> read =
        readAhead(heldOut.length, () -> position -> prepared.read(heldOut[position]))) {
      for (int first = 0; first < heldOut.length; first += settings.batch()) {
        if (stop.getAsBoolean()) {
          return Optional.empty();
        }
        List<float[]> batch = new ArrayList<>();
        while (batch.size() < settings.batch() && read.hasNext()) {
          batch.add(read.next());
        }
        double[][] some = classifier.probabilities(batch);
        System.arraycopy(some, 0, all, first, some.length);
      }
    }
    return Optional.of(all);
  }

  /** The held-out cases' labels. */
  int[] labels() {
    return Arrays.stream(heldOut).map(i -> cases.labels()[i]).toArray();
  }

  @Override
  public Optional<Map<String, Double>> measure(int epoch, BooleanSupplier stop) {
    return probabilities(stop).map(p -> Scores.of(labels(), p).named());
  }
}
