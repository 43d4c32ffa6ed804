package dev.larmor.models.expert;

import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.Classifier;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.io.Csv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which volumes of a data set are of which class: a folder with one file for each class, {@code
 * acc4-brain.txt} …, that lists one k-space file a line, and {@code classification_summary.csv}
 * (file, anatomy, acceleration, class, path).
 *
 * <p>The text files are what counts: whoever moves a line to another file has moved the volume to
 * another class. Paths are relative to the data set, so that both can be moved.
 */
public final class ClassIndex {
  private static final String SUMMARY = "classification_summary.csv";

  private final Path data;
  private final SortedMap<Path, VolumeClass> classes; // by absolute path

  private ClassIndex(Path data, SortedMap<Path, VolumeClass> classes) {
    this.data = data.toAbsolutePath().normalize();
    this.classes = classes;
  }

  /**
   * Classifies volumes.
   *
   * @param data the data set's folder, which all volumes are in
   */
  public static ClassIndex of(Path data, VolumeSet volumes, Classifier rule) {
    SortedMap<Path, VolumeClass> classes = new TreeMap<>();
    for (Volume volume : volumes.volumes()) {
      classes.put(key(volume.kspaceFile()), VolumeClass.of(volume, rule));
    }
    return new ClassIndex(data, classes);
  }

  private static Path key(Path file) {
    return file.toAbsolutePath().normalize();
  }

  /** Whether a folder has the index files. */
  public static boolean isIn(Path folder) {
    return VolumeClass.ALL.stream().allMatch(of -> Files.exists(file(folder, of)));
  }

  private static Path file(Path folder, VolumeClass of) {
    return folder.resolve(of.label() + ".txt");
  }

  /**
   * Reads the index of a data set.
   *
   * @throws DataException if a file is missing or lists a volume twice
   */
  public static ClassIndex read(Path folder, Path data) {
    SortedMap<Path, VolumeClass> classes = new TreeMap<>();
    for (VolumeClass of : VolumeClass.ALL) {
      Path file = file(folder, of);
      for (String line : lines(file)) {
        VolumeClass other = classes.putIfAbsent(key(data.resolve(line)), of);
        if (other != null) {
          throw new DataException("%s: %s is in class %s already".formatted(file, line, other));
        }
      }
    }
    return new ClassIndex(data, classes);
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file).stream()
          .map(String::strip)
          .filter(l -> !l.isEmpty())
          .toList();
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Writes the index files and the summary. */
  public void write(Path folder) {
    Map<VolumeClass, StringBuilder> files = new HashMap<>();
    VolumeClass.ALL.forEach(of -> files.put(of, new StringBuilder()));
    StringBuilder summary = new StringBuilder("file,anatomy,acceleration,class,path\n");
    classes.forEach((path, of) -> {
      String relative = data.relativize(path).toString();
      files.get(of).append(relative).append('\n');
      summary.append(
          Csv.line(
              List.of(
                  path.getFileName().toString(),
                  of.anatomy().label(),
                  Integer.toString(of.acceleration()),
                  of.label(),
                  relative)));
    });
    files.forEach((of, lines) -> AtomicFile.write(file(folder, of), lines.toString()));
    AtomicFile.write(folder.resolve(SUMMARY), summary.toString());
  }

  /** The class of a volume, if the index has it. */
  public Optional<VolumeClass> of(Volume volume) {
    return Optional.ofNullable(classes.get(key(volume.kspaceFile())));
  }

  /** The volumes of one anatomy, of every acceleration. */
  VolumeSet of(VolumeSet volumes, Anatomy anatomy) {
    return volumes
        .where(volume -> of(volume).filter(of -> of.anatomy() == anatomy).isPresent())
        .of(anatomy);
  }

  /**
   * Checks that the index and a data set are of the same volumes.
   *
   * @throws DataException if either has a volume that the other has not
   */
  public void check(Path folder, VolumeSet volumes) {
    Map<Path, VolumeClass> unknown = new TreeMap<>(classes);
    for (Volume volume : volumes.volumes()) {
      if (unknown.remove(key(volume.kspaceFile())) == null) {
        throw new DataException(
            "%s: does not list %s; remove it to have the data classified anew"
                .formatted(folder, volume.kspaceFile()));
      }
    }
    if (!unknown.isEmpty()) {
      throw new DataException(
          "%s: lists %s, which is not among the usable volumes of %s; remove it to have the data classified anew"
              .formatted(folder, unknown.keySet().iterator().next(), data));
    }
  }

  /** The number of volumes of each class. */
  public Map<VolumeClass, Integer> counts() {
    Map<VolumeClass, Integer> counts = new TreeMap<>();
    VolumeClass.ALL.forEach(of -> counts.put(of, 0));
    classes.values().forEach(of -> counts.merge(of, 1, Integer::sum));
    return counts;
  }
}
