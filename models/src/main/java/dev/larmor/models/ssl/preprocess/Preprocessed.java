package dev.larmor.models.ssl.preprocess;

import dev.larmor.models.data.image.Image3d;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * An image ready for training, and its masks.
 *
 * @param image normalized, cropped, on the new grid, its axes in the plan's order; its place is
 *     still that of the image as it was read
 * @param masks labels {@code [n0, n1, n2]} on the same grid; -1 outside of what the image shows
 * @param provenance where it comes from
 */
public record Preprocessed(Image3d image, Map<MaskKind, byte[]> masks, Provenance provenance) {
  /** Checks the masks' lengths. */
  public Preprocessed {
    Map<MaskKind, byte[]> sorted = new EnumMap<>(MaskKind.class);
    sorted.putAll(masks);
    masks = Collections.unmodifiableMap(sorted);
    for (byte[] mask : masks.values()) {
      if (mask.length != image.voxels()) {
        throw new IllegalArgumentException(
            "a mask of " + mask.length + " voxels for an image of " + image.voxels());
      }
    }
  }
}
