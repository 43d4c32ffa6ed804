package dev.larmor.models.data.fastmri;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.hdf5.Hdf5File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A folder of volumes, every one checked before any work starts.
 *
 * <p>A folder with a sub-folder {@code kspace} is of the challenge's layout: files of the same name
 * in {@code kspace} and {@code image} belong together. Otherwise its HDF5 files are fastMRI's,
 * k-space and target in one. Volumes are in the order of their names, whatever the file system
 * lists.
 */
public final class FastMriFolder {
  /** Whether volumes must have targets. */
  public enum Targets {
    /** Training, validation and evaluation: a volume without a target is an error. */
    REQUIRED,
    /** Reconstruction: targets are used where they are. */
    OPTIONAL
  }

  /** What to do with a volume that cannot be used. */
  public enum BadFiles {
    /** Fail with the first one's reason and the number of others. */
    FAIL,
    /** Leave it out and list it in {@link FastMriFolder#problems}. */
    SKIP
  }

  private final Path root;
  private final List<Volume> volumes;
  private final List<String> problems;

  private FastMriFolder(Path root, List<Volume> volumes, List<String> problems) {
    this.root = root;
    this.volumes = List.copyOf(volumes);
    this.problems = List.copyOf(problems);
  }

  /**
   * Lists and checks a folder.
   *
   * @param root a folder with {@code kspace/} (and {@code image/}), or one of fastMRI files
   * @throws DataException if the folder is missing, holds no usable volume, or – unless bad files
   *     are skipped – one of its files is bad
   */
  public static FastMriFolder open(Path root, Targets targets, BadFiles badFiles) {
    Objects.requireNonNull(targets, "targets");
    Objects.requireNonNull(badFiles, "badFiles");
    if (!Files.isDirectory(root)) {
      throw new DataException(root + ": no such folder");
    }
    Path kspace = root.resolve("kspace");
    Path image = root.resolve("image");
    boolean challenge = Files.isDirectory(kspace);
    Map<String, Path> kspaceFiles = hdf5Files(challenge ? kspace : root);
    Map<String, Path> imageFiles = hdf5Files(image);
    if (kspaceFiles.isEmpty()) {
      throw new DataException((challenge ? kspace : root) + ": no HDF5 file (*.h5) in this folder");
    }
    Set<String> names = new TreeSet<>(kspaceFiles.keySet());
    if (challenge) {
      names.addAll(imageFiles.keySet());
    }
    List<Volume> volumes = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (String name : names) {
      try {
        if (!kspaceFiles.containsKey(name)) {
          throw new DataException(
              imageFiles.get(name) + ": no k-space file " + kspace.resolve(name) + " beside it");
        }
        Path kspaceFile = kspaceFiles.get(name);
        Optional<Path> imageFile =
            challenge ? Optional.ofNullable(imageFiles.get(name)) : fastMriTarget(kspaceFile);
        if (imageFile.isEmpty() && targets == Targets.REQUIRED) {
          throw new DataException(
              kspaceFile
                  + (challenge
                      ? ": no image file " + image.resolve(name) + " beside it"
                      : ": no dataset 'reconstruction_rss'"));
        }
        volumes.add(check(name, kspaceFile, imageFile));
      } catch (DataException e) {
        problems.add(e.getMessage());
      }
    }
    if (!problems.isEmpty() && badFiles == BadFiles.FAIL) {
      int others = problems.size() - 1;
      throw new DataException(
          problems.getFirst()
              + (others == 0 ? "" : " (and " + others + " more bad file" + plural(others) + ")"));
    }
    if (volumes.isEmpty()) {
      throw new DataException(
          root + ": none of " + problems.size() + " files is usable, e.g. " + problems.getFirst());
    }
    return new FastMriFolder(root, volumes, problems);
  }

  private static String plural(int n) {
    return n == 1 ? "" : "s";
  }

  /**
   * The HDF5 files of a folder by name, in that order; none if there is no such folder.
   *
   * @throws DataException if it cannot be listed
   */
  public static SortedMap<String, Path> hdf5Files(Path folder) {
    SortedMap<String, Path> files = new TreeMap<>();
    if (!Files.isDirectory(folder)) {
      return files;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      entries
          .filter(path -> path.getFileName().toString().matches("[^.].*\\.(h5|hdf5)"))
          .forEach(path -> files.put(path.getFileName().toString(), path));
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be listed: " + e.getMessage(), e);
    }
    return files;
  }

  private static Optional<Path> fastMriTarget(Path file) {
    try (Hdf5File hdf5 = Hdf5File.open(file)) {
      boolean target = hdf5.has("reconstruction_rss") || hdf5.has("image_label");
      return target ? Optional.of(file) : Optional.empty();
    }
  }

  private static Volume check(String name, Path kspaceFile, Optional<Path> imageFile) {
    try (KspaceVolume kspace = KspaceVolume.open(kspaceFile)) {
      int imageSize = 0;
      float max = 0;
      if (imageFile.isPresent()) {
        try (ImageVolume image = ImageVolume.open(imageFile.get())) {
          if (image.slices() != kspace.slices()) {
            throw new DataException(
                "%s: %d slices of k-space, but %d of images in %s"
                    .formatted(kspaceFile, kspace.slices(), image.slices(), imageFile.get()));
          }
          imageSize = image.size();
          max = image.max();
        }
      }
      return new Volume(
          name,
          kspaceFile,
          imageFile,
          kspace.slices(),
          kspace.coils(),
          kspace.height(),
          kspace.width(),
          kspace.mask(),
          imageSize,
          max);
    }
  }

  /** The folder. */
  public Path root() {
    return root;
  }

  /** The usable volumes, in the order of their names. */
  public List<Volume> volumes() {
    return volumes;
  }

  /** One sentence for each volume that was left out; empty unless bad files are skipped. */
  public List<String> problems() {
    return problems;
  }

  /** Every slice of every volume, in order. */
  public List<SliceIndex> slices() {
    List<SliceIndex> slices = new ArrayList<>();
    for (int v = 0; v < volumes.size(); v++) {
      for (int s = 0; s < volumes.get(v).slices(); s++) {
        slices.add(new SliceIndex(v, s));
      }
    }
    return slices;
  }
}
