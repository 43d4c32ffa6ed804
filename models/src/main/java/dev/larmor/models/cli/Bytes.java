package dev.larmor.models.cli;

import dev.larmor.engine.DeviceConfig;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads sizes of memory: {@code 7.2GiB}, {@code 500MB}, {@code 1048576}, {@code gtx1080}. */
final class Bytes implements ITypeConverter<Long> {
  private static final Pattern SIZE = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)([kmgt]?)(i?)b?");

  @Override
  public Long convert(String text) {
    String lower = text.toLowerCase(Locale.ROOT).replace(" ", "");
    if (lower.equals("gtx1080")) {
      return DeviceConfig.GTX1080_BUDGET;
    }
    Matcher match = SIZE.matcher(lower);
    if (!match.matches()) {
      throw new TypeConversionException(
          "'" + text + "' is not a size; write it as 7.2GiB, 500MB or gtx1080");
    }
    int power = match.group(2).isEmpty() ? 0 : "kmgt".indexOf(match.group(2)) + 1;
    double unit = Math.pow(match.group(3).isEmpty() ? 1000 : 1024, power);
    double bytes = Double.parseDouble(match.group(1)) * unit;
    if (bytes < 1 || bytes > 0x1p62) {
      throw new TypeConversionException("'" + text + "' is not a possible size of memory");
    }
    return (long) bytes;
  }
}
