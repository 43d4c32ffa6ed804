package dev.larmor.models.simclr.view;

import dev.larmor.engine.Philox;
import java.util.ArrayList;
import java.util.List;

/**
 * The views of nnssl, which the original replaced: cubes cut from anywhere in the patch, each with
 * a partner that overlaps it, not stretched but changed in many ways. How often and how much:
 *
 * <ul>
 *   <li>0.1: noise of a standard deviation up to 0.1;
 *   <li>0.1: blur by 0.5 to 1 voxels;
 *   <li>0.15: brightness times 0.75 to 1.25;
 *   <li>0.15: contrast times 0.75 to 1 or, as often, 1 to 1.25;
 *   <li>0.05: half to all of the resolution;
 *   <li>0.1 of the negative, then 0.3 of the image itself: a power of 0.7 to 1 or, as often, 1 to
 *       1.5;
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

  private static final double NOISE = 0.1;
  private static final double MOST_NOISE = 0.1;
  // nnssl decides once for the sample, once more for its channel.
  private static final double BLUR = 0.2 * 0.5;
  private static final double LEAST_BLUR = 0.5;
  private static final double MOST_BLUR = 1;
  private static final double BRIGHTNESS = 0.15;
  private static final double CONTRAST = 0.15;
  private static final double LEAST_FACTOR = 0.75;
  private static final double MOST_FACTOR = 1.25;
  private static final double LOW_RESOLUTION = 0.1 * 0.5;
  private static final double LEAST_ZOOM = 0.5;
  private static final double POWER_INVERTED = 0.1;
  private static final double POWER = 0.3;
  private static final double LEAST_POWER = 0.7;
  private static final double MOST_POWER = 1.5;
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
    Philox noise = stream.with("noise");
    if (happens(NOISE, noise)) {
      changes.add(new Noise(MOST_NOISE * noise.uniform(1), noise.with("voxels")));
    }
    Philox blur = stream.with("blur");
    if (happens(BLUR, blur)) {
      changes.add(new Blur(between(LEAST_BLUR, MOST_BLUR, blur)));
    }
    Philox brightness = stream.with("brightness");
    if (happens(BRIGHTNESS, brightness)) {
      changes.add(new Brightness(between(LEAST_FACTOR, MOST_FACTOR, brightness)));
    }
    Philox contrast = stream.with("contrast");
    if (happens(CONTRAST, contrast)) {
      changes.add(new Contrast(aboutOne(LEAST_FACTOR, MOST_FACTOR, contrast)));
    }
    Philox resolution = stream.with("resolution");
    if (happens(LOW_RESOLUTION, resolution)) {
      changes.add(new LowResolution(between(LEAST_ZOOM, 1, resolution)));
    }
    Philox inverted = stream.with("inverted");
    if (happens(POWER_INVERTED, inverted)) {
      changes.add(new Power(aboutOne(LEAST_POWER, MOST_POWER, inverted), true));
    }
    Philox power = stream.with("power");
    if (happens(POWER, power)) {
      changes.add(new Power(aboutOne(LEAST_POWER, MOST_POWER, power), false));
    }
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
    if (happens(TURNED, turns)) {
      changes.add(new QuarterTurns(1 + turns.below(3, 1)));
    }
    return changes;
  }

  // Number 0 of a stream decides whether, number 1 how much, number 2 which way.

  private static boolean happens(double probability, Philox stream) {
    return stream.uniform(0) < probability;
  }

  private static double between(double least, double most, Philox stream) {
    return least + (most - least) * stream.uniform(1);
  }

  /** Less than one as often as more. */
  private static double aboutOne(double least, double most, Philox stream) {
    return stream.uniform(2) < 0.5 ? between(least, 1, stream) : between(1, most, stream);
  }
}
