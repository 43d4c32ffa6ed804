package dev.larmor.models.simclr;

import java.util.stream.IntStream;

/** From which of a batch's views a view's partner is to be told. */
public enum Negatives {
  /** From all others, as in the original: even from those of the same image. */
  ALL {
    @Override
    int[] groups(ViewBatch batch) {
      return IntStream.range(batch.first(), batch.first() + batch.pairs().size()).toArray();
    }
  },

  /** From those of other images. */
  OTHER_IMAGES {
    @Override
    int[] groups(ViewBatch batch) {
      return batch.images();
    }
  },

  /** From those of images that belong to something else: of other subjects. */
  OTHER_SUBJECTS {
    @Override
    int[] groups(ViewBatch batch) {
      return batch.groups();
    }
  };

  /** For each pair of views a number that those share that are not told apart. */
  abstract int[] groups(ViewBatch batch);
}
