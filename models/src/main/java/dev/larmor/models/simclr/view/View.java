package dev.larmor.models.simclr.view;

/** What is done to a patch to make one view of it, by numbers. Equal views give equal bits. */
public sealed interface View permits StretchedView, CropView {
  /** The part of the patch that is seen, in its voxels. */
  Box crop();

  /** How large the view is. */
  Extent size();

  /**
   * Makes the view.
   *
   * @param patch holds the crop; it stays as it is
   * @param into gets the view, row-major, as many values as {@link #size} says
   */
  void apply(Volume patch, float[] into);
}
