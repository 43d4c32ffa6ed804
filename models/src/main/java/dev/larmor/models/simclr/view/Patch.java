package dev.larmor.models.simclr.view;

import dev.larmor.engine.Philox;
import java.util.Arrays;
import java.util.Optional;

/**
 * The part of an image that a sample is made of. It is as large as asked for even if the image is
 * smaller; then it reaches beyond.
 *
 * @param box in the image's voxels; starts may be negative and ends behind the image's
 */
public record Patch(Box box) {
  /**
   * Where a patch may start along an axis: inside the image, or around it, as evenly on both sides
   * as it goes.
   *
   * @param image the image's extent
   * @param patch the patch's
   */
  public static Starts starts(int image, int patch) {
    int missing = Math.max(0, patch - image);
    int below = missing - missing / 2;
    return new Starts(-below, image - patch + below);
  }

  /** Draws a patch of an image. */
  public static Patch draw(Extent image, Extent patch, Philox stream) {
    Span[] spans = new Span[3];
    for (int axis = 0; axis < 3; axis++) {
      int size = patch.along(axis);
      spans[axis] = new Span(starts(image.along(axis), size).draw(stream, axis), size);
    }
    return new Patch(new Box(spans[0], spans[1], spans[2]));
  }

  /** What of the patch is inside the image, and so has to be read; empty if nothing is. */
  public Optional<Box> inside(Extent image) {
    Span[] spans = new Span[3];
    for (int axis = 0; axis < 3; axis++) {
      Span whole = new Span(0, image.along(axis));
      Span own = box.along(axis);
      int common = own.overlap(whole);
      if (common == 0) {
        return Optional.empty();
      }
      spans[axis] = new Span(Math.max(0, own.start()), common);
    }
    return Optional.of(new Box(spans[0], spans[1], spans[2]));
  }

  /**
   * Cuts the patch.
   *
   * @param image the whole image
   * @param outside the value beyond the image: see {@link Outside}
   * @param into gets the patch, row-major
   */
  public void cut(Volume image, float outside, float[] into) {
    fill(image, Box.all(image.extent()), outside, into);
  }

  /**
   * Fills the patch from a part of the image that was read.
   *
   * @param part the values read
   * @param at where in the image they are from: it holds at least what of the patch is {@link
   *     #inside}
   * @param outside the value beyond
   * @param into gets the patch, row-major
   */
  public void fill(Volume part, Box at, float outside, float[] into) {
    Extent size = box.extent();
    Volume.checkSize(into, size);
    if (!at.extent().equals(part.extent())) {
      throw new IllegalArgumentException(
          "a part of %s is not a box of %s".formatted(part.extent(), at.extent()));
    }
    // A row of the patch is: before the part, the part's, behind it.
    int before = Math.clamp(at.axis2().start() - box.axis2().start(), 0, size.n2());
    int common = box.axis2().overlap(at.axis2());
    int column = box.axis2().start() + before - at.axis2().start();
    for (int i0 = 0; i0 < size.n0(); i0++) {
      int from0 = box.axis0().start() + i0 - at.axis0().start();
      for (int i1 = 0; i1 < size.n1(); i1++) {
        int from1 = box.axis1().start() + i1 - at.axis1().start();
        int row = (i0 * size.n1() + i1) * size.n2();
        if (common == 0
            || from0 < 0
            || from0 >= part.extent().n0()
            || from1 < 0
            || from1 >= part.extent().n1()) {
          Arrays.fill(into, row, row + size.n2(), outside);
          continue;
        }
        int from = (from0 * part.extent().n1() + from1) * part.extent().n2() + column;
        Arrays.fill(into, row, row + before, outside);
        System.arraycopy(part.values(), from, into, row + before, common);
        Arrays.fill(into, row + before + common, row + size.n2(), outside);
      }
    }
  }
}
