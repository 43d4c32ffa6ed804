package dev.larmor.models.ssl.adapt.segmentation.dataset;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.ssl.collection.JsonPlace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A data set in nnU-Net's layout: {@value #FILE}, {@code imagesTr/CASE_0000.nii.gz}, {@code
 * labelsTr/CASE.nii.gz} and perhaps {@code imagesTs}.
 *
 * @param channels the channels' names; the first is of {@code _0000}
 * @param ending of all files, such as {@code .nii.gz}
 * @param training cases with truth, by name
 */
public record SegmentationDataset(
    Path folder, List<String> channels, Labels labels, String ending, List<Case> training) {
  /** What describes the data set. */
  public static final String FILE = "dataset.json";

  private static final Pattern CHANNEL = Pattern.compile("(.+)_(\\d{4})");

  public SegmentationDataset {
    channels = List.copyOf(channels);
    training = List.copyOf(training);
  }

  /**
   * Reads the description and looks for the files; images are not read.
   *
   * @throws DataException if a key or a file is missing or is not what it should be
   */
  public static SegmentationDataset read(Path folder) {
    Path file = folder.resolve(FILE);
    JsonPlace root = JsonPlace.read(file);
    if (root.node().has("dataset")) {
      throw new DataException(
          file + ": dataset: files cannot be listed one by one, expected imagesTr and labelsTr");
    }
    List<String> channels = numbered(root.required("channel_names"), true);
    Labels labels = new Labels(numbered(root.required("labels"), false));
    JsonPlace ending = root.required("file_ending");
    if (!ImageFile.ENDINGS.contains(ending.text())) {
      throw new DataException(
          "%s: file_ending: '%s', expected one of %s"
              .formatted(file, ending.text(), String.join(", ", ImageFile.ENDINGS)));
    }
    List<Case> training = new ArrayList<>();
    for (Case one : cases(folder.resolve("imagesTr"), channels, ending.text())) {
      Path truth = folder.resolve("labelsTr").resolve(one.name() + ending.text());
      if (!Files.isRegularFile(truth)) {
        throw new DataException(truth + ": no such file, but imagesTr has case " + one.name());
      }
      training.add(new Case(one.name(), one.images(), Optional.of(truth)));
    }
    int expected = root.optional("numTraining").node().asInt(training.size());
    if (expected != training.size()) {
      throw new DataException(
          "%s: numTraining: %d, but imagesTr has %d cases"
              .formatted(file, expected, training.size()));
    }
    return new SegmentationDataset(folder, channels, labels, ending.text(), training);
  }

  /** Names by number: {@code {"0": "T1"}} for channels, {@code {"background": 0}} for labels. */
  private static List<String> numbered(JsonPlace object, boolean numberFirst) {
    Map<Integer, String> names = new TreeMap<>();
    object
        .members()
        .forEach((key, value) -> {
          int number = numberFirst ? number(object, key) : number(value, value.node().asText());
          if (names.put(number, numberFirst ? value.text() : key) != null) {
            throw object.bad("number " + number + " is there twice");
          }
        });
    int least = numberFirst ? 1 : 2;
    List<Integer> expected = IntStream.range(0, names.size()).boxed().toList();
    if (names.size() < least
        || names.size() > Labels.MOST
        || !List.copyOf(names.keySet()).equals(expected)) {
      throw object.bad(
          "numbers %s, expected 0, 1, 2 and so on, %d to %d of them"
              .formatted(names.keySet(), least, Labels.MOST));
    }
    return List.copyOf(names.values());
  }

  private static int number(JsonPlace place, String text) {
    if (!text.matches("\\d{1,4}")) {
      throw place.bad("'%s', expected a whole number".formatted(text));
    }
    return Integer.parseInt(text);
  }

  /**
   * The cases that a folder has images of, without truth.
   *
   * @throws DataException if the folder is missing, has no images or lacks a channel of a case
   */
  public static List<Case> cases(Path folder, List<String> channels, String ending) {
    Map<String, Map<Integer, Path>> found = new TreeMap<>();
    for (Path file : files(folder)) {
      String name = file.getFileName().toString();
      if (!name.endsWith(ending) || name.startsWith(".")) {
        continue;
      }
      Matcher parts = CHANNEL.matcher(name.substring(0, name.length() - ending.length()));
      if (!parts.matches()) {
        throw new DataException(
            "%s: expected a name such as CASE_0000%s, the number being the channel's"
                .formatted(file, ending));
      }
      found
          .computeIfAbsent(parts.group(1), key -> new TreeMap<>())
          .put(Integer.parseInt(parts.group(2)), file);
    }
    if (found.isEmpty()) {
      throw new DataException(folder + ": no images CASE_0000" + ending);
    }
    List<Case> cases = new ArrayList<>();
    found.forEach((name, files) -> {
      TreeSet<Integer> expected = new TreeSet<>();
      IntStream.range(0, channels.size()).forEach(expected::add);
      if (!files.keySet().equals(expected)) {
        throw new DataException(
            "%s: case %s has channels %s, expected %s: %s"
                .formatted(folder, name, files.keySet(), expected, channels));
      }
      cases.add(new Case(name, List.copyOf(files.values()), Optional.empty()));
    });
    return cases;
  }

  private static List<Path> files(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new DataException(
          folder + ": " + (Files.isDirectory(folder) ? "cannot be read: " + e : "no such folder"),
          e);
    }
  }

  /** The cases of these names, in their order. */
  public List<Case> named(List<String> names) {
    return names.stream()
        .map(name ->
            training.stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow())
        .toList();
  }
}
