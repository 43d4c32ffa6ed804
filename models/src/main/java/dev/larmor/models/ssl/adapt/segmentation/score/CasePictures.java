package dev.larmor.models.ssl.adapt.segmentation.score;

import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.picture.ColorMap;
import dev.larmor.models.picture.Picture;
import dev.larmor.models.picture.Pixels;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Labels;
import java.nio.file.Path;
import java.util.List;

/**
 * Draws one slice of each case: the image, the truth and what was found as colours on it. The slice
 * is across the first axis, where the truth is largest; without any, in the middle.
 *
 * @param folder where pictures go, {@code CASE.png}
 */
public record CasePictures(Path folder, Labels labels) {
  private static final int PANEL = 480;
  private static final int MARGIN = 8;
  private static final int BLACK = 0;

  /** Of 255, so that the anatomy is seen through the colours. */
  private static final int INK = 110;

  private static final int WHITE = 0xFFFFFF;

  /** Of labels 1, 2, 3, …, and again. */
  static final List<Integer> COLORS =
      List.of(0xFF5050, 0x40D040, 0x50A0FF, 0xFFC020, 0xE060E0, 0x20D0D0);

  /** The file of a case. */
  public Path file(String name) {
    return folder.resolve(name + ".png");
  }

  /** Draws a case. */
  public void save(String name, Image3d image, Image3d truth, Image3d found) {
    int slice = slice(truth);
    Pixels pixels = pixels(image, slice, -1);
    double low = pixels.quantile(0.005);
    double high = Math.max(pixels.quantile(0.995), Math.nextUp((float) low));
    int scale = Math.max(1, PANEL / pixels.side());
    int panel = scale * pixels.side();
    int top = 2 * MARGIN + 2 * Picture.LETTER_HEIGHT;
    Picture picture = new Picture(4 * MARGIN + 3 * panel, top + panel + MARGIN, BLACK);
    picture.text(MARGIN, MARGIN, name + "  slice " + slice, WHITE);
    List<String> captions = List.of("image", "truth", "found");
    for (int p = 0; p < 3; p++) {
      int left = MARGIN + p * (panel + MARGIN);
      picture.text(left, MARGIN + Picture.LETTER_HEIGHT, captions.get(p), WHITE);
      picture.image(left, top, scale, pixels, low, high, ColorMap.GRAY);
      for (int label = 1; p > 0 && label < labels.count(); label++) {
        int color = COLORS.get((label - 1) % COLORS.size());
        Pixels region = pixels(p == 1 ? truth : found, slice, label);
        picture.tint(left, top, scale, region, color, INK);
      }
    }
    picture.save(file(name));
  }

  private static int slice(Image3d truth) {
    int plane = truth.shape()[1] * truth.shape()[2];
    int best = truth.shape()[0] / 2;
    int most = 0;
    for (int slice = 0; slice < truth.shape()[0]; slice++) {
      int count = 0;
      for (int i = slice * plane; i < (slice + 1) * plane; i++) {
        count += truth.values()[i] > 0 ? 1 : 0;
      }
      if (count > most) {
        most = count;
        best = slice;
      }
    }
    return best;
  }

  /**
   * A slice in the middle of a square, as wide and high as it is in space: of the first channel, or
   * where a label is.
   */
  private static Pixels pixels(Image3d image, int slice, int label) {
    double down = image.spacing()[1];
    double across = image.spacing()[2];
    double step = Math.min(down, across);
    int rows = image.shape()[1];
    int columns = image.shape()[2];
    int height = (int) Math.round(rows * down / step);
    int width = (int) Math.round(columns * across / step);
    int side = Math.max(height, width);
    float[] square = new float[side * side];
    for (int i = 0; i < height; i++) {
      int row = Math.min(rows - 1, (int) ((i + 0.5) * step / down));
      // The first row is at the back in most images, and shown below.
      int to = (side - height) / 2 + height - 1 - i;
      for (int j = 0; j < width; j++) {
        int column = Math.min(columns - 1, (int) ((j + 0.5) * step / across));
        float value = image.values()[(slice * rows + row) * columns + column];
        square[to * side + (side - width) / 2 + j] = label < 0 ? value : value == label ? 1 : 0;
      }
    }
    return new Pixels(side, square);
  }
}
