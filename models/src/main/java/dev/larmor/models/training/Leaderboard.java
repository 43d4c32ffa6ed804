package dev.larmor.models.training;

import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.Classifier;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.KspaceVolume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.hdf5.Hdf5File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which reconstruction belongs to which target.
 *
 * <p>A data set for the leaderboard has a sub-folder for each acceleration ({@code acc4}, {@code
 * acc8}), each with {@code kspace} and {@code image}; its reconstructions have the same
 * sub-folders. Any other folder is one part without a name: {@code kspace} and {@code image}, or
 * fastMRI's files, or target images alone.
 *
 * @param entries reconstructions that have a target, by part and file name
 * @param missing targets without a reconstruction
 * @param extra reconstructions without a target
 */
public record Leaderboard(List<Entry> entries, List<Path> missing, List<Path> extra) {
  private static final Pattern ACCELERATION = Pattern.compile("acc([0-9]+)");

  /** A part of a data set, {@code acc4} or the whole (named by the empty string). */
  public record Part(String name, Path folder) {
    /** The same part of other data. */
    public Path in(Path root) {
      return root.resolve(name);
    }
  }

  /**
   * A pair of files.
   *
   * @param name part and file name: {@code acc4/brain_test1.h5}
   * @param kspace the file with the k-space that was reconstructed, where the data set has it
   * @param acceleration R, 0 if nothing tells it
   */
  public record Entry(
      Path name,
      Path reconstruction,
      Path target,
      Optional<Path> kspace,
      int acceleration,
      Anatomy anatomy) {
    /** The sub-folder: {@code acc4}, or the empty string. */
    public String part() {
      return name.getParent() == null ? "" : name.getParent().toString();
    }

    /** The file's name. */
    public String file() {
      return name.getFileName().toString();
    }
  }

  /** The parts of a data set. */
  public static List<Part> parts(Path root) {
    if (!Files.isDirectory(root)) {
      throw new DataException(root + ": no such folder");
    }
    List<Part> parts = new ArrayList<>();
    for (Path folder : list(root)) {
      String name = folder.getFileName().toString();
      if (Files.isDirectory(folder) && ACCELERATION.matcher(name).matches()) {
        parts.add(new Part(name, folder));
      }
    }
    return parts.isEmpty() ? List.of(new Part("", root)) : parts;
  }

  /**
   * Pairs the files of two folders.
   *
   * @throws DataException if a folder is missing or no reconstruction has a target
   */
  public static Leaderboard match(Path reconstructions, Path data) {
    if (!Files.isDirectory(reconstructions)) {
      throw new DataException(reconstructions + ": no such folder");
    }
    List<Entry> entries = new ArrayList<>();
    List<Path> missing = new ArrayList<>();
    List<Path> extra = new ArrayList<>();
    for (Part part : parts(data)) {
      Path images = part.folder.resolve("image");
      Path targets = Files.isDirectory(images) ? images : part.folder;
      Path made = part.in(reconstructions);
      Map<String, Path> unmatched = VolumeSet.hdf5Files(made);
      VolumeSet.hdf5Files(targets)
          .forEach((name, target) -> {
            Path reconstruction = unmatched.remove(name);
            if (reconstruction != null) {
              entries.add(entry(part, name, reconstruction, target));
            } else {
              missing.add(Path.of(part.name, name));
            }
          });
      unmatched.keySet().forEach(name -> extra.add(Path.of(part.name, name)));
    }
    if (entries.isEmpty()) {
      throw new DataException(
          reconstructions + ": no reconstruction has the name of a target in " + data);
    }
    return new Leaderboard(List.copyOf(entries), List.copyOf(missing), List.copyOf(extra));
  }

  private static Entry entry(Part part, String name, Path reconstruction, Path target) {
    Path beside = part.folder.resolve("kspace").resolve(name);
    Optional<Path> kspace =
        Optional.of(Files.exists(beside) ? beside : target).filter(Leaderboard::hasKspace);
    int width = 0;
    int acceleration = 0;
    if (kspace.isPresent()) {
      try (KspaceVolume volume = KspaceVolume.open(kspace.get())) {
        width = volume.width();
        acceleration = volume.mask().isFull() ? 1 : volume.mask().acceleration();
      }
    }
    Matcher named = ACCELERATION.matcher(part.name.isEmpty() ? name : part.name);
    if (named.find() && (!part.name.isEmpty() || acceleration == 0)) {
      acceleration = Integer.parseInt(named.group(1));
    }
    Anatomy anatomy = Classifier.STANDARD.anatomy(name, width);
    return new Entry(
        Path.of(part.name, name), reconstruction, target, kspace, acceleration, anatomy);
  }

  private static boolean hasKspace(Path file) {
    try (Hdf5File hdf5 = Hdf5File.open(file)) {
      return hdf5.has("kspace");
    }
  }

  private static List<Path> list(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be listed: " + e.getMessage(), e);
    }
  }
}
