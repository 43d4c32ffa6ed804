package dev.larmor.models.simclr.view;

import dev.larmor.engine.Philox;
import java.util.ArrayList;
import java.util.List;

/**
 * What nnssl changes of a patch's intensities, its places left alone. How often and how much:
 *
 * <ul>
 *   <li>0.1: noise of a standard deviation up to 0.1;
 *   <li>0.1: blur by 0.5 to 1 voxels;
 *   <li>0.15: brightness times 0.75 to 1.25;
 *   <li>0.15: contrast times 0.75 to 1 or, as often, 1 to 1.25;
 *   <li>0.05: half to all of the resolution;
 *   <li>0.1 of the negative, then 0.3 of the image itself: a power of 0.7 to 1 or, as often, 1 to
 *       1.5.
 * </ul>
 */
public final class IntensityChanges {
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

  private IntensityChanges() {}

  /**
   * Draws what is done, in the order in which it is done.
   *
   * @param stream the sample's own: the same stream gives the same changes
   */
  public static List<Change> draw(Philox stream) {
    List<Change> changes = new ArrayList<>();
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
