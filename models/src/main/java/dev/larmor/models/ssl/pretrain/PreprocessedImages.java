package dev.larmor.models.ssl.pretrain;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.Sha256;
import dev.larmor.models.ssl.collection.CollectionImage;
import dev.larmor.models.ssl.collection.DatasetName;
import dev.larmor.models.ssl.collection.ImageCollection;
import dev.larmor.models.ssl.collection.Roots;
import dev.larmor.models.ssl.preprocess.CollectionPreprocessing;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The images of a data set that were preprocessed as a configuration of its plan says.
 *
 * @param folder the preprocessed data set's
 * @param images without those that {@code valid_imgs.json}, if there, leaves out
 */
public record PreprocessedImages(
    Path folder, Plan plan, String configuration, List<CollectionImage> images) {
  /**
   * Looks which images there are.
   *
   * @throws DataException if the data set has not been planned and preprocessed so, or nothing is
   *     left of it
   */
  public static PreprocessedImages of(Roots roots, DatasetName dataset, String configuration) {
    Path folder = roots.preprocessed().resolve(dataset.toString());
    Plan plan = Plan.read(there(folder.resolve(Plan.FILE), "larmor ssl plan " + dataset));
    CollectionPreprocessing made =
        new CollectionPreprocessing(folder, plan, configuration, Workers.ONE);
    Path list =
        there(
            made.collectionFile(),
            "larmor ssl preprocess %s -c %s".formatted(dataset, configuration));
    List<CollectionImage> images = ImageCollection.read(list, roots).images();
    Optional<Set<String>> valid = made.readValid();
    List<CollectionImage> left =
        images.stream()
            .filter(image -> valid.isEmpty() || valid.get().contains(image.id()))
            .toList();
    if (left.isEmpty()) {
      throw new DataException(
          list + (images.isEmpty() ? ": no images" : ": none of its images is valid"));
    }
    return new PreprocessedImages(folder, plan, configuration, left);
  }

  private static Path there(Path file, String command) {
    if (!Files.exists(file)) {
      throw new DataException(file + ": no such file; '" + command + "' makes it");
    }
    return file;
  }

  /** The ids of all subjects, in the collection's order. */
  public List<String> subjects() {
    return images.stream().map(CollectionImage::subjectId).distinct().toList();
  }

  /** The images of some subjects. */
  public PreprocessedImages ofSubjects(List<String> subjects) {
    Set<String> wanted = new HashSet<>(subjects);
    return new PreprocessedImages(
        folder,
        plan,
        configuration,
        images.stream().filter(image -> wanted.contains(image.subjectId())).toList());
  }

  /** Their patches, images numbered as here, subjects as they come. */
  public VolumePatches patches() {
    CollectionPreprocessing made =
        new CollectionPreprocessing(folder, plan, configuration, Workers.ONE);
    Map<String, Integer> numbers = new HashMap<>();
    List<VolumePatches.Entry> entries = new ArrayList<>();
    for (CollectionImage image : images) {
      int subject = numbers.computeIfAbsent(image.subjectId(), _ -> numbers.size());
      entries.add(new VolumePatches.Entry(made.file(image), subject));
    }
    return new VolumePatches(entries);
  }

  /** What tells other images, another order or another preprocessing. */
  public String digest() {
    return Sha256.of(
        images.stream()
            .map(CollectionImage::id)
            .collect(Collectors.joining("\n", plan + "\n" + configuration + "\n", "")));
  }
}
