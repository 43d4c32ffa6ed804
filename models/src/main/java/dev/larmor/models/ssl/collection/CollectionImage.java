package dev.larmor.models.ssl.collection;

import dev.larmor.models.ssl.collection.ImageCollection.Dataset;
import dev.larmor.models.ssl.collection.ImageCollection.Image;
import dev.larmor.models.ssl.collection.ImageCollection.Session;
import dev.larmor.models.ssl.collection.ImageCollection.Subject;
import java.util.List;

/** An image with all that it is in. */
public record CollectionImage(
    ImageCollection collection, Dataset dataset, Subject subject, Session session, Image image) {
  /** Endings that a preprocessed file's name does not keep; of two that fit the first counts. */
  private static final List<String> ENDINGS = List.of(".nii.gz", ".nii", ".nrrd", ".mha", ".mhd");

  /** {@code collection__dataset__subject__session__name}, with the ending. */
  public String id() {
    return String.join("__", subjectId(), session.id(), image.name());
  }

  /** {@code collection__dataset__subject}. */
  public String subjectId() {
    return String.join("__", collection.name(), dataset.index().asText(), subject.id());
  }

  /**
   * {@code collection/dataset/subject/session/name} without ending: where preprocessed files go.
   */
  public String stem() {
    return String.join(
        "/",
        collection.name(),
        dataset.index().asText(),
        subject.id(),
        session.id(),
        withoutEnding(image.name()));
  }

  /** A file's name without the ending of an image, other names as they are. */
  static String withoutEnding(String name) {
    for (String ending : ENDINGS) {
      if (name.endsWith(ending)) {
        return name.substring(0, name.length() - ending.length());
      }
    }
    return name;
  }

  /** The same image with another path, name or masks. */
  public CollectionImage with(Image other) {
    return new CollectionImage(collection, dataset, subject, session, other);
  }
}
