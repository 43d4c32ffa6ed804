package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.engine.Philox;
import dev.larmor.models.simclr.view.Change;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Flips;
import dev.larmor.models.simclr.view.IntensityChanges;
import dev.larmor.models.simclr.view.Mirror;
import dev.larmor.models.simclr.view.Volume;
import java.util.Arrays;
import java.util.List;

/**
 * How cases are varied in training, so that the network does not learn them by heart.
 *
 * @param mirrored axes that are reversed in half of the samples, of 0, 1, 2
 * @param intensities whether they are changed as in {@link IntensityChanges}, each channel by
 *     itself
 */
public record Augmentation(List<Integer> mirrored, boolean intensities) {
  /** Nothing is varied. */
  public static final Augmentation NONE = new Augmentation(List.of(), false);

  public Augmentation {
    mirrored = mirrored.stream().distinct().sorted().toList();
    if (!List.of(0, 1, 2).containsAll(mirrored)) {
      throw new IllegalArgumentException("axes to mirror are 0, 1 and 2, not " + mirrored);
    }
  }

  /**
   * Varies a sample in place.
   *
   * @param voxels {@code [channels, side, side, side]}
   * @param stream the sample's own: the same stream gives the same sample
   */
  void apply(float[] voxels, int side, Philox stream) {
    Extent extent = Extent.cube(side);
    Philox mirror = stream.with("mirror");
    boolean[] flips = new boolean[3];
    mirrored.forEach(axis -> flips[axis] = mirror.uniform(axis) < 0.5);
    boolean reversed = flips[0] || flips[1] || flips[2];
    for (int c = 0; c < voxels.length / extent.voxels(); c++) {
      int first = c * extent.voxels();
      Volume channel =
          new Volume(Arrays.copyOfRange(voxels, first, first + extent.voxels()), extent);
      if (reversed) {
        new Mirror(new Flips(flips[0], flips[1], flips[2])).apply(channel);
      }
      if (intensities) {
        for (Change change : IntensityChanges.draw(stream.with("intensities").with(c))) {
          change.apply(channel);
        }
      }
      System.arraycopy(channel.values(), 0, voxels, first, extent.voxels());
    }
  }
}
