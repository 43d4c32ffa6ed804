package dev.larmor.models.ssl.adapt.segmentation;

import dev.larmor.engine.Device;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.fit.Fit;
import dev.larmor.models.fit.FitListener;
import dev.larmor.models.fit.FitSettings;
import dev.larmor.models.resenc.ResidualUnet;
import dev.larmor.models.ssl.adapt.PretrainedEncoder;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Case;
import dev.larmor.models.ssl.adapt.segmentation.score.CasePictures;
import dev.larmor.models.ssl.adapt.segmentation.score.CaseScore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;

/**
 * One fold: trains on its training cases, then segments its held-out ones whole, on their own
 * grids, and scores them.
 *
 * @param decoderFirst how the decoder alone is trained before, if it is: the encoder keeps what it
 *     learned in pre-training until there is something to learn from
 * @param folder of the fold's checkpoints and logs; {@code validation/} gets the segmentations
 */
public record FoldTraining(
    Segmenter segmenter,
    PreparedCases prepared,
    TrainingSettings settings,
    FitSettings fit,
    Optional<FitSettings> decoderFirst,
    Path folder,
    Device device) {
  /** What is measured in training: the mean Dice of the held-out cases. */
  public static final String HELD_OUT_DICE = "held_out_dice";

  /**
   * Trains.
   *
   * @param resume whether to go on from a checkpoint, if there is one
   * @param listener is made for each part of the training, of the epochs that come before it
   * @return false if it was stopped
   * @throws dev.larmor.models.data.DataException if a file is not what it should be
   */
  public boolean train(
      List<Case> training,
      List<Case> heldOut,
      boolean resume,
      IntFunction<FitListener> listener,
      BooleanSupplier stop) {
    Path before = folder.resolve("decoder");
    boolean begun = resume && (Files.exists(Fit.latest(folder)) || Files.exists(Fit.last(folder)));
    if (decoderFirst.isPresent() && !begun) {
      try (ResidualUnet network = first()) {
        network.freezeEncoder();
        SegmentationTask task = task(network, training, List.of());
        if (!run(task, decoderFirst.get(), before, resume, listener.apply(0), stop)) {
          return false;
        }
      }
    }
    int epochs = decoderFirst.map(FitSettings::epochs).orElse(0);
    try (ResidualUnet network =
        decoderFirst.isPresent() ? segmenter.load(Fit.last(before), device) : first()) {
      SegmentationTask task = task(network, training, heldOut);
      return run(task, fit, folder, resume, listener.apply(epochs), stop);
    }
  }

  /** The network with its first values. */
  private ResidualUnet first() {
    ResidualUnet network = segmenter.network(device, settings.seed());
    try {
      settings.pretrained().ifPresent(file -> new PretrainedEncoder(file).loadInto(network));
      return network;
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }

  private SegmentationTask task(ResidualUnet network, List<Case> training, List<Case> heldOut) {
    return new SegmentationTask(
        segmenter,
        network,
        device,
        settings,
        training.stream().map(prepared::file).toList(),
        heldOut.stream().map(prepared::file).toList());
  }

  private static boolean run(
      SegmentationTask task,
      FitSettings settings,
      Path folder,
      boolean resume,
      FitListener listener,
      BooleanSupplier stop) {
    try (Fit run = new Fit(task, settings, folder, listener)) {
      if (resume) {
        run.resume();
      }
      return run.run(stop) == Fit.End.COMPLETED;
    }
  }

  /**
   * Segments and scores the held-out cases by the last checkpoint.
   *
   * @param pictures what to draw, if anything
   * @param done is told after each case
   * @return the scores; empty if it was stopped
   */
  public Optional<List<CaseScore>> validate(
      List<Case> heldOut,
      SlidingWindow window,
      Optional<CasePictures> pictures,
      Runnable done,
      BooleanSupplier stop) {
    try (ResidualUnet network = segmenter.load(Fit.last(folder), device)) {
      Segmentation segmentation = new Segmentation(segmenter, network, window, device);
      List<CaseScore> scores = new ArrayList<>();
      for (Case one : heldOut) {
        Path into = folder.resolve("validation").resolve(one.name() + ".nii.gz");
        Image3d image = one.image();
        Image3d truth = one.truth(image, prepared.labels());
        Optional<Image3d> found = segmentation.run(one, image, into, stop);
        if (found.isEmpty()) {
          return Optional.empty();
        }
        pictures.ifPresent(p -> p.save(one.name(), image, truth, found.get()));
        scores.add(CaseScore.of(one.name(), into, truth, found.get(), prepared.labels()));
        done.run();
      }
      return Optional.of(scores);
    }
  }
}
