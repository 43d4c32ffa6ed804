package dev.larmor.models.ssl.collection;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.models.data.DataException;
import dev.larmor.models.io.Csv;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A CSV file with a line of column names, its cells typed as pandas does: a column of numbers only
 * has numbers – floating if one is or a cell is missing –, one of True and False booleans, others
 * strings.
 */
final class MetadataTable {
  /** What pandas takes for a missing value. */
  private static final Set<String> MISSING =
      Set.of(
          "",
          "#N/A",
          "#N/A N/A",
          "#NA",
          "-1.#IND",
          "-1.#QNAN",
          "-NaN",
          "-nan",
          "1.#IND",
          "1.#QNAN",
          "<NA>",
          "N/A",
          "NA",
          "NULL",
          "NaN",
          "None",
          "n/a",
          "nan",
          "null");

  private enum Type {
    INTEGER,
    NUMBER,
    BOOLEAN,
    STRING
  }

  private final Path file;
  private final List<List<String>> rows;
  private final Map<String, Integer> columns = new HashMap<>();
  private final Map<String, Type> types = new HashMap<>();

  private MetadataTable(Path file, List<List<String>> lines) {
    this.file = file;
    List<String> names = lines.getFirst();
    for (String name : names) {
      columns.putIfAbsent(name, columns.size());
    }
    if (columns.size() < names.size()) {
      throw new DataException(file + ": two columns of one name among " + String.join(", ", names));
    }
    rows = lines.subList(1, lines.size());
    for (int row = 0; row < rows.size(); row++) {
      if (rows.get(row).size() != names.size()) {
        throw new DataException(
            "%s: row %d: %d cells, expected %d"
                .formatted(file, row + 1, rows.get(row).size(), names.size()));
      }
    }
    names.forEach(name -> types.put(name, type(name)));
  }

  /** Reads a table that has at least these columns. */
  static MetadataTable read(Path file, List<String> required) {
    List<List<String>> lines;
    try {
      lines = Csv.lines(Files.readString(file, StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      throw new DataException(file + ": no such file", e);
    } catch (IOException | IllegalArgumentException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
    if (lines.isEmpty()) {
      throw new DataException(file + ": no line of column names");
    }
    for (String column : required) {
      if (!lines.getFirst().contains(column)) {
        throw new DataException("%s: no column %s".formatted(file, column));
      }
    }
    return new MetadataTable(file, lines);
  }

  private Type type(String column) {
    boolean bools = true;
    boolean numbers = true;
    boolean integers = true;
    for (int row = 0; row < rows.size(); row++) {
      Optional<String> cell = cell(row, column);
      if (cell.isEmpty()) {
        integers = false;
      } else {
        String text = cell.get();
        bools &= text.equals("True") || text.equals("False");
        integers &= text.matches("[-+]?\\d{1,18}");
        numbers &= text.matches("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");
      }
    }
    if (numbers) {
      return integers ? Type.INTEGER : Type.NUMBER;
    }
    return bools ? Type.BOOLEAN : Type.STRING;
  }

  /** The rows below the column names. */
  int size() {
    return rows.size();
  }

  /** A cell; nothing if it is missing, with its column or alone. */
  Optional<String> cell(int row, String column) {
    Integer index = columns.get(column);
    return Optional.ofNullable(index)
        .map(i -> rows.get(row).get(i))
        .filter(text -> !MISSING.contains(text));
  }

  /** A cell that must not be missing. */
  String text(int row, String column) {
    return cell(row, column).orElseThrow(() -> bad(row, column, "missing"));
  }

  /** A cell of its column's type; a null if it is missing. */
  JsonNode value(int row, String column) {
    Optional<String> cell = cell(row, column);
    if (cell.isEmpty()) {
      return NullNode.instance;
    }
    JsonNodeFactory json = JsonNodeFactory.instance;
    String text = cell.get();
    return switch (types.get(column)) {
      case INTEGER -> json.numberNode(Long.parseLong(text));
      case NUMBER -> json.numberNode(Double.parseDouble(text));
      case BOOLEAN -> json.booleanNode(text.equals("True"));
      case STRING -> json.textNode(text);
    };
  }

  /** The cells of some columns that are not missing. */
  ObjectNode values(int row, List<String> names) {
    ObjectNode values = JsonNodeFactory.instance.objectNode();
    for (String name : names) {
      if (cell(row, name).isPresent()) {
        values.set(name, value(row, name));
      }
    }
    return values;
  }

  DataException bad(int row, String column, String what) {
    return new DataException("%s: row %d: %s: %s".formatted(file, row + 1, column, what));
  }
}
