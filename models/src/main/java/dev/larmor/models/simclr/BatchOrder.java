package dev.larmor.models.simclr;

import dev.larmor.engine.Philox;

/**
 * Which images each step's batch has: in one pass over the data every image is seen once, in an
 * order that is drawn for the pass. A batch may span two passes; it hangs on the seed and the step
 * alone.
 *
 * @param images in the data set, at least 1
 * @param batch images in a batch, at least 1
 * @param seed the run's seed
 */
public record BatchOrder(int images, int batch, long seed) {
  public BatchOrder {
    if (images < 1 || batch < 1) {
      throw new IllegalArgumentException(
          "%d images in batches of %d: both must be at least 1".formatted(images, batch));
    }
  }

  /** The images of a step, numbered from 0 in the data set's order. */
  public int[] batch(long step) {
    int[] batch = new int[this.batch];
    long pass = -1;
    int[] order = {};
    for (int i = 0; i < batch.length; i++) {
      long position = step * batch.length + i;
      if (position / images != pass) {
        pass = position / images;
        order = Philox.of(seed, "image order").with(pass).permutation(images);
      }
      batch[i] = order[(int) (position % images)];
    }
    return batch;
  }
}
