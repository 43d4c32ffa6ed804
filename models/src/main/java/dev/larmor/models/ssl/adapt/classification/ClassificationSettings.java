package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.models.resenc.ResidualEncoder;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How a classifier is made; checked once.
 *
 * @param encoder its channels are the images of a case
 * @param pretrained weights to start the encoder from
 * @param side of the cube that the network sees, in voxels of 1 mm
 * @param epochs passes over the training cases
 * @param warmup epochs in which the learning rate rises
 * @param rate the learning rate after them, from where it falls along a cosine
 * @param batch cases that go through the network together
 * @param accumulation batches whose gradients make a step; an epoch's last step may have fewer
 * @param smoothing see {@link dev.larmor.engine.op.CrossEntropy}
 * @param balanced whether every class counts the same in the loss, however many cases it has
 * @param recompute whether the encoder's blocks run again in the backward pass, to save memory
 */
public record ClassificationSettings(
    ResidualEncoder.Config encoder,
    Optional<Path> pretrained,
    int side,
    double dropout,
    Tuning tuning,
    int epochs,
    int warmup,
    double rate,
    double weightDecay,
    int batch,
    int accumulation,
    double smoothing,
    boolean balanced,
    Augmentation augmentation,
    boolean recompute,
    long seed) {
  public ClassificationSettings {
    if (batch < 1 || accumulation < 1) {
      throw new IllegalArgumentException(
          "%d batches of %d cases make no step: both must be at least 1"
              .formatted(accumulation, batch));
    }
    if (!(smoothing >= 0 && smoothing < 1)) {
      throw new IllegalArgumentException("label smoothing must be in [0, 1), not " + smoothing);
    }
    if (!(rate > 0) || !(weightDecay >= 0)) {
      throw new IllegalArgumentException(
          "the learning rate %s must be positive, the weight decay %s not negative"
              .formatted(rate, weightDecay));
    }
    int least = tuning == Tuning.SAWTOOTH ? 3 * warmup : warmup;
    if (warmup < 0 || epochs <= least || tuning == Tuning.SAWTOOTH && warmup == 0) {
      throw new IllegalArgumentException(
          "%d epochs with a warm-up of %d: %s"
              .formatted(
                  epochs,
                  warmup,
                  tuning == Tuning.SAWTOOTH
                      ? "the saw-tooth wants a warm-up and more than three times as many epochs"
                      : "a warm-up is not negative and shorter than the whole"));
    }
  }

  /** Cases of a step. */
  int perStep() {
    return Math.multiplyExact(batch, accumulation);
  }
}
