package dev.larmor.models.ssl.collection;

import dev.larmor.models.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The folders that the environment names: {@code nnssl_raw} for what the images are, {@code
 * nnssl_preprocessed} for what is made of them, {@code nnssl_results} for what is trained. {@code
 * rocket_preprocessed}, a fast disk, takes the place of {@code nnssl_preprocessed} if it is set.
 *
 * @param environment all variables, since paths in a collection may begin with any of them
 */
public record Roots(Map<String, String> environment) {
  private static final String RAW = "nnssl_raw";
  private static final String PREPROCESSED = "nnssl_preprocessed";
  private static final String RESULTS = "nnssl_results";
  private static final String ROCKET = "rocket_preprocessed";

  /** Takes a copy, with {@code rocket_preprocessed} in its place. */
  public Roots {
    Map<String, String> variables = new HashMap<>(environment);
    if (!variables.getOrDefault(ROCKET, "").isEmpty()) {
      variables.put(PREPROCESSED, variables.get(ROCKET));
    }
    environment = Map.copyOf(variables);
  }

  /**
   * Where the collections are.
   *
   * @throws DataException if the variable is not set
   */
  public Path raw() {
    return folder(RAW, "the folder of the data sets' pretrain_data.json");
  }

  /**
   * Where fingerprints, plans and preprocessed images are.
   *
   * @throws DataException if the variable is not set
   */
  public Path preprocessed() {
    return folder(PREPROCESSED, "the folder of fingerprints, plans and preprocessed images");
  }

  /**
   * Where trainings are.
   *
   * @throws DataException if the variable is not set
   */
  public Path results() {
    return folder(RESULTS, "the folder of trainings");
  }

  /** Whether {@code rocket_preprocessed} takes the place of {@code nnssl_preprocessed}. */
  public boolean rocket() {
    return isSet(ROCKET);
  }

  private boolean isSet(String variable) {
    return !environment.getOrDefault(variable, "").isEmpty();
  }

  private Path folder(String variable, String what) {
    if (!isSet(variable)) {
      throw new DataException(
          "the environment variable %s is not set, expected %s".formatted(variable, what));
    }
    return folder(variable);
  }

  private Path folder(String variable) {
    return Path.of(environment.get(variable)).toAbsolutePath().normalize();
  }

  /** The list of a data set's images. */
  public Path pretrainData(DatasetName dataset) {
    return raw().resolve(dataset.toString()).resolve("pretrain_data.json");
  }

  /**
   * A data set by its id or its name; one of an id is looked for in all folders.
   *
   * @param given {@code 745}, {@code Dataset745_OpenMind} or {@code 745_OpenMind}
   * @throws DataException if an id has no folder or folders of several names
   * @throws IllegalArgumentException if it is neither an id nor a name
   */
  public DatasetName dataset(String given) {
    if (!given.matches("\\d{1,3}")) {
      return DatasetName.parse(given);
    }
    int id = Integer.parseInt(given);
    Set<String> names = new TreeSet<>();
    for (String root : List.of(PREPROCESSED, RAW, RESULTS)) {
      if (isSet(root)) {
        names.addAll(folders(folder(root), DatasetName.prefix(id)));
      }
    }
    if (names.size() != 1) {
      throw new DataException(
          "data set %d: %s, expected one folder %s… in %s, %s or %s"
              .formatted(
                  id,
                  names.isEmpty() ? "no folder" : "the folders " + String.join(", ", names),
                  DatasetName.prefix(id),
                  RAW,
                  PREPROCESSED,
                  RESULTS));
    }
    return DatasetName.parse(names.iterator().next());
  }

  private static List<String> folders(Path root, String prefix) {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(root)) {
      return entries
          .filter(Files::isDirectory)
          .map(entry -> entry.getFileName().toString())
          .filter(name -> name.startsWith(prefix) && name.length() > prefix.length())
          .toList();
    } catch (IOException e) {
      throw new DataException(root + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * A path as a collection writes it: absolute or {@code $VARIABLE/rest}.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  Path resolve(String text) {
    int slash = text.indexOf('/');
    String first = slash < 0 ? text : text.substring(0, slash);
    if (first.startsWith("$")) {
      String variable = first.substring(1);
      if (!isSet(variable)) {
        throw new IllegalArgumentException(
            "'%s', but the environment variable %s is not set".formatted(text, variable));
      }
      String value = environment.get(variable).replaceFirst("/$", "");
      return Path.of(value + text.substring(first.length())).toAbsolutePath();
    }
    Path path = Path.of(text);
    if (!path.isAbsolute()) {
      throw new IllegalArgumentException(
          "'%s', expected an absolute path or $VARIABLE/…".formatted(text));
    }
    return path;
  }

  /** A path as a collection writes it, from {@code $nnssl_raw} or {@code $nnssl_preprocessed}. */
  String relative(Path path) {
    for (String root : List.of(RAW, PREPROCESSED)) {
      if (isSet(root)) {
        Path folder = folder(root);
        if (path.startsWith(folder) && !path.equals(folder)) {
          return "$" + root + "/" + folder.relativize(path);
        }
      }
    }
    return path.toString();
  }
}
