package dev.larmor.models.data.image;

import dev.larmor.models.data.DataException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** The keys and values of a header of text lines, with voxels behind it. */
final class TextHeader {
  /** Longer headers are no headers. */
  private static final int MOST = 1 << 20;

  private final Path file;
  private final Map<String, String> values = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private int length;

  TextHeader(Path file) {
    this.file = file;
  }

  /** The bytes read so far. */
  int length() {
    return length;
  }

  /** The next line without its end; null at the end of the file. */
  String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int b = in.read();
    if (b < 0) {
      return null;
    }
    for (; b >= 0 && b != '\n'; b = in.read()) {
      line.write(b);
      if (++length > MOST) {
        throw new DataException(file + ": no end of the header in its first " + MOST + " bytes");
      }
    }
    length++;
    return line.toString(StandardCharsets.UTF_8).stripTrailing();
  }

  void put(String key, String value) {
    if (values.put(key, value) != null) {
      throw bad(key, "given twice");
    }
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** The value of a key, or the given one. */
  String get(String key, String otherwise) {
    return values.getOrDefault(key, otherwise);
  }

  /** The value of a key that must be there. */
  String get(String key) {
    String value = values.get(key);
    if (value == null) {
      throw bad(key, "missing");
    }
    return value;
  }

  /** A number of axes that a reader of volumes can have: 2 to 4. */
  int axes(String key) {
    long axes = integers(key, 1)[0];
    if (axes < 2 || axes > 4) {
      throw bad(key, axes + ", expected 2 to 4");
    }
    return (int) axes;
  }

  /** Exactly as many whole numbers. */
  long[] integers(String key, int count) {
    String[] words = words(key, count);
    long[] numbers = new long[count];
    for (int i = 0; i < count; i++) {
      try {
        numbers[i] = Long.parseLong(words[i]);
      } catch (NumberFormatException e) {
        throw bad(key, "'" + words[i] + "', expected a whole number", e);
      }
    }
    return numbers;
  }

  /** Exactly as many numbers. */
  double[] numbers(String key, int count) {
    return numbers(key, words(key, count));
  }

  /** These words of a key as numbers. */
  double[] numbers(String key, String... words) {
    double[] numbers = new double[words.length];
    for (int i = 0; i < words.length; i++) {
      try {
        numbers[i] = number(words[i].strip());
      } catch (NumberFormatException e) {
        throw bad(key, "'" + words[i] + "', expected a number", e);
      }
    }
    return numbers;
  }

  /** A number as C prints it, which writes {@code nan} in any case. */
  static double number(String word) {
    return word.equalsIgnoreCase("nan") ? Double.NaN : Double.parseDouble(word);
  }

  private String[] words(String key, int count) {
    String[] words = get(key).strip().split("\\s+");
    if (words.length != count) {
      throw bad(key, "%d values, expected %d".formatted(words.length, count));
    }
    return words;
  }

  /** The meaning of a word. */
  <T> T choice(String key, String word, Map<String, T> meanings) {
    T meaning = meanings.get(word);
    if (meaning == null) {
      String known = String.join(", ", new TreeSet<>(meanings.keySet()));
      throw bad(key, "'%s', expected one of %s".formatted(word, known));
    }
    return meaning;
  }

  DataException bad(String key, String what) {
    return new DataException(file + ": " + key + ": " + what);
  }

  private DataException bad(String key, String what, Exception cause) {
    return new DataException(file + ": " + key + ": " + what, cause);
  }
}
