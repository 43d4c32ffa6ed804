package dev.larmor.models.simclr.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** Where things are on the sheet: margin 16, gap 2, two lines of 18, then 160 pixels of slice. */
final class ViewSheetTest {
  private static final int BACKGROUND = 0x303030;
  private static final Flips NONE = new Flips(false, false, false);

  private static BufferedImage image(ViewSheet sheet) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(sheet.picture().png()));
  }

  private static int color(BufferedImage image, int x, int y) {
    return image.getRGB(x, y) & 0xFFFFFF;
  }

  private static boolean blank(BufferedImage image, int left, int top, int width, int height) {
    for (int y = top; y < top + height; y++) {
      for (int x = left; x < left + width; x++) {
        if (color(image, x, y) != BACKGROUND) {
          return false;
        }
      }
    }
    return true;
  }

  /** A cube of 4 voxels a side, 0 but for one voxel in each middle slice. */
  private static Volume marked() {
    Volume volume = Volume.of(Extent.cube(4));
    volume.values()[(2 * 4 + 0) * 4 + 1] = 1;
    volume.values()[(0 * 4 + 2) * 4 + 3] = 1;
    volume.values()[(3 * 4 + 3) * 4 + 2] = 1;
    return volume;
  }

  private static View whole(Flips flips, float shift) {
    return new StretchedView(Box.all(Extent.cube(4)), Extent.cube(4), flips, 0, shift, 1);
  }

  @Test
  void slicesAreWhereTheyShouldBe() throws IOException {
    ViewSheet sheet = new ViewSheet(new StretchedViews(4, 4, false, 0, false), 2);
    sheet.add(new ViewPair(whole(NONE, 0), whole(new Flips(false, false, true), 0)), marked());
    BufferedImage image = image(sheet);
    assertEquals(3 * 16 + 2 * (3 * 160 + 4), image.getWidth());
    assertEquals(16 + 2 * (2 * 18 + 2 + 160 + 16), image.getHeight());
    int top = 16 + 36 + 2;
    // Across axis 0 the voxel (row 0, column 1), across axis 1 (0, 3), across axis 2 (3, 3); a
    // voxel
    // has 40 pixels, row 0 is the lowest.
    int[][] places = {{0, 1}, {0, 3}, {3, 3}};
    for (int axis = 0; axis < 3; axis++) {
      int left = 16 + axis * 162;
      for (int row = 0; row < 4; row++) {
        for (int column = 0; column < 4; column++) {
          boolean marked = row == places[axis][0] && column == places[axis][1];
          int found = color(image, left + 40 * column + 20, top + 160 - 40 * row - 20);
          assertEquals(marked ? 0xFFFFFF : 0, found, axis + ": " + row + " " + column);
        }
      }
      assertEquals(BACKGROUND, color(image, left + 160, top + 80), "the gap");
    }
    int second = 2 * 16 + 3 * 160 + 4;
    assertEquals(0xFFFFFF, color(image, second + 40 * 2 + 20, top + 140), "column 1 flipped");
    assertTrue(blank(image, 0, top + 160, image.getWidth(), 200), "no second row yet");
  }

  @Test
  void captionsSayWhatWasDone() throws IOException {
    ViewSheet sheet = new ViewSheet(new StretchedViews(4, 4, false, 0, false), 1);
    sheet.add(new ViewPair(whole(NONE, 0), whole(NONE, 0.25f)), marked());
    BufferedImage image = image(sheet);
    int second = 2 * 16 + 3 * 160 + 4;
    assertTrue(!blank(image, 16, 16, 484, 18), "the crop");
    assertTrue(blank(image, 16, 34, 484, 18), "nothing was done");
    assertTrue(!blank(image, second, 34, 9 * 11, 18), "shift +0.25");
    assertTrue(blank(image, second + 9 * 11, 34, 200, 18));
  }

  /** The two are in one window, so the shifted one is brighter. */
  @Test
  void aPairSharesItsWindow() throws IOException {
    ViewSheet sheet = new ViewSheet(new StretchedViews(4, 4, false, 0, false), 1);
    sheet.add(new ViewPair(whole(NONE, 0), whole(NONE, 1)), marked());
    BufferedImage image = image(sheet);
    int second = 2 * 16 + 3 * 160 + 4;
    assertEquals(0, color(image, 16 + 20, 74));
    assertEquals(0x808080, color(image, second + 20, 74));
  }

  @Test
  void aLongListOfChangesStaysInItsHalf() throws IOException {
    Box crop = Box.all(Extent.cube(4));
    View busy =
        new CropView(
            crop,
            List.of(
                new Blur(0.5),
                new Brightness(1.1),
                new Contrast(0.9),
                new LowResolution(0.7),
                new Power(1.2, true),
                new Power(0.8, false),
                new Mirror(new Flips(true, true, true)),
                new QuarterTurns(3)));
    ViewSheet sheet = new ViewSheet(new CropViews(1, 4, 0.5, true), 1);
    sheet.add(new ViewPair(busy, new CropView(crop, List.of())), marked());
    BufferedImage image = image(sheet);
    assertTrue(!blank(image, 450, 34, 40, 18), "it is long");
    assertTrue(blank(image, 500, 34, 500, 18), "and cut");
  }

  @Test
  void aSheetHasRoomForItsPairsAlone() {
    ViewSheet sheet = new ViewSheet(new StretchedViews(4, 4, false, 0, false), 1);
    ViewPair pair = new ViewPair(whole(NONE, 0), whole(NONE, 0));
    sheet.add(pair, Volume.of(Extent.cube(4)));
    assertThrows(IllegalStateException.class, () -> sheet.add(pair, marked()));
  }

  @Test
  void largeViewsAreNotEnlarged() throws IOException {
    ViewSheet sheet = new ViewSheet(StretchedViews.ORIGINAL, 1);
    assertEquals(3 * 16 + 2 * (3 * 160 + 4), image(sheet).getWidth());
    ViewSheet crops = new ViewSheet(CropViews.NNSSL, 1);
    assertEquals(3 * 16 + 2 * (3 * 128 + 4), image(crops).getWidth());
    assertNotEquals(image(sheet).getHeight(), image(crops).getHeight());
  }
}
