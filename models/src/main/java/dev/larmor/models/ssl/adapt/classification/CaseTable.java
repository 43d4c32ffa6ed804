package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.Csv;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The cases of a data set, a row each of a CSV file whose first row names the columns:
 *
 * <ul>
 *   <li>{@code image}, and {@code image2}, {@code image3}, … for further channels: files;
 *   <li>{@code label}: the class, any text;
 *   <li>{@code subject}: whom the image is of; without it every row is a subject of its own;
 *   <li>{@code mask}: a file, or nothing.
 * </ul>
 *
 * <p>Files are relative to the table's folder. Other columns are refused: a {@code subjct} that
 * nobody reads would put one head into training and test.
 *
 * @param channels images of a case
 */
public record CaseTable(Path file, int channels, List<Case> cases) {
  private static final String IMAGE = "image";
  private static final String LABEL = "label";
  private static final String SUBJECT = "subject";
  private static final String MASK = "mask";

  public CaseTable {
    cases = List.copyOf(cases);
  }

  /**
   * Reads a table; the images are not looked at.
   *
   * @throws DataException naming row and column, if it is not such a table
   */
  public static CaseTable read(Path file) {
    List<List<String>> lines = lines(file);
    List<String> columns = lines.getFirst();
    List<Integer> images = checked(file, columns);
    List<Case> cases = new ArrayList<>();
    Set<List<Path>> seen = new HashSet<>();
    for (int row = 1; row < lines.size(); row++) {
      List<String> fields = lines.get(row);
      if (fields.size() != columns.size()) {
        throw new DataException(
            "%s: row %d has %d fields, the header %d"
                .formatted(file, row + 1, fields.size(), columns.size()));
      }
      Case one = row(file, row + 1, columns, images, fields);
      if (!seen.add(one.images())) {
        throw new DataException(
            "%s: row %d, column 'image': %s is there twice".formatted(file, row + 1, one.name()));
      }
      cases.add(one);
    }
    if (cases.isEmpty()) {
      throw new DataException(file + ": has a header, but no rows");
    }
    return new CaseTable(file, images.size(), cases);
  }

  private static List<List<String>> lines(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new DataException(file + ": no such file");
    }
    try {
      // Spreadsheets put a byte order mark in front.
      List<List<String>> lines = Csv.lines(Files.readString(file).replaceFirst("^\uFEFF", ""));
      if (lines.isEmpty()) {
        throw new DataException(file + ": empty, expected a table with columns image and label");
      }
      return lines;
    } catch (MalformedInputException e) {
      throw new DataException(file + ": no table in UTF-8", e);
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": " + e.getMessage(), e);
    }
  }

  /** The columns of images. */
  private static List<Integer> checked(Path file, List<String> columns) {
    List<Integer> images = new ArrayList<>();
    for (int c = 0; c < columns.size(); c++) {
      String column = columns.get(c);
      boolean image = column.matches(IMAGE + "\\d*");
      if (!image && !List.of(LABEL, SUBJECT, MASK).contains(column)) {
        throw new DataException(
            "%s: unknown column '%s', expected image (image2, image3, ...), label, subject or mask"
                .formatted(file, column));
      }
      if (columns.indexOf(column) != c) {
        throw new DataException("%s: two columns '%s'".formatted(file, column));
      }
      if (image) {
        images.add(c);
      }
    }
    if (!columns.contains(IMAGE)) {
      throw new DataException(
          "%s: no column 'image' among %s".formatted(file, String.join(", ", columns)));
    }
    return images;
  }

  private static Case row(
      Path file, int row, List<String> columns, List<Integer> images, List<String> fields) {
    for (int c = 0; c < columns.size(); c++) {
      if (fields.get(c).isBlank() && !columns.get(c).equals(MASK)) {
        throw new DataException(
            "%s: row %d, column '%s': empty".formatted(file, row, columns.get(c)));
      }
    }
    Path folder = file.toAbsolutePath().getParent();
    String name = fields.get(columns.indexOf(IMAGE));
    return new Case(
        name,
        images.stream().map(c -> folder.resolve(fields.get(c))).toList(),
        field(columns, fields, MASK).map(folder::resolve),
        field(columns, fields, SUBJECT).orElse(name),
        field(columns, fields, LABEL));
  }

  private static Optional<String> field(List<String> columns, List<String> fields, String column) {
    int c = columns.indexOf(column);
    return c < 0 || fields.get(c).isBlank() ? Optional.empty() : Optional.of(fields.get(c));
  }

  /**
   * The classes there are, in alphabetical order.
   *
   * @throws DataException if there are no labels, or only one
   */
  public List<String> classes() {
    TreeSet<String> classes = new TreeSet<>();
    for (Case one : cases) {
      classes.add(one.label().orElseThrow(() -> new DataException(file + ": no column 'label'")));
    }
    if (classes.size() < 2) {
      throw new DataException(
          "%s: column 'label' is '%s' in all rows, expected two classes or more"
              .formatted(file, classes.first()));
    }
    return List.copyOf(classes);
  }
}
