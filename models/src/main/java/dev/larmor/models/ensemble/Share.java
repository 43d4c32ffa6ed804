package dev.larmor.models.ensemble;

import dev.larmor.models.data.fastmri.Volume;

/**
 * The slices of a volume that one ensemble reconstructs.
 *
 * @param first the first slice
 * @param end the one after the last
 */
public record Share(Volume volume, int first, int end, Ensemble ensemble) {
  /** How many slices these are. */
  public int slices() {
    return end - first;
  }

  /** The work of one member: positions of k-space, H · W a slice. */
  double work() {
    return (double) slices() * volume.height() * volume.width();
  }
}
