package dev.larmor.models.io;

import java.util.List;
import java.util.stream.Collectors;

/** Tables as text that spreadsheets and pandas read (RFC 4180). */
public final class Csv {
  private Csv() {}

  /** A line with its end; fields with a comma, a quote or a line break are quoted. */
  public static String line(List<String> fields) {
    return fields.stream().map(Csv::quoted).collect(Collectors.joining(",")) + "\n";
  }

  private static String quoted(String field) {
    return field.matches("(?s).*[\",\r\n].*") ? '"' + field.replace("\"", "\"\"") + '"' : field;
  }
}
