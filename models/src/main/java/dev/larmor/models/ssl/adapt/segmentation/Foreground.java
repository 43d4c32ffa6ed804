package dev.larmor.models.ssl.adapt.segmentation;

import dev.larmor.engine.Philox;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a case has what is to be found: for each class that is there, some of its voxels.
 *
 * @param voxels row-major indices, an array for each class that is there
 */
record Foreground(List<int[]> voxels) {
  /** So many of a class say where it is. */
  private static final int MOST = 10_000;

  /**
   * Looks through a volume of labels; of a class with many voxels, evenly spaced ones are kept.
   *
   * @param classes the background among them
   */
  static Foreground of(byte[] labels, int classes) {
    int[] counts = new int[classes];
    for (byte label : labels) {
      if (label > 0) {
        counts[label]++;
      }
    }
    int[][] kept = new int[classes][];
    for (int c = 1; c < classes; c++) {
      kept[c] = new int[Math.min(counts[c], MOST)];
    }
    int[] seen = new int[classes];
    int[] filled = new int[classes];
    for (int i = 0; i < labels.length; i++) {
      int label = labels[i];
      if (label > 0) {
        int next = filled[label];
        if (next < kept[label].length
            && seen[label] == (long) next * counts[label] / kept[label].length) {
          kept[label][next] = i;
          filled[label]++;
        }
        seen[label]++;
      }
    }
    List<int[]> there = new ArrayList<>();
    for (int c = 1; c < classes; c++) {
      if (kept[c].length > 0) {
        there.add(kept[c]);
      }
    }
    return new Foreground(there);
  }

  /** Whether there is any. */
  boolean isEmpty() {
    return voxels.isEmpty();
  }

  /** A voxel of a class that is there, all classes being equally likely. */
  int draw(Philox stream) {
    int[] ofClass = voxels.get(stream.below(voxels.size(), 0));
    return ofClass[stream.below(ofClass.length, 1)];
  }
}
