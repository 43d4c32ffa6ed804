package dev.larmor.models.ssl.collection;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.models.io.PythonJson;
import dev.larmor.models.ssl.collection.ImageCollection.Dataset;
import dev.larmor.models.ssl.collection.ImageCollection.Image;
import dev.larmor.models.ssl.collection.ImageCollection.Masks;
import dev.larmor.models.ssl.collection.ImageCollection.Session;
import dev.larmor.models.ssl.collection.ImageCollection.Subject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A collection as JSON: every rule of the format is checked here, on reading and on writing. */
final class CollectionJson {
  private static final List<String> IMAGE_KEYS =
      List.of("name", "image_path", "modality", "image_info", "associated_masks");

  private final Roots roots;

  private CollectionJson(Roots roots) {
    this.roots = roots;
  }

  static ImageCollection read(Path file, Roots roots) {
    return new CollectionJson(roots).collection(JsonPlace.read(file));
  }

  static void write(Path file, ImageCollection collection, Roots roots) {
    CollectionJson json = new CollectionJson(roots);
    JsonNode root = json.json(collection);
    json.collection(new JsonPlace(file, "", root)); // what is written can be read
    PythonJson.write(file, PythonJson.sorted(root));
  }

  private ImageCollection collection(JsonPlace root) {
    JsonNode index = root.required("collection_index").index();
    String name = root.required("collection_name").pathComponent();
    Map<String, Dataset> datasets = new LinkedHashMap<>();
    root.required("datasets")
        .members()
        .forEach((key, value) -> datasets.put(key, dataset(key, value)));
    return new ImageCollection(index, name, datasets);
  }

  private Dataset dataset(String key, JsonPlace dataset) {
    JsonPlace index = dataset.required("dataset_index");
    if (!index.index().asText().equals(key)) {
      throw index.bad("'%s', expected the key '%s'".formatted(index.node().asText(), key));
    }
    index.pathComponent(key);
    Map<String, Subject> subjects = new LinkedHashMap<>();
    dataset
        .required("subjects")
        .members()
        .forEach((id, value) -> subjects.put(id, subject(id, value)));
    return new Dataset(
        index.node(),
        dataset.optional("name").textOrNull(),
        info(dataset, "dataset_info"),
        subjects);
  }

  private Subject subject(String id, JsonPlace subject) {
    subject.pathComponent(id);
    Map<String, Session> sessions = new LinkedHashMap<>();
    subject
        .required("sessions")
        .members()
        .forEach((key, value) -> sessions.put(key, session(key, value)));
    return new Subject(id, info(subject, "subject_info"), sessions);
  }

  private Session session(String id, JsonPlace session) {
    session.pathComponent(id);
    List<Image> images = new ArrayList<>();
    Set<String> stems = new HashSet<>();
    for (JsonPlace place : session.required("images").elements()) {
      Image image = image(place);
      if (!stems.add(CollectionImage.withoutEnding(image.name()))) {
        throw place
            .required("name")
            .bad(
                "'%s' is in this session already, with this or another ending"
                    .formatted(image.name()));
      }
      images.add(image);
    }
    return new Session(id, info(session, "session_info"), images);
  }

  private Image image(JsonPlace image) {
    for (String key : image.keys()) {
      if (!IMAGE_KEYS.contains(key)) {
        throw image
            .optional(key)
            .bad("unknown key, expected one of " + String.join(", ", IMAGE_KEYS));
      }
    }
    return new Image(
        image.required("name").pathComponent(),
        path(image.required("image_path")),
        image.required("modality").text(),
        info(image, "image_info"),
        masks(image.optional("associated_masks")));
  }

  private Optional<Masks> masks(JsonPlace masks) {
    return masks.node().isNull()
        ? Optional.empty()
        : Optional.of(
            new Masks(
                mask(masks.required("anatomy_mask")), mask(masks.required("anonymization_mask"))));
  }

  private Optional<Path> mask(JsonPlace mask) {
    return mask.node().isNull() ? Optional.empty() : Optional.of(path(mask));
  }

  private Path path(JsonPlace place) {
    try {
      return roots.resolve(place.text());
    } catch (IllegalArgumentException e) { // InvalidPathException too
      throw place.bad(e.getMessage());
    }
  }

  private static JsonNode info(JsonPlace parent, String key) {
    JsonPlace info = parent.optional(key);
    if (!info.node().isNull() && !info.node().isObject()) {
      throw info.bad("expected an object or null");
    }
    return info.node();
  }

  private JsonNode json(ImageCollection collection) {
    ObjectNode root = object();
    root.set("collection_index", collection.index());
    root.put("collection_name", collection.name());
    ObjectNode datasets = root.putObject("datasets");
    collection.datasets().forEach((key, dataset) -> datasets.set(key, json(dataset)));
    return root;
  }

  private JsonNode json(Dataset dataset) {
    ObjectNode node = object();
    node.set("dataset_index", dataset.index());
    node.set("name", dataset.name());
    node.set("dataset_info", dataset.info());
    ObjectNode subjects = node.putObject("subjects");
    dataset.subjects().forEach((id, subject) -> subjects.set(id, json(subject)));
    return node;
  }

  private JsonNode json(Subject subject) {
    ObjectNode node = object();
    node.put("subject_id", subject.id());
    node.set("subject_info", subject.info());
    ObjectNode sessions = node.putObject("sessions");
    subject.sessions().forEach((id, session) -> sessions.set(id, json(session)));
    return node;
  }

  private JsonNode json(Session session) {
    ObjectNode node = object();
    node.put("session_id", session.id());
    node.set("session_info", session.info());
    ArrayNode images = node.putArray("images");
    session.images().forEach(image -> images.add(json(image)));
    return node;
  }

  private JsonNode json(Image image) {
    ObjectNode node = object();
    node.put("name", image.name());
    node.put("image_path", roots.relative(image.path()));
    node.put("modality", image.modality());
    node.set("image_info", image.info());
    if (image.masks().isEmpty()) {
      node.putNull("associated_masks");
    } else {
      Masks masks = image.masks().get();
      node.putObject("associated_masks")
          .put("anatomy_mask", masks.anatomy().map(roots::relative).orElse(null))
          .put("anonymization_mask", masks.anonymization().map(roots::relative).orElse(null));
    }
    return node;
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }
}
