package dev.larmor.models.ssl.adapt.segmentation.dataset;

import java.util.List;

/**
 * What the voxels of a truth may be.
 *
 * @param names by value; the first is the background
 */
public record Labels(List<String> names) {
  /** Most labels: they are stored in signed bytes. */
  static final int MOST = 127;

  public Labels {
    names = List.copyOf(names);
    if (names.size() < 2 || names.size() > MOST) {
      throw new IllegalArgumentException(
          names.size() + " labels, expected the background and 1 to " + (MOST - 1) + " more");
    }
  }

  /** The number of labels, the background's among them. */
  public int count() {
    return names.size();
  }
}
