package dev.larmor.models.ssl.adapt.segmentation;

import dev.larmor.autograd.GradSink;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.fit.Task;
import dev.larmor.models.io.ReadAhead;
import dev.larmor.models.resenc.ResidualUnet;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.ssl.adapt.segmentation.score.Overlap;
import dev.larmor.models.ssl.preprocess.MaskKind;
import dev.larmor.models.ssl.preprocess.store.VolumeFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Learns to segment: each step's batch is patches of random cases, its loss {@link
 * DiceCrossEntropy}. Every few epochs the held-out cases are segmented on their prepared grids.
 */
final class SegmentationTask implements Task {
  private final Segmenter segmenter;
  private final ResidualUnet network;
  private final Device device;
  private final TrainingSettings settings;
  private final Patches patches;
  private final List<Path> heldOut;
  private final DiceCrossEntropy criterion;
  private final Recompute recompute;
  private final Segmentation segmentation;

  /**
   * A task.
   *
   * @param training files of prepared cases
   * @param heldOut likewise
   */
  SegmentationTask(
      Segmenter segmenter,
      ResidualUnet network,
      Device device,
      TrainingSettings settings,
      List<Path> training,
      List<Path> heldOut) {
    this.segmenter = segmenter;
    this.network = network;
    this.device = device;
    this.settings = settings;
    this.heldOut = heldOut;
    patches =
        Patches.of(
            training,
            segmenter.labels().size(),
            segmenter.extent(),
            settings.foreground(),
            settings.augmented(),
            settings.seed());
    criterion = new DiceCrossEntropy(settings.batchDice());
    recompute = settings.recompute() ? Recompute.ALWAYS : Recompute.NEVER;
    SlidingWindow window = new SlidingWindow(segmenter.extent(), 0.5, false);
    segmentation = new Segmentation(segmenter, network, window, device);
  }

  @Override
  public ModelState model() {
    return new ModelState(Segmenter.ARCHITECTURE, network, null);
  }

  @Override
  public Map<String, String> identity() {
    Map<String, String> same = new LinkedHashMap<>();
    same.put("training cases", names(patches.files()));
    same.put("held-out cases", names(heldOut));
    same.put("network", segmenter.toString());
    same.put("initial weights", settings.pretrained().map(Path::toString).orElse("random"));
    same.put("batch", Integer.toString(settings.batch()));
    same.put("batch Dice", Boolean.toString(settings.batchDice()));
    same.put("foreground share", Double.toString(settings.foreground()));
    same.put("augmentation", Boolean.toString(settings.augmented()));
    same.put("validation interval", Integer.toString(settings.validationInterval()));
    same.put("seed", Long.toString(settings.seed()));
    return same;
  }

  private static String names(List<Path> files) {
    return String.join(" ", files.stream().map(file -> file.getFileName().toString()).toList());
  }

  @Override
  public Map<String, String> description() {
    return segmenter.metadata();
  }

  @Override
  public Steps steps(long first, int count) {
    int batch = settings.batch();
    ReadAhead<Patches.Sample> samples =
        new ReadAhead<>(
            "patch-loader",
            Math.multiplyExact(count, batch),
            settings.workers(),
            batch + settings.workers(),
            () ->
                new ReadAhead.Worker<>() {
                  @Override
                  public Patches.Sample make(int position) {
                    return patches.sample(first * batch + position);
                  }

                  @Override
                  public void close() {}
                });
    return new Steps() {
      @Override
      public Map<String, Double> next(double scale, GradSink sink) {
        Extent size = segmenter.extent();
        int values = segmenter.channels().size() * size.voxels();
        float[] images = new float[batch * values];
        int[] labels = new int[batch * size.voxels()];
        for (int i = 0; i < batch; i++) {
          Patches.Sample sample = samples.next();
          System.arraycopy(sample.image(), 0, images, i * values, values);
          for (int voxel = 0; voxel < size.voxels(); voxel++) {
            labels[i * size.voxels() + voxel] = sample.labels()[voxel];
          }
        }
        return Scope.run(() -> pass(images, labels, scale, sink));
      }

      @Override
      public void close() {
        samples.close();
      }
    };
  }

  private Map<String, Double> pass(float[] images, int[] labels, double scale, GradSink sink) {
    Extent size = segmenter.extent();
    TensorSpec spec =
        TensorSpec.of(
            DType.F32,
            settings.batch(),
            segmenter.channels().size(),
            size.n0(),
            size.n1(),
            size.n2());
    Tensor x = device.tensor(spec, images);
    try (Tape tape = new Tape(network.parameters(), recompute)) {
      DiceCrossEntropy.Parts loss = tape.record(() -> criterion.loss(network.apply(x), labels));
      Map<String, Double> figures = new LinkedHashMap<>();
      figures.put(LOSS, loss.total().item());
      figures.put("cross_entropy_loss", loss.crossEntropy().item());
      figures.put("dice", loss.dice().item());
      tape.backward(loss.total(), scale, sink);
      return figures;
    }
  }

  /** The mean Dice over classes of all held-out cases, after every so many epochs and the last. */
  @Override
  public Optional<Map<String, Double>> measure(int epoch, BooleanSupplier stop) {
    if (heldOut.isEmpty() || settings.validationInterval() == 0) {
      return Optional.of(Map.of());
    }
    boolean due =
        (epoch + 1) % settings.validationInterval() == 0 || epoch + 1 == settings.epochs();
    double sum = 0;
    for (int i = 0; due && i < heldOut.size(); i++) {
      try (VolumeFile volume = VolumeFile.open(heldOut.get(i))) {
        Optional<Double> dice = dice(volume, stop);
        if (dice.isEmpty()) {
          return Optional.empty();
        }
        sum += dice.get() / heldOut.size();
      }
    }
    return Optional.of(Map.of(FoldTraining.HELD_OUT_DICE, due ? sum : Double.NaN));
  }

  private Optional<Double> dice(VolumeFile volume, BooleanSupplier stop) {
    int[] shape = volume.shape();
    byte[] truth = new byte[shape[0] * shape[1] * shape[2]];
    volume.patch(MaskKind.LABELS, new int[3], shape, truth);
    Extent size = segmenter.extent();
    int[] extents = {size.n0(), size.n1(), size.n2()};
    return segmentation
        .scores(shape, (start, into) -> volume.patch(start, extents, 0, into), stop)
        .map(scores -> {
          byte[] found = Segmentation.highest(scores, truth.length);
          double[] dice = Overlap.dice(truth, found, segmenter.labels().size());
          // A class that is neither there nor found is no mistake.
          return Arrays.stream(dice).filter(d -> !Double.isNaN(d)).average().orElse(1);
        });
  }
}
