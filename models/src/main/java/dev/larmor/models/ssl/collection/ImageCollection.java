package dev.larmor.models.ssl.collection;

import com.fasterxml.jackson.databind.JsonNode;
import dev.larmor.models.data.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The images of a pre-training, nested as in {@code pretrain_data.json}. Maps are in the file's
 * order; what the original keeps beside ({@code …Info}) is kept as it is, a JSON null if missing.
 *
 * @param index a JSON integer or string
 * @param name a component of every preprocessed file's path
 * @param datasets by their index
 */
public record ImageCollection(JsonNode index, String name, Map<String, Dataset> datasets) {
  /** File endings of which a collection's first image has one; of two that fit the first counts. */
  private static final List<String> ENDINGS =
      List.of(".nii.gz", ".nii", ".in.nrrd", ".nrrd", ".mha", ".mhd");

  /**
   * One of a collection's data sets.
   *
   * @param index a JSON integer or string, as text the key in the collection
   * @param name a JSON string or null
   * @param info such as the quality of its images
   * @param subjects by their id
   */
  public record Dataset(
      JsonNode index, JsonNode name, JsonNode info, Map<String, Subject> subjects) {}

  /**
   * A person or animal.
   *
   * @param id the key in the data set
   * @param info age, sex, …
   * @param sessions by their id
   */
  public record Subject(String id, JsonNode info, Map<String, Session> sessions) {}

  /**
   * One visit to the scanner.
   *
   * @param id the key in the subject
   * @param images whose names, and these without endings, differ
   */
  public record Session(String id, JsonNode info, List<Image> images) {}

  /**
   * A volume.
   *
   * @param name file-like, with its ending
   * @param path absolute
   * @param modality such as {@code T1w}
   * @param info of the scanner and its sequence
   */
  public record Image(
      String name, Path path, String modality, JsonNode info, Optional<Masks> masks) {}

  /**
   * Files of the same grid as the image.
   *
   * @param anatomy where there is tissue
   * @param anonymization where there was a face
   */
  public record Masks(Optional<Path> anatomy, Optional<Path> anonymization) {}

  /**
   * Reads a {@code pretrain_data.json}.
   *
   * @throws DataException if it is missing or breaks a rule of the format; the message names the
   *     place, such as {@code datasets."ds1".subjects."sub-01".sessions."ses-1".images[3].name}
   */
  public static ImageCollection read(Path file, Roots roots) {
    return CollectionJson.read(file, roots);
  }

  /**
   * Writes a {@code pretrain_data.json} in place of an old one, paths beginning with {@code
   * $nnssl_raw} or {@code $nnssl_preprocessed} where that is possible.
   *
   * @throws DataException if it breaks a rule of the format
   */
  public void write(Path file, Roots roots) {
    CollectionJson.write(file, this, roots);
  }

  /** All images, in the file's order. */
  public List<CollectionImage> images() {
    List<CollectionImage> images = new ArrayList<>();
    for (Dataset dataset : datasets.values()) {
      for (Subject subject : dataset.subjects().values()) {
        for (Session session : subject.sessions().values()) {
          for (Image image : session.images()) {
            images.add(new CollectionImage(this, dataset, subject, session, image));
          }
        }
      }
    }
    return images;
  }

  /** The same collection with other paths, such as those of the preprocessed images. */
  public ImageCollection withImages(UnaryOperator<CollectionImage> change) {
    Map<String, Dataset> newDatasets = new LinkedHashMap<>();
    datasets.forEach((key, dataset) -> {
      Map<String, Subject> newSubjects = new LinkedHashMap<>();
      dataset
          .subjects()
          .forEach((subjectId, subject) -> {
            Map<String, Session> newSessions = new LinkedHashMap<>();
            subject
                .sessions()
                .forEach((sessionId, session) -> {
                  List<Image> images =
                      session.images().stream()
                          .map(image -> new CollectionImage(this, dataset, subject, session, image))
                          .map(image -> change.apply(image).image())
                          .toList();
                  newSessions.put(sessionId, new Session(session.id(), session.info(), images));
                });
            newSubjects.put(subjectId, new Subject(subject.id(), subject.info(), newSessions));
          });
      newDatasets.put(
          key, new Dataset(dataset.index(), dataset.name(), dataset.info(), newSubjects));
    });
    return new ImageCollection(index, name, newDatasets);
  }

  /**
   * The file type, which the original takes from the first image.
   *
   * @return {@code .nii.gz}, {@code .nii}, {@code .in.nrrd}, {@code .nrrd}, {@code .mha} or {@code
   *     .mhd}
   * @throws DataException if there is no image or its name ends otherwise
   */
  public String ending() {
    List<CollectionImage> images = images();
    if (images.isEmpty()) {
      throw new DataException("the collection " + name + " has no images");
    }
    String first = images.getFirst().image().name();
    return ENDINGS.stream()
        .filter(first::endsWith)
        .findFirst()
        .orElseThrow(() ->
            new DataException(
                "the collection %s begins with %s, expected a name ending in one of %s"
                    .formatted(name, first, String.join(", ", ENDINGS))));
  }
}
