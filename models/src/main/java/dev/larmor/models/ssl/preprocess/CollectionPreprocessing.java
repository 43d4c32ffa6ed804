package dev.larmor.models.ssl.preprocess;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.io.PythonJson;
import dev.larmor.models.ssl.collection.CollectionImage;
import dev.larmor.models.ssl.collection.ImageCollection;
import dev.larmor.models.ssl.collection.ImageCollection.Image;
import dev.larmor.models.ssl.collection.ImageCollection.Masks;
import dev.larmor.models.ssl.collection.Roots;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import dev.larmor.models.ssl.preprocess.store.VolumeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Preprocesses a collection as one configuration of a plan says, into {@code <data
 * identifier>/<stem>.h5} of the data set's folder.
 *
 * <p>Images are made one by each worker. A file appears whole or not at all, and those that are
 * there are kept, so what was interrupted goes on where it was; an image that cannot be read or
 * preprocessed is told and left out.
 */
public final class CollectionPreprocessing {
  /** What became of the images: for each, why it was left out, or empty. */
  public record Outcome(List<CollectionImage> images, List<Optional<String>> reasons, int kept) {
    /** The images that are there. */
    public List<CollectionImage> valid() {
      return IntStream.range(0, images.size())
          .filter(i -> reasons.get(i).isEmpty())
          .mapToObj(images::get)
          .toList();
    }

    /** A sentence for each image that was left out. */
    public List<String> problems() {
      return reasons.stream().flatMap(Optional::stream).toList();
    }
  }

  private static final String VALID = "valid_imgs";

  private final Path folder;
  private final Plan plan;
  private final String configuration;
  private final Workers workers;

  /**
   * A preprocessing.
   *
   * @param folder the preprocessed data set's
   * @throws DataException if the plan has no such configuration
   */
  public CollectionPreprocessing(Path folder, Plan plan, String configuration, Workers workers) {
    this.folder = folder;
    this.plan = plan;
    this.configuration = configuration;
    this.workers = workers;
    plan.configuration(configuration);
  }

  /** Where preprocessed images are. */
  private Path images() {
    return folder.resolve(plan.configuration(configuration).dataIdentifier());
  }

  /** Where an image goes. */
  public Path file(CollectionImage image) {
    return images().resolve(image.stem() + VolumeFile.EXTENSION);
  }

  /**
   * The images of one part of several: as many in each, the rest in the last.
   *
   * @param part from 0
   * @param parts at least 1
   */
  public static List<CollectionImage> part(List<CollectionImage> images, int part, int parts) {
    if (parts < 1 || part < 0 || part >= parts) {
      throw new IllegalArgumentException(
          "part %d of %d: parts are counted from 0".formatted(part, parts));
    }
    int chunk = images.size() / parts;
    return images.subList(part * chunk, part == parts - 1 ? images.size() : (part + 1) * chunk);
  }

  /**
   * Makes sure that what is there was made by this plan, and notes it where nothing is.
   *
   * @param anew delete what was made by another plan
   * @throws DataException if something was, and is not to be deleted
   */
  public void prepare(boolean anew) {
    Path note = images().resolve(Plan.FILE);
    if (Files.exists(note) && !Plan.read(note).equals(plan)) {
      if (anew) {
        // Before the note is renewed: whatever interrupts this, no old image passes for a new one.
        delete(images());
      } else {
        throw new DataException(
            images()
                + ": was made by another plan; make it anew with --overwrite, or go back to the old"
                + " plan, which lies in it");
      }
    }
    plan.write(note);
  }

