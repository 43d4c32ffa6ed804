package dev.larmor.models.data.fastmri;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.MaskPolicy;
import dev.larmor.models.data.SamplingMask;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;

/** Decides the sampling mask of each sample a {@link SliceLoader} delivers. */
@FunctionalInterface
public interface MaskSource {
  /**
   * The mask of one sample; called on worker threads, in any order.
   *
   * @param volume the sample's volume
   * @param position the sample's position in the loader's order, from 0
   */
  SamplingMask mask(Volume volume, long position);

  /** Each file's own mask: for reconstruction. */
  static MaskSource ofFile() {
    return (volume, position) -> volume.mask();
  }

  /**
   * A fresh mask for every sample: for training.
   *
   * @param policy how to draw for a volume
   * @param seed the run's seed
   * @param epoch the epoch
   * @param number in this epoch of the sample at a position of the loader's order: with a resumed
   *     epoch, or where ranks share it, a loader has not all of them
   */
  static MaskSource perSample(
      Function<Volume, MaskPolicy> policy, long seed, long epoch, LongUnaryOperator number) {
    Philox stream = Philox.of(seed, "training mask").with(epoch);
    return (volume, position) ->
        policy.apply(volume).draw(volume.width(), stream.with(number.applyAsLong(position)));
  }

  /**
   * One fixed mask for each volume, drawn by its file name: for validation.
   *
   * @param policy how to draw for a volume
   */
  static MaskSource perVolume(Function<Volume, MaskPolicy> policy, long seed) {
    Philox stream = Philox.of(seed, "validation mask");
    return (volume, position) ->
        policy.apply(volume).draw(volume.width(), stream.with(volume.name()));
  }
}
