package dev.larmor.models.loss;

import dev.larmor.models.data.Anatomy;

/**
 * What a criterion has to know about a slice beside its pixels.
 *
 * @param dataRange the largest value of the volume's target
 * @param anatomy what was scanned
 * @param index the slice's index in its volume, from 0
 * @param slices number of slices of the volume
 */
public record SliceContext(double dataRange, Anatomy anatomy, int index, int slices) {
  public SliceContext {
    if (!(dataRange > 0)) {
      throw new IllegalArgumentException("data range must be positive, not " + dataRange);
    }
    if (index < 0 || index >= slices) {
      throw new IllegalArgumentException("slice " + index + " of a volume of " + slices);
    }
  }
}
