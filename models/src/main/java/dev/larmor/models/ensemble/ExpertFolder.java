package dev.larmor.models.ensemble;

import dev.larmor.models.data.DataException;
import dev.larmor.models.training.Checkpoint;
import dev.larmor.models.training.Round;
import dev.larmor.models.training.Trainer;
import dev.larmor.models.varnet.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The checkpoints that one expert's training left, by their names: {@code best_model}, {@code
 * last_model} and {@code epoch<e>_fold<f>}.
 */
public record ExpertFolder(Path folder) {
  /** The member taken where none is named: the checkpoint with the smallest validation loss. */
  public static final String BEST = "best_model";

  private static final String LAST = "last_model";
  private static final Pattern ROUND = Pattern.compile("epoch(\\d{1,6})_fold(\\d{1,6})");
  private static final String EXTENSION = ".safetensors";

  /**
   * The checkpoint of this name.
   *
   * @throws DataException if there is none; it tells which there are
   */
  Path checkpoint(String name) {
    Matcher round = ROUND.matcher(name);
    Path file = folder.resolve(name + EXTENSION);
    if (name.equals(BEST)) {
      file = Trainer.best(folder);
    } else if (name.equals(LAST)) {
      file = Trainer.last(folder);
    } else if (round.matches()) {
      int fold = Integer.parseInt(round.group(2));
      file = Trainer.after(folder, new Round(Integer.parseInt(round.group(1)), fold, fold + 1));
    }
    if (!Files.isRegularFile(file)) {
      List<String> names = names();
      throw new DataException(
          "%s: no member '%s', there %s"
              .formatted(
                  folder,
                  name,
                  names.isEmpty()
                      ? "is none"
                      : (names.size() == 1 ? "is " : "are ") + String.join(", ", names)));
    }
    return file;
  }

  /**
   * The member of this name.
   *
   * @param options makes the configuration of what the file tells of its network, null if nothing
   * @throws DataException if there is none
   */
  public Member member(String name, double weight, UnaryOperator<ModelConfig> options) {
    Path file = checkpoint(name);
    ModelConfig config = options.apply(Checkpoint.config(file).orElse(null));
    return new Member(name, ImageSource.Saved.of(file, config), weight);
  }

  /** The names of all there are. */
  private List<String> names() {
    List<String> names = new ArrayList<>();
    names.addAll(in(folder));
    names.addAll(in(folder.resolve("checkpoints")));
    return names;
  }

  private static List<String> in(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.startsWith(".") && name.endsWith(EXTENSION))
          .map(name -> name.substring(0, name.length() - EXTENSION.length()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be listed: " + e.getMessage(), e);
    }
  }
}
