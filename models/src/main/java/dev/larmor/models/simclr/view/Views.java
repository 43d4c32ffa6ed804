package dev.larmor.models.simclr.view;

import dev.larmor.engine.Philox;
import java.util.List;

/** Which views of a patch are drawn. */
public sealed interface Views permits StretchedViews, CropViews {
  /** The stream of one sample of one step: the same whoever makes its views, and when. */
  static Philox stream(long seed, long step, long sample) {
    return Philox.of(seed, "views").with(step).with(sample);
  }

  /**
   * Draws the pairs of views of one patch.
   *
   * @param patch how large it is
   * @param stream the sample's own: the same stream gives the same views
   */
  List<ViewPair> draw(Extent patch, Philox stream);

  /** How many pairs of views a patch gives. */
  int pairs();

  /** The side of the cubes that all views are, in voxels. */
  int side();

  /** How large the views are. */
  default Extent size() {
    return Extent.cube(side());
  }
}
