package dev.larmor.models.cli;

import dev.larmor.models.picture.Picture;
import dev.larmor.models.picture.Pixels;
import dev.larmor.models.picture.Window;
import dev.larmor.models.training.Evaluation.Comparison;
import dev.larmor.models.training.Evaluation.Image;
import dev.larmor.models.training.Method;
import java.util.Locale;

/**
 * What pictures of a slice show.
 *
 * @param region the target's anatomy
 */
record SlicePicture(
    int slice,
    double ssim,
    Pixels reconstruction,
    Pixels target,
    Pixels difference,
    Pixels region,
    Window window) {
  private static final int PANEL = 384;
  private static final int THUMBNAIL = 96;
  private static final int MARGIN = 8;
  private static final int BLACK = 0;
  private static final int WHITE = 0xFFFFFF;
  private static final int CYAN = 0x00C8C8;

  static SlicePicture of(Comparison comparison) {
    int side = comparison.side();
    Image image = comparison.images().get(Method.RECONSTRUCTION);
    Pixels reconstruction = new Pixels(side, image.pixels());
    Pixels target = new Pixels(side, comparison.target());
    return new SlicePicture(
        comparison.slice(),
        image.quality().ssim(),
        reconstruction,
        target,
        reconstruction.minus(target),
        new Pixels(side, comparison.region()),
        Window.of(target));
  }

  /** Reconstruction, target and difference side by side, the anatomy outlined, under a title. */
  Picture whole(String name) {
    int scale = Math.max(1, PANEL / target.side());
    int panel = target.side() * scale;
    int captions = MARGIN + Picture.LETTER_HEIGHT;
    int top = captions + Picture.LETTER_HEIGHT + MARGIN;
    Picture picture = new Picture(4 * MARGIN + 3 * panel, top + panel + MARGIN, BLACK);
    String title = String.format(Locale.ROOT, "%s  slice %d  SSIM %.4f", name, slice, ssim);
    picture.text(MARGIN, MARGIN, title, WHITE);
    String[] labels = {"reconstruction", "ground truth", "difference"};
    for (int p = 0; p < 3; p++) {
      int left = MARGIN + p * (panel + MARGIN);
      picture.text(left, captions, labels[p], WHITE);
      switch (p) {
        case 0 -> window.image(picture, left, top, scale, reconstruction);
        case 1 -> window.image(picture, left, top, scale, target);
        default -> window.difference(picture, left, top, scale, difference);
      }
      picture.outline(left, top, scale, region, CYAN);
    }
    return picture;
  }

  /** Reconstruction and difference side by side, small. */
  Picture thumbnail() {
    Pixels image = reconstruction.reduced(THUMBNAIL);
    int scale = Math.max(1, THUMBNAIL / image.side());
    int panel = image.side() * scale;
    Picture picture = new Picture(2 * panel, panel, BLACK);
    window.image(picture, 0, 0, scale, image);
    return window.difference(picture, panel, 0, scale, difference.reduced(THUMBNAIL));
  }
}
