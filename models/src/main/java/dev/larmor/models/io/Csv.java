package dev.larmor.models.io;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Tables as text that spreadsheets and pandas read (RFC 4180). */
public final class Csv {
  private Csv() {}

  /** A line with its end; fields with a comma, a quote or a line break are quoted. */
  public static String line(List<String> fields) {
    return fields.stream().map(Csv::quoted).collect(Collectors.joining(",")) + "\n";
  }

  /**
   * The fields of every line; empty lines are left out. A quoted field may have commas, doubled
   * quotes and line breaks.
   *
   * @throws IllegalArgumentException if a quoted field does not end
   */
  public static List<List<String>> lines(String text) {
    List<List<String>> lines = new ArrayList<>();
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted) {
        if (c != '"') {
          field.append(c);
        } else if (i + 1 < text.length() && text.charAt(i + 1) == '"') {
          field.append(text.charAt(++i));
        } else {
          quoted = false;
        }
      } else if (c == '"') {
        quoted = true;
      } else if (c == ',') {
        fields.add(field.toString());
        field.setLength(0);
      } else if (c == '\n') {
        endLine(lines, fields, field);
        fields = new ArrayList<>();
      } else if (c != '\r') {
        field.append(c);
      }
    }
    if (quoted) {
      throw new IllegalArgumentException("a quoted field has no end");
    }
    endLine(lines, fields, field);
    return lines;
  }

  private static void endLine(List<List<String>> lines, List<String> fields, StringBuilder field) {
    if (!fields.isEmpty() || !field.isEmpty()) {
      fields.add(field.toString());
      field.setLength(0);
      lines.add(fields);
    }
  }

  private static String quoted(String field) {
    return field.matches("(?s).*[\",\r\n].*") ? '"' + field.replace("\"", "\"\"") + '"' : field;
  }
}
