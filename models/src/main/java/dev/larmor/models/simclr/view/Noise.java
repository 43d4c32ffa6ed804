package dev.larmor.models.simclr.view;

import dev.larmor.engine.Philox;

/**
 * Normal noise, added.
 *
 * @param deviation its standard deviation
 * @param stream gives voxel i its i-th normal number
 */
public record Noise(double deviation, Philox stream) implements Change {
  @Override
  public void apply(Volume volume) {
    float[] values = volume.values();
    for (int i = 0; i < values.length; i++) {
      values[i] += (float) (deviation * stream.normal(i));
    }
  }
}