  /** Deletes the preprocessed images in a folder. */
  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(VolumeFile.EXTENSION)).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be emptied: " + e.getMessage(), e);
    }
  }

  /**
   * Preprocesses images.
   *
   * @param anew those too that are there
   * @param done is told after each image, from any thread
   * @param stop asked before each image
   * @return empty if it was stopped
   */
  public Optional<Outcome> run(
      List<CollectionImage> wanted, boolean anew, Runnable done, BooleanSupplier stop) {
    String[] reasons = new String[wanted.size()];
    boolean[] kept = new boolean[wanted.size()];
    boolean[] missed = new boolean[wanted.size()];
    workers.forEach(
        wanted.size(),
        () -> {
          Preprocessor preprocessor = new Preprocessor(plan, configuration, Workers.ONE);
          return i -> {
            CollectionImage image = wanted.get(i);
            if (stop.getAsBoolean()) {
              missed[i] = true;
            } else if (!anew && Files.exists(file(image))) {
              kept[i] = true;
            } else {
              try {
                preprocess(preprocessor, image);
              } catch (DataException e) {
                reasons[i] = e.getMessage();
              }
            }
            done.run();
          };
        });
    if (IntStream.range(0, missed.length).anyMatch(i -> missed[i])) {
      return Optional.empty();
    }
    return Optional.of(
        new Outcome(
            wanted,
            Arrays.stream(reasons).map(Optional::ofNullable).toList(),
            (int) IntStream.range(0, kept.length).filter(i -> kept[i]).count()));
  }

  private void preprocess(Preprocessor preprocessor, CollectionImage image) {
    Path path = image.image().path();
    Map<MaskKind, Image3d> masks = new EnumMap<>(MaskKind.class);
    image
        .image()
        .masks()
        .ifPresent(all -> {
          all.anatomy().ifPresent(mask -> masks.put(MaskKind.ANATOMY, ImageFile.read(mask)));
          all.anonymization()
              .ifPresent(mask -> masks.put(MaskKind.ANONYMIZATION, ImageFile.read(mask)));
        });
    VolumeFile.write(file(image), preprocessor.run(path.toString(), ImageFile.read(path), masks));
  }

  /**
   * Writes {@code pretrain_data__<configuration>.json}: the collection with the preprocessed
   * images' paths, without endings.
   */
  public void writeCollection(ImageCollection collection, Roots roots) {
    collection
        .withImages(image -> {
          String stem = images().resolve(image.stem()).toString();
          Image old = image.image();
          Optional<Masks> masks =
              old.masks()
                  .map(m ->
                      new Masks(
                          m.anatomy().map(mask -> Path.of(stem + "__anat")),
                          m.anonymization().map(mask -> Path.of(stem + "__anon"))));
          return image.with(
              new Image(old.name(), Path.of(stem), old.modality(), old.info(), masks));
        })
        .write(collectionFile(), roots);
  }

  /** Where {@link #writeCollection} writes. */
  public Path collectionFile() {
    return folder.resolve("pretrain_data__" + configuration + ".json");
  }

  /**
   * Writes which images are there, {@code valid_imgs.json}; of a part, its own file, and once all
   * parts have theirs, one for all.
   */
  public void writeValid(List<CollectionImage> valid, int part, int parts) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    valid.forEach(image -> list.add(described(image)));
    if (parts == 1) {
      PythonJson.write(folder.resolve(VALID + ".json"), list);
      return;
    }
    PythonJson.write(partFile(part, parts), list);
    List<Path> files = IntStream.range(0, parts).mapToObj(p -> partFile(p, parts)).toList();
    if (!files.stream().allMatch(Files::exists)) {
      return;
    }
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    files.forEach(file -> read(file).forEach(image -> all.add(image)));
    PythonJson.write(folder.resolve(VALID + ".json"), all);
    for (Path file : files) {
      try {
        Files.delete(file);
      } catch (IOException e) {
        throw new DataException(file + ": cannot be deleted: " + e.getMessage(), e);
      }
    }
  }

  /**
   * The ids of the images that {@code valid_imgs.json} says are there.
   *
   * @return empty if there is no such file, or it is of another configuration
   * @throws DataException if it is anything else
   */
  public Optional<Set<String>> readValid() {
    Path file = folder.resolve(VALID + ".json");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    String own = folder.relativize(images()) + "/";
    Set<String> ids = new HashSet<>();
    for (JsonNode image : read(file)) {
      if (!image.path("image_id").isTextual() || !image.path("file").isTextual()) {
        throw new DataException(file + ": expected images with an image_id and a file each");
      }
      if (image.get("file").asText().startsWith(own)) {
        ids.add(image.get("image_id").asText());
      }
    }
    return ids.isEmpty() ? Optional.empty() : Optional.of(ids);
  }

  private static JsonNode read(Path file) {
    try {
      return new ObjectMapper().readTree(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private Path partFile(int part, int parts) {
    return folder.resolve("%s__%d_of_%d.json".formatted(VALID, part, parts));
  }

  private JsonNode described(CollectionImage image) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("collection_name", image.collection().name());
    node.set("dataset_index", image.dataset().index());
    node.put("file", folder.relativize(file(image)).toString());
    node.put("image_id", image.id());
    node.put("modality", image.image().modality());
    node.put("session_id", image.session().id());
    node.put("subject_id", image.subject().id());
    return node;
  }

  /**
   * The spacings of images, those left out that cannot be read.
   *
   * @param done is told after each image, from any thread
   * @param problems gets a sentence for each that is left out
   */
  public static List<List<Double>> spacings(
      List<CollectionImage> images, Workers workers, Runnable done, List<String> problems) {
    List<List<Double>> spacings = new ArrayList<>();
    String[] reasons = new String[images.size()];
    double[][] found = new double[images.size()][];
    workers.forEach(
        images.size(),
        () ->
            i -> {
              try {
                found[i] = ImageFile.read(images.get(i).image().path()).spacing();
              } catch (DataException e) {
                reasons[i] = e.getMessage();
              }
              done.run();
            });
    for (int i = 0; i < found.length; i++) {
      if (found[i] == null) {
        problems.add(reasons[i]);
      } else {
        spacings.add(Arrays.stream(found[i]).boxed().toList());
      }
    }
    return spacings;
  }
}
