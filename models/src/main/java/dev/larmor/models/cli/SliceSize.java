package dev.larmor.models.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The k-space of a slice, written {@code 15x640x372}: coils, H, W. */
record SliceSize(int coils, int height, int width) {
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,6})x([0-9]{1,6})x([0-9]{1,6})");

  @Override
  public String toString() {
    return coils + "x" + height + "x" + width;
  }

  /** Reads one. */
  static final class Converter implements ITypeConverter<SliceSize> {
    @Override
    public SliceSize convert(String text) {
      Matcher match = SIZE.matcher(text);
      if (!match.matches()) {
        throw new TypeConversionException(
            "'" + text + "' is not a slice; write coils x H x W as 15x640x372");
      }
      return new SliceSize(
          Integer.parseInt(match.group(1)),
          Integer.parseInt(match.group(2)),
          Integer.parseInt(match.group(3)));
    }
  }
}
