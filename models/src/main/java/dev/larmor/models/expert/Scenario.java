package dev.larmor.models.expert;

import dev.larmor.models.data.DataException;
import dev.larmor.models.varnet.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The folder of one training of all experts, {@code <results>/<architecture>/<name>}, where each
 * expert has its own: {@code acc4-brain-slice0} (specification section 10).
 *
 * <p>The name says how it trains, {@code epoch5_fold5_slice1}, and how often it was retrained:
 * {@code epoch5_fold5_slice1_retrain2}.
 */
public record Scenario(Path folder) {
  private static final Pattern NAME =
      Pattern.compile("(.+?_slice(\\d{1,4}))(?:_retrain(\\d{1,4}))?");

  /**
   * The scenario of a first training.
   *
   * @param results the root of all results
   * @param name the user's name for the network
   */
  public static Scenario of(
      Path results, ModelConfig network, String name, int epochs, int folds, int parts) {
    return named(results, network, name, "epoch%d_fold%d_slice%d".formatted(epochs, folds, parts));
  }

  /**
   * The scenario of this name.
   *
   * @throws DataException if the name is not one
   */
  public static Scenario named(Path results, ModelConfig network, String name, String scenario) {
    return at(results.resolve(network.architecture() + "_" + name).resolve(scenario));
  }

  /**
   * The scenario in a folder.
   *
   * @throws DataException if the folder's name is not one's
   */
  public static Scenario at(Path folder) {
    if (!NAME.matcher(folder.getFileName().toString()).matches()) {
      throw new DataException(
          folder
              + ": not the name of a scenario, such as epoch5_fold5_slice1 or epoch5_fold5_slice1_retrain1");
    }
    return new Scenario(folder);
  }

  /** The scenario that retrains this one. */
  public Scenario retrained() {
    return new Scenario(
        folder.resolveSibling("%s_retrain%d".formatted(words().group(1), retraining() + 1)));
  }

  /** How often it was retrained: 0 for a first training. */
  public int retraining() {
    String number = words().group(3);
    return number == null ? 0 : Integer.parseInt(number);
  }

  /** How many ranges the slices of each volume are divided into. */
  public int parts() {
    return Integer.parseInt(words().group(2));
  }

  private Matcher words() {
    Matcher words = NAME.matcher(name());
    if (!words.matches()) {
      throw new IllegalStateException(folder.toString());
    }
    return words;
  }

  /** The scenario's name: {@code epoch5_fold5_slice1}. */
  public String name() {
    return folder.getFileName().toString();
  }

  /** The folder of one expert. */
  public Path of(Expert expert) {
    return folder.resolve(expert.folder());
  }

  /**
   * The experts there are, by their folders' names.
   *
   * @throws DataException if there is none
   */
  public List<Expert> experts() {
    try (Stream<Path> folders = Files.list(folder)) {
      List<Expert> experts =
          folders
              .map(path -> path.getFileName().toString())
              .sorted()
              .flatMap(name -> Expert.inFolder(name, parts()).stream())
              .toList();
      if (experts.isEmpty()) {
        throw new DataException(folder + ": no expert's folder in it, such as acc4-brain-slice0");
      }
      return experts;
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be listed: " + e.getMessage(), e);
    }
  }
}
