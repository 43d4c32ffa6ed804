package dev.larmor.models.simclr.view;

import dev.larmor.engine.Philox;

/**
 * Which views are drawn. Whatever the options, a crop's sizes are uniform from the least to the
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
 * @param leastSize voxels of a crop along each axis, at least; all of an axis that has fewer
 * @param keepAspect crops are cubes, so that a cubic view shows the anatomy's own proportions; the
 *     patch's shortest axis then limits all three
 * @param leastOverlap share of the shorter crop that the two crops have in common, along each axis:
 *     0 asks for nothing, 1 for one inside the other
 * @param flipAll all axes may be flipped, not the last alone
 */
public record Views(int leastSize, boolean keepAspect, double leastOverlap, boolean flipAll) {
  /** The original's. */
  public static final Views ORIGINAL = new Views(60, false, 0, false);

  /** The side of the original's views, in voxels. */
  public static final int SIDE = 160;

  private static final double FLIPPED = 0.5;
  private static final double TURNED = 0.5;
  private static final double MOST_ANGLE = 0.785;
  private static final double SHIFTED = 0.8;
  private static final double MOST_SHIFT = 0.5;
  private static final double GAMMA_CHANGED = 0.8;
  private static final double LEAST_GAMMA = 0.5;
  private static final double MOST_GAMMA = 1.5;

  /** Checks the options. */
  public Views {
    if (leastSize < 1) {
      throw new IllegalArgumentException("a crop has at least 1 voxel, not " + leastSize);
    }
    if (!(leastOverlap >= 0 && leastOverlap <= 1)) {
      throw new IllegalArgumentException(
          "the least overlap must be in [0, 1], not " + leastOverlap);
    }
  }

  /** The stream of one sample of one step: the same whoever makes its views, and when. */
  public static Philox stream(long seed, long step, long sample) {
    return Philox.of(seed, "views").with(step).with(sample);
  }

  /** Draws the two views of a patch. */
  public ViewPair draw(Extent patch, Philox stream) {
    Philox own = stream.with(0);
    View first = view(crop(patch, null, own), own);
    own = stream.with(1);
    Box near = leastOverlap > 0 ? first.crop() : null;
    return new ViewPair(first, view(crop(patch, near, own), own));
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

  private View view(Box crop, Philox stream) {
    Philox flip = stream.with("flip");
    return new View(
        crop,
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
