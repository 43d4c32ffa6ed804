package dev.larmor.models.simclr.view;

import java.util.List;

/**
 * A crop as it is, and what is then done to it.
 *
 * @param crop in the patch's voxels; the view is as large
 * @param changes in their order
 */
public record CropView(Box crop, List<Change> changes) implements View {
  public CropView {
    changes = List.copyOf(changes);
  }

  @Override
  public Extent size() {
    return crop.extent();
  }

  @Override
  public void apply(Volume patch, float[] into) {
    crop.checkIn(patch.extent());
    new Patch(crop).cut(patch, 0, into);
    Volume view = new Volume(into, size());
    for (Change change : changes) {
      change.apply(view);
    }
  }
}
