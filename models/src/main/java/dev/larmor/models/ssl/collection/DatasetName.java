package dev.larmor.models.ssl.collection;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a data set's folder, {@code Dataset745_OpenMind}.
 *
 * @param id 0 to 999
 * @param name the rest, {@code OpenMind}
 */
public record DatasetName(int id, String name) {
  private static final Pattern FOLDER = Pattern.compile("(?:Dataset)?(\\d{3})_([^/\\\\]+)");

  /**
   * Reads {@code Dataset745_OpenMind} or {@code 745_OpenMind}.
   *
   * @throws IllegalArgumentException if it is neither
   */
  public static DatasetName parse(String text) {
    Matcher matcher = FOLDER.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is no data set, expected an id of three digits and a name, such as 745_OpenMind"
              .formatted(text));
    }
    return new DatasetName(Integer.parseInt(matcher.group(1)), matcher.group(2));
  }

  /** What all folders of an id begin with. */
  static String prefix(int id) {
    return "Dataset%03d_".formatted(id);
  }

  /** The folder's name. */
  @Override
  public String toString() {
    return prefix(id) + name;
  }
}
