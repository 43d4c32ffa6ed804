package dev.larmor.models.simclr;

import dev.larmor.engine.Philox;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Outside;
import dev.larmor.models.simclr.view.Views;

/**
 * What batches are made of: which images, which patches of them, which views of those.
 *
 * @param order of the images
 * @param views of a patch
 * @param patch extent of the patches
 * @param outside what stands where a patch reaches beyond its image
 * @param replacements how many other images are tried in the place of one that cannot be used
 */
public record Sampling(
    BatchOrder order, Views views, Extent patch, Outside outside, int replacements) {
  public Sampling {
    if (replacements < 0) {
      throw new IllegalArgumentException(
          "the number of replacements must not be negative: " + replacements);
    }
  }

  /** What all draws of a sample hang on. */
  Philox stream(long step, int sample) {
    return Views.stream(order.seed(), step, sample);
  }
}
