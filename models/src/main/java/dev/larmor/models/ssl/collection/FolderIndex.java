package dev.larmor.models.ssl.collection;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.ssl.collection.ImageCollection.Dataset;
import dev.larmor.models.ssl.collection.ImageCollection.Image;
import dev.larmor.models.ssl.collection.ImageCollection.Session;
import dev.larmor.models.ssl.collection.ImageCollection.Subject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * Makes a collection of one data set of the images in a folder.
 *
 * <p>A folder with {@code sub-…} in it is one of BIDS: {@code
 * sub-01/[ses-1/]anat/sub-01_T1w.nii.gz} is an image of subject sub-01, session ses-1 (else
 * ses-DEFAULT), modality T1w. In any other one, each image in it and below is a subject of its own,
 * named after its path, of unknown modality.
 *
 * @param types the folders of images in a BIDS session that are taken
 * @param excluded glob patterns, relative to the folder, of files that are left out
 */
public record FolderIndex(List<String> types, List<String> excluded) {
  private static final String DEFAULT_SESSION = "ses-DEFAULT";
  private static final String UNKNOWN_MODALITY = "unknown";

  /**
   * Lists the images.
   *
   * @throws DataException if there is no such folder or no image in it
   * @throws IllegalArgumentException if a pattern is none
   */
  public ImageCollection of(Path folder, DatasetName name) {
    Path root = folder.toAbsolutePath().normalize();
    if (!Files.isDirectory(root)) {
      throw new DataException(folder + ": no such folder");
    }
    List<Path> files = files(root);
    boolean bids = files.stream().anyMatch(file -> file.getName(0).toString().startsWith("sub-"));
    Map<String, Subject> subjects = new TreeMap<>();
    for (Path file : files) {
      if (!bids) {
        add(subjects, plainSubject(file), DEFAULT_SESSION, root, file, UNKNOWN_MODALITY);
      } else if (isOfBids(file)) {
        Path second = file.getName(1);
        String session = file.getNameCount() == 4 ? second.toString() : DEFAULT_SESSION;
        add(subjects, file.getName(0).toString(), session, root, file, suffix(file));
      }
    }
    if (subjects.isEmpty()) {
      throw new DataException(
          "%s: no images, expected files %s%s"
              .formatted(
                  folder,
                  bids ? "sub-*/[ses-*/]" + String.join("|", types) + "/" : "",
                  String.join(" ", ImageFile.ENDINGS.stream().map(end -> "*" + end).toList())));
    }
    String index = root.getFileName() == null ? name.name() : root.getFileName().toString();
    JsonNodeFactory json = JsonNodeFactory.instance;
    Dataset dataset =
        new Dataset(json.textNode(index), NullNode.instance, NullNode.instance, subjects);
    return new ImageCollection(
        json.numberNode(name.id()), name.toString(), new LinkedHashMap<>(Map.of(index, dataset)));
  }

  /** All images below, relative and in order; hidden files and folders are none. */
  private List<Path> files(Path root) {
    List<PathMatcher> globs = excluded.stream().map(FolderIndex::matcher).toList();
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile)
          .map(root::relativize)
          .filter(file -> ImageFile.ending(file.toString()).isPresent())
          .filter(file -> !("/" + file).contains("/."))
          .filter(file -> globs.stream().noneMatch(glob -> glob.matches(file)))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new DataException(root + ": cannot be read: " + e.getMessage(), e);
    } catch (UncheckedIOException e) {
      throw new DataException(root + ": cannot be read: " + e.getCause().getMessage(), e);
    }
  }

  private static PathMatcher matcher(String glob) {
    try {
      return FileSystems.getDefault().getPathMatcher("glob:" + glob);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "'%s' is no pattern of files: %s".formatted(glob, e.getDescription()), e);
    }
  }

  /** Whether a file is sub-x/type/file or sub-x/ses-y/type/file of a type that is taken. */
  private boolean isOfBids(Path file) {
    int names = file.getNameCount();
    return (names == 3 || names == 4 && file.getName(1).toString().startsWith("ses-"))
        && file.getName(0).toString().startsWith("sub-")
        && types.contains(file.getName(names - 2).toString());
  }

  private static String suffix(Path file) {
    String stem = CollectionImage.withoutEnding(file.getFileName().toString());
    return stem.substring(stem.lastIndexOf('_') + 1);
  }

  private static String plainSubject(Path file) {
    return CollectionImage.withoutEnding(file.toString()).replace('/', '-');
  }

  private static void add(
      Map<String, Subject> subjects,
      String id,
      String session,
      Path root,
      Path file,
      String modality) {
    Subject subject =
        subjects.computeIfAbsent(id, key -> new Subject(key, NullNode.instance, new TreeMap<>()));
    subject
        .sessions()
        .computeIfAbsent(session, key -> new Session(key, NullNode.instance, new ArrayList<>()))
        .images()
        .add(
            new Image(
                file.getFileName().toString(),
                root.resolve(file),
                modality,
                NullNode.instance,
                Optional.empty()));
  }
}
