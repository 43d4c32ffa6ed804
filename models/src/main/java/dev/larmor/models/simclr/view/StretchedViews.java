package dev.larmor.models.simclr.view;

import dev.larmor.engine.Philox;
import java.util.List;

/**
 * The original's views. Whatever the options, a crop's sizes are uniform from the least to the
 * patch's, its place uniform among those allowed, and
 *
 * <ul>
 *   <li>half of the views are flipped, along every axis that may be by itself;
 *   <li>half are turned by up to ±0.785 (45 degrees);
 *   <li>0.8 are shifted by up to ±0.5;
 *   <li>0.8 have a gamma from 0.5 to 1.5.
 * </ul>
 *
 * <p>Every draw has a stream of its own, so an option leaves all others' draws as they are.
 *
 * @param side of the cubic view, in voxels
 * @param leastSize voxels of a crop along each axis, at least; all of an axis that has fewer
 * @param keepAspect crops are cubes, so that a cubic view shows the anatomy's own proportions; the
 *     patch's shortest axis then limits all three
 * @param leastOverlap share of the shorter crop that the two crops have in common, along each axis:
 *     0 asks for nothing, 1 for one inside the other
 * @param flipAll all axes may be flipped, not the last alone
 */
public record StretchedViews(
    int side, int leastSize, boolean keepAspect, double leastOverlap, boolean flipAll)
    implements Views {
  /** As the original draws them. */
  public static final StretchedViews ORIGINAL = new StretchedViews(160, 60, false, 0, false);

  private static final double FLIPPED = 0.5;
  private static final double TURNED = 0.5;
  private static final double MOST_ANGLE = 0.785;
  private static final double SHIFTED = 0.8;
  private static final double MOST_SHIFT = 0.5;
  private static final double GAMMA_CHANGED = 0.8;
  private static final double LEAST_GAMMA = 0.5;
  private static final double MOST_GAMMA = 1.5;

  /** Checks the options. */
  public StretchedViews {
    if (side < 1 || leastSize < 1) {
      throw new IllegalArgumentException(
          "views and crops have at least 1 voxel a side, not %d and %d".formatted(side, leastSize));
    }
    if (!(leastOverlap >= 0 && leastOverlap <= 1)) {
      throw new IllegalArgumentException(
          "the least overlap must be in [0, 1], not " + leastOverlap);
    }
  }

  /** Draws one pair. */
  @Override
  public List<ViewPair> draw(Extent patch, Philox stream) {
    Philox one = stream.with(0);
    Box crop = crop(patch, null, one);
    Philox two = stream.with(1);
    Box near = leastOverlap > 0 ? crop : null;
    return List.of(new ViewPair(view(crop, one), view(crop(patch, near, two), two)));
  }

  @Override
  public int pairs() {
    return 1;
  }

  private Box crop(Extent patch, Box near, Philox stream) {
    int shortest = Math.min(Math.min(patch.n0(), patch.n1()), patch.n2());
    Philox sizes = stream.with("size");
    Span[] spans = new Span[3];
    for (int axis = 0; axis < 3; axis++) {
      int extent = patch.along(axis);
      int size = keepAspect ? size(shortest, sizes, 0) : size(extent, sizes, axis);
      Starts starts = Starts.within(extent, size);
      if (near != null) {
        starts = starts.near(near.along(axis), size, leastOverlap);
      }
      spans[axis] = new Span(starts.draw(stream.with("start"), axis), size);
    }
    return new Box(spans[0], spans[1], spans[2]);
  }

  private int size(int most, Philox stream, int i) {
    int least = Math.min(leastSize, most);
    return least + stream.below(most - least + 1, i);
  }

  private StretchedView view(Box crop, Philox stream) {
    Philox flip = stream.with("flip");
    return new StretchedView(
        crop,
        size(),
        new Flips(
            flipAll && flip.uniform(0) < FLIPPED,
            flipAll && flip.uniform(1) < FLIPPED,
            flip.uniform(2) < FLIPPED),
        happens(TURNED, -MOST_ANGLE, MOST_ANGLE, 0, stream.with("angle")),
        (float) happens(SHIFTED, -MOST_SHIFT, MOST_SHIFT, 0, stream.with("shift")),
        (float) happens(GAMMA_CHANGED, LEAST_GAMMA, MOST_GAMMA, 1, stream.with("gamma")));
  }

  /** Uniform from least to most with the given probability, else what changes nothing. */
  private static double happens(
      double probability, double least, double most, double nothing, Philox stream) {
    return stream.uniform(0) < probability ? least + (most - least) * stream.uniform(1) : nothing;
  }
}
