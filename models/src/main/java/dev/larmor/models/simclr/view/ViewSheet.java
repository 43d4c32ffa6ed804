package dev.larmor.models.simclr.view;

import dev.larmor.models.picture.ColorMap;
import dev.larmor.models.picture.Picture;
import dev.larmor.models.picture.Pixels;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A picture of pairs of views, to see what the network is to compare. A row is a pair: the first
 * view's middle slices across axes 0, 1 and 2, the second's to their right, both in the same window
 * of grey; above them what was done: axes flipped, degrees turned. In a slice the axis with the
 * lower number runs upwards.
 */
public final class ViewSheet {
  /** Small views are enlarged to about so many pixels. */
  private static final int PANEL = 160;

  private static final int GAP = 2;
  private static final int MARGIN = 16;
  private static final int BACKGROUND = 0x303030;
  private static final int WHITE = 0xFFFFFF;
  private static final int GRAY = 0xB0B0B0;

  /** So much of a slice is darker than black, and brighter than white. */
  private static final double BEYOND = 0.005;

  private final Picture picture;
  private final int side;
  private final int scale;
  private final int rows;
  private int row;

  /**
   * An empty sheet.
   *
   * @param views whose pairs it shows
   * @param pairs how many it has room for
   */
  public ViewSheet(Views views, int pairs) {
    side = views.side();
    scale = Math.max(1, PANEL / side);
    rows = pairs;
    picture = new Picture(3 * MARGIN + 2 * half(), MARGIN + pairs * height(), BACKGROUND);
  }

  /** Width of one view's three slices. */
  private int half() {
    return 3 * side * scale + 2 * GAP;
  }

  /** Height of one pair with its captions and the margin below. */
  private int height() {
    return 2 * Picture.LETTER_HEIGHT + GAP + side * scale + MARGIN;
  }

  /**
   * Makes the views of a patch and draws them in the next row.
   *
   * @throws IllegalStateException if the sheet is full
   */
  public void add(ViewPair pair, Volume patch) {
    if (row == rows) {
      throw new IllegalStateException("the sheet has its " + rows + " pairs");
    }
    List<Pixels> first = slices(pair.first(), patch);
    List<Pixels> second = slices(pair.second(), patch);
    double low = Math.min(quantile(first, BEYOND), quantile(second, BEYOND));
    double high = Math.max(quantile(first, 1 - BEYOND), quantile(second, 1 - BEYOND));
    // A pair of one value has a window, too.
    high = Math.max(high, low + Float.MIN_NORMAL);
    int top = MARGIN + row * height();
    draw(pair.first(), first, MARGIN, top, low, high);
    draw(pair.second(), second, 2 * MARGIN + half(), top, low, high);
    row++;
  }

  /** The sheet as it is by now. */
  public Picture picture() {
    return picture;
  }

  private void draw(View view, List<Pixels> slices, int left, int top, double low, double high) {
    int below = top + Picture.LETTER_HEIGHT;
    Box crop = view.crop();
    String place =
        "%s at %d, %d, %d"
            .formatted(
                crop.extent(), crop.axis0().start(), crop.axis1().start(), crop.axis2().start());
    picture.text(left, top, fitting(place), WHITE);
    picture.text(left, below, fitting(words(view)), GRAY);
    for (int axis = 0; axis < 3; axis++) {
      picture.image(
          left + axis * (side * scale + GAP),
          below + Picture.LETTER_HEIGHT + GAP,
          scale,
          slices.get(axis),
          low,
          high,
          ColorMap.GRAY);
    }
  }

  private String fitting(String text) {
    int letters = half() / Picture.LETTER_WIDTH;
    return text.length() <= letters ? text : text.substring(0, Math.max(0, letters - 3)) + "...";
  }

  private static double quantile(List<Pixels> slices, double share) {
    return slices.stream().mapToDouble(slice -> slice.quantile(share)).average().orElseThrow();
  }

  /** The middle slices across axes 0, 1 and 2. */
  private List<Pixels> slices(View view, Volume patch) {
    float[] values = new float[view.size().voxels()];
    view.apply(patch, values);
    int[] steps = {side * side, side, 1};
    List<Pixels> slices = new ArrayList<>();
    for (int axis = 0; axis < 3; axis++) {
      int up = axis == 0 ? steps[1] : steps[0];
      int right = axis == 2 ? steps[1] : steps[2];
      float[] slice = new float[side * side];
      for (int i = 0; i < slice.length; i++) {
        int above = side - 1 - i / side;
        slice[i] = values[side / 2 * steps[axis] + above * up + i % side * right];
      }
      slices.add(new Pixels(side, slice));
    }
    return slices;
  }

  /** What was done to a crop, in few words. */
  private static String words(View view) {
    List<String> words = new ArrayList<>();
    switch (view) {
      case StretchedView(Box _, Extent _, Flips flips, double angle, float shift, float gamma) -> {
        words.add(flips(flips));
        words.add(angle == 0 ? "" : number("turn %+.0f", Math.toDegrees(angle)));
        words.add(shift == 0 ? "" : number("shift %+.2f", shift));
        words.add(gamma == 1 ? "" : number("gamma %.2f", gamma));
      }
      case CropView(Box _, List<Change> changes) -> {
        for (Change change : changes) {
          words.add(words(change));
        }
      }
    }
    words.removeIf(String::isEmpty);
    return String.join(", ", words);
  }

  private static String words(Change change) {
    return switch (change) {
      case Noise(double deviation, _) -> number("noise %.2f", deviation);
      case Blur(double deviation) -> number("blur %.2f", deviation);
      case Brightness(double factor) -> number("brightness %.2f", factor);
      case Contrast(double factor) -> number("contrast %.2f", factor);
      case LowResolution(double zoom) -> number("zoom %.2f", zoom);
      case Power(double gamma, boolean inverted) ->
          number(inverted ? "negative gamma %.2f" : "gamma %.2f", gamma);
      case Mirror(Flips flips) -> flips(flips);
      case QuarterTurns(int turns) -> "turn " + 90 * turns;
    };
  }

  private static String flips(Flips flips) {
    StringBuilder axes = new StringBuilder();
    for (int axis = 0; axis < 3; axis++) {
      axes.append(flips.along(axis) ? " " + axis : "");
    }
    return axes.isEmpty() ? "" : "flip" + axes;
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
