package dev.larmor.models.simclr.view;

import dev.larmor.engine.Philox;
import java.util.ArrayList;
import java.util.List;

/**
 * The views of nnssl, which the original replaced: cubes cut from anywhere in the patch, each with
 * a partner that overlaps it, not stretched but changed in many ways. How often and how much:
 *
 * <ul>
 *   <li>{@link IntensityChanges};
 *   <li>each axis reversed in half of the views;
 *   <li>0.3: one, two or three quarter turns in the plane of axes 0 and 1.
 * </ul>
 *
 * @param pairs per patch
 * @param side of the cubes, in voxels
 * @param overlap share of the side that partners have in common at least, along each axis
 * @param changed whether anything is changed beyond the place; not so for validation
 */
public record CropViews(int pairs, int side, double overlap, boolean changed) implements Views {
  /** As nnssl draws them. */
  public static final CropViews NNSSL = new CropViews(2, 64, 0.5, true);

  private static final double MIRRORED = 0.5;
  private static final double TURNED = 0.3;

  /** Checks the options. */
  public CropViews {
    if (pairs < 1 || side < 1) {
      throw new IllegalArgumentException(
          "there is at least 1 pair of 1 voxel, not %d of %d".formatted(pairs, side));
    }
    if (!(overlap >= 0 && overlap <= 1)) {
      throw new IllegalArgumentException("the overlap must be in [0, 1], not " + overlap);
    }
  }

  /** {@inheritDoc} Of each, the first is the reference, the second the partner. */
  @Override
  public List<ViewPair> draw(Extent patch, Philox stream) {
    if (patch.n0() < side || patch.n1() < side || patch.n2() < side) {
      throw new IllegalArgumentException("a patch of " + patch + " has no crop of " + size());
    }
    List<ViewPair> drawn = new ArrayList<>();
    for (int i = 0; i < pairs; i++) {
      Philox one = stream.with(i).with(0);
      Philox two = stream.with(i).with(1);
      Box reference = crop(patch, null, one.with("start"));
      Box partner = crop(patch, reference, two.with("start"));
      drawn.add(
          new ViewPair(new CropView(reference, changes(one)), new CropView(partner, changes(two))));
    }
    return drawn;
  }

  private Box crop(Extent patch, Box reference, Philox stream) {
    Span[] spans = new Span[3];
    for (int axis = 0; axis < 3; axis++) {
      Starts starts = Starts.within(patch.along(axis), side);
      if (reference != null) {
        starts = starts.near(reference.along(axis), side, overlap);
      }
      spans[axis] = new Span(starts.draw(stream, axis), side);
    }
    return new Box(spans[0], spans[1], spans[2]);
  }

  private List<Change> changes(Philox stream) {
    List<Change> changes = new ArrayList<>();
    if (!changed) {
      return changes;
    }
    changes.addAll(IntensityChanges.draw(stream));
    Philox mirror = stream.with("mirror");
    Flips flips =
        new Flips(
            mirror.uniform(0) < MIRRORED,
            mirror.uniform(1) < MIRRORED,
            mirror.uniform(2) < MIRRORED);
    if (flips.axis0() || flips.axis1() || flips.axis2()) {
      changes.add(new Mirror(flips));
    }
    Philox turns = stream.with("turns");
    if (turns.uniform(0) < TURNED) {
      changes.add(new QuarterTurns(1 + turns.below(3, 1)));
    }
    return changes;
  }
}
