package dev.larmor.models.data.fastmri;

import dev.larmor.engine.Collective;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.Classifier;
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
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Volumes to work on, every one checked before any work starts.
 *
 * <p>They come from a folder. One with a sub-folder {@code kspace} is of the challenge's layout:
 * files of the same name in {@code kspace} and {@code image} belong together. Otherwise its HDF5
 * files are fastMRI's, k-space and target in one. Volumes are in the order of their names, whatever
 * the file system lists.
 *
 * <p>From one set others are made: some of its volumes ({@link #where}), a range of each volume's
 * slices ({@link #in}), two sets together ({@link #and}).
 */
public final class VolumeSet {
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
    /** Leave it out and list it in {@link VolumeSet#problems}. */
    SKIP
  }

  /** One of the equal parts that every volume's slices are divided into, in order. */
  public record SliceRange(int part, int parts) {
    /** Every slice. */
    public static final SliceRange ALL = new SliceRange(0, 1);

    public SliceRange {
      if (part < 0 || part >= parts) {
        throw new IllegalArgumentException("slice range " + part + " of " + parts);
      }
    }

    /** The first slice of a volume of {@code slices}: {@code ⌊part · slices / parts⌋}. */
    public int first(int slices) {
      return (int) ((long) part * slices / parts);
    }

    /** The slice after the last. */
    public int end(int slices) {
      return (int) ((part + 1L) * slices / parts);
    }
  }

  private final String name;
  private final List<Volume> volumes;
  private final List<String> problems;
  private final SliceRange range;

  private VolumeSet(String name, List<Volume> volumes, List<String> problems, SliceRange range) {
    this.name = name;
    this.volumes = List.copyOf(volumes);
    this.problems = List.copyOf(problems);
    this.range = range;
  }

  /**
   * Lists and checks a folder.
   *
   * @param root a folder with {@code kspace/} (and {@code image/}), or one of fastMRI files
   * @throws DataException if the folder is missing, holds no usable volume, or – unless bad files
   *     are skipped – one of its files is bad
   */
  public static VolumeSet open(Path root, Targets targets, BadFiles badFiles) {
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
    // In parallel, as it takes as long as the disk does to find each file; gathered in order.
    Stream<Checked> checks =
        names.parallelStream()
            .map(file ->
                checked(
                    file, root, challenge, kspaceFiles.get(file), imageFiles.get(file), targets));
    checks.forEachOrdered(check -> {
      check.volume.ifPresent(volumes::add);
      check.problem.ifPresent(problems::add);
    });
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
    return new VolumeSet(root.toString(), volumes, problems, SliceRange.ALL);
  }

  /**
   * The same by many ranks: rank 0 scans the folder, the others get what it found.
   *
   * @throws DataException on rank 0, as above
   */
  public static VolumeSet open(Path root, Targets targets, BadFiles badFiles, Collective ranks) {
    if (ranks.size() == 1) {
      return open(root, targets, badFiles);
    }
    byte[] message = {};
    if (ranks.leads()) {
      VolumeSet set = open(root, targets, badFiles);
      message = VolumeSetMessage.of(set.name, set.volumes, set.problems);
    }
    return VolumeSetMessage.read(ranks.broadcast(message));
  }

  static VolumeSet of(String name, List<Volume> volumes, List<String> problems) {
    return new VolumeSet(name, volumes, problems, SliceRange.ALL);
  }

  /** What became of a file: a volume, or the sentence that says why not. */
  private record Checked(Optional<Volume> volume, Optional<String> problem) {}

  private static Checked checked(
      String name, Path root, boolean challenge, Path kspace, Path image, Targets targets) {
    try {
      return new Checked(
          Optional.of(volume(name, root, challenge, kspace, image, targets)), Optional.empty());
    } catch (DataException e) {
      return new Checked(Optional.empty(), Optional.of(e.getMessage()));
    }
  }

  private static Volume volume(
      String name, Path root, boolean challenge, Path kspace, Path image, Targets targets) {
    if (kspace == null) {
      throw new DataException(
          image + ": no k-space file " + root.resolve("kspace").resolve(name) + " beside it");
    }
    Optional<Path> target = challenge ? Optional.ofNullable(image) : fastMriTarget(kspace);
    if (target.isEmpty() && targets == Targets.REQUIRED) {
      throw new DataException(
          kspace
              + (challenge
                  ? ": no image file " + root.resolve("image").resolve(name) + " beside it"
                  : ": no dataset 'reconstruction_rss'"));
    }
    return check(name, kspace, target);
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
          max,
          Classifier.STANDARD.anatomy(name, kspace.width()));
    }
  }

  /** The folder the volumes are of, or what was made of it; for messages. */
  public String name() {
    return name;
  }

  /** The usable volumes, in the order of their names. */
  public List<Volume> volumes() {
    return volumes;
  }

  /** One sentence for each volume that was left out; empty unless bad files are skipped. */
  public List<String> problems() {
    return problems;
  }

  /** The volumes that satisfy a condition; there may be none. */
  public VolumeSet where(Predicate<Volume> wanted) {
    return new VolumeSet(name, volumes.stream().filter(wanted).toList(), problems, range);
  }

  /** The same volumes, all of one anatomy, whatever their names and widths say. */
  public VolumeSet of(Anatomy anatomy) {
    return new VolumeSet(
        name, volumes.stream().map(volume -> volume.of(anatomy)).toList(), problems, range);
  }

  /** The same volumes with a range of each one's slices. */
  public VolumeSet in(SliceRange slices) {
    return new VolumeSet(name, volumes, problems, slices);
  }

  /** The volumes of this set, then those of another. */
  public VolumeSet and(VolumeSet other) {
    return new VolumeSet(
        name + " and " + other.name,
        Stream.concat(volumes.stream(), other.volumes.stream()).toList(),
        Stream.concat(problems.stream(), other.problems.stream()).toList(),
        range);
  }

  /** Every slice of every volume that is in the range, in order. */
  public List<SliceIndex> slices() {
    List<SliceIndex> slices = new ArrayList<>();
    for (int v = 0; v < volumes.size(); v++) {
      int count = volumes.get(v).slices();
      for (int s = range.first(count); s < range.end(count); s++) {
        slices.add(new SliceIndex(v, s));
      }
    }
    return slices;
  }
}
