package dev.larmor.models.picture;

import dev.larmor.models.io.AtomicFile;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;

/** A canvas; x goes right, y down, colours are {@code 0xRRGGBB}. */
public final class Picture {
  /** Width of a letter in pixels. */
  public static final int LETTER_WIDTH = 9;

  /** Height of a line of text in pixels. */
  public static final int LETTER_HEIGHT = 18;

  private static final int LETTERS_PER_ROW = 16;
  private static final char FIRST_LETTER = ' ';
  private static final char LAST_LETTER = '~';
  private static final BufferedImage LETTERS = letters();

  private final BufferedImage canvas;

  /** The canvas's pixels, row-major: {@code setRGB} takes most of the time of drawing. */
  private final int[] pixels;

  /** An empty canvas. */
  public Picture(int width, int height, int background) {
    canvas = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    pixels = ((DataBufferInt) canvas.getRaster().getDataBuffer()).getData();
    Arrays.fill(pixels, background);
  }

  private static BufferedImage letters() {
    try (InputStream in = Picture.class.getResourceAsStream("letters.png")) {
      return ImageIO.read(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Draws an image.
   *
   * @param x left
   * @param y top
   * @param scale screen pixels per image pixel, in both directions
   * @param low the value that gets the map's first colour; what is below gets it too
   * @param high the value that gets its last
   */
  public Picture image(
      int x, int y, int scale, Pixels image, double low, double high, ColorMap map) {
    int side = image.side();
    for (int row = 0; row < side; row++) {
      for (int column = 0; column < side; column++) {
        double t = (image.values()[row * side + column] - low) / (high - low);
        int color = map.color(t >= 0 ? Math.min(t, 1) : 0);
        fill(x + column * scale, y + row * scale, scale, color);
      }
    }
    return this;
  }

  /** Draws the outline of a region – pixels above a half – as a line one screen pixel wide. */
  public Picture outline(int x, int y, int scale, Pixels region, int color) {
    int side = region.side();
    int end = scale - 1;
    for (int row = 0; row < side; row++) {
      for (int column = 0; column < side; column++) {
        if (!region.inside(row, column)) {
          continue;
        }
        int left = x + column * scale;
        int top = y + row * scale;
        for (int i = 0; i < scale; i++) {
          point(left + i, top, !region.inside(row - 1, column), color);
          point(left + i, top + end, !region.inside(row + 1, column), color);
          point(left, top + i, !region.inside(row, column - 1), color);
          point(left + end, top + i, !region.inside(row, column + 1), color);
        }
      }
    }
    return this;
  }

  /**
   * Gives a region – pixels above a half – a colour that the picture below shines through.
   *
   * @param ink how much of the colour, of 255
   */
  public Picture tint(int x, int y, int scale, Pixels region, int color, int ink) {
    for (int j = 0; j < region.side() * scale; j++) {
      for (int i = 0; i < region.side() * scale; i++) {
        if (region.inside(j / scale, i / scale)) {
          int at = (y + j) * canvas.getWidth() + x + i;
          pixels[at] = blend(pixels[at], color, ink);
        }
      }
    }
    return this;
  }

  private void point(int x, int y, boolean wanted, int color) {
    if (wanted) {
      pixels[y * canvas.getWidth() + x] = color;
    }
  }

  private void fill(int x, int y, int size, int color) {
    for (int j = y; j < y + size; j++) {
      int start = j * canvas.getWidth() + x;
      Arrays.fill(pixels, start, start + size, color);
    }
  }

  /** Draws a straight line one pixel wide; what lies beyond the canvas is cut. */
  public Picture line(int fromX, int fromY, int toX, int toY, int color) {
    int steps = Math.max(1, Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY)));
    for (int i = 0; i <= steps; i++) {
      int x = (int) Math.round(fromX + (double) (toX - fromX) * i / steps);
      int y = (int) Math.round(fromY + (double) (toY - fromY) * i / steps);
      point(x, y, x >= 0 && x < canvas.getWidth() && y >= 0 && y < canvas.getHeight(), color);
    }
    return this;
  }

  /** Writes a line of ASCII; other characters become question marks, what does not fit is cut. */
  public Picture text(int x, int y, String text, int color) {
    for (int n = 0; n < text.length(); n++) {
      char letter = text.charAt(n);
      int glyph = (letter < FIRST_LETTER || letter > LAST_LETTER ? '?' : letter) - FIRST_LETTER;
      int left = x + n * LETTER_WIDTH;
      if (left + LETTER_WIDTH > canvas.getWidth()) {
        break;
      }
      for (int j = 0; j < LETTER_HEIGHT; j++) {
        for (int i = 0; i < LETTER_WIDTH; i++) {
          int ink =
              LETTERS
                  .getRaster()
                  .getSample(
                      glyph % LETTERS_PER_ROW * LETTER_WIDTH + i,
                      glyph / LETTERS_PER_ROW * LETTER_HEIGHT + j,
                      0);
          int at = (y + j) * canvas.getWidth() + left + i;
          pixels[at] = blend(pixels[at], color, ink);
        }
      }
    }
    return this;
  }

  /** A mixture of two colours, {@code ink} of 255 parts the second. */
  private static int blend(int below, int above, int ink) {
    int mixed = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      int from = below >> shift & 0xFF;
      int to = above >> shift & 0xFF;
      mixed |= (from * (255 - ink) + to * ink + 127) / 255 << shift;
    }
    return mixed;
  }

  /** The picture in PNG format. */
  public byte[] png() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(canvas, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }

  /** Saves the picture in PNG format. */
  public void save(Path file) {
    try (AtomicFile replacement = AtomicFile.replace(file)) {
      replacement.write(ByteBuffer.wrap(png()));
      replacement.commit();
    }
  }
}
