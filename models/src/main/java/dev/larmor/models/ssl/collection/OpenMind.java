package dev.larmor.models.ssl.collection;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.models.data.DataException;
import dev.larmor.models.ssl.collection.ImageCollection.Dataset;
import dev.larmor.models.ssl.collection.ImageCollection.Image;
import dev.larmor.models.ssl.collection.ImageCollection.Masks;
import dev.larmor.models.ssl.collection.ImageCollection.Session;
import dev.larmor.models.ssl.collection.ImageCollection.Subject;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Makes a collection of <a href="https://huggingface.co/datasets/AnonRes/OpenMind">OpenMind</a>'s
 * table, {@code openneuro_metadata.csv}, whose images lie in {@code OpenMind/} beside it.
 */
public final class OpenMind {
  /** The data set that the original makes of it. */
  public static final DatasetName DATASET = new DatasetName(745, "OpenMind");

  private static final String COLLECTION = "Dataset001_OpenMind";
  private static final String DEFAULT_SESSION = "ses-DEFAULT";

  /** Of a derived image's folder, {@code sub-01_dwi_deriv} or so: what its file's name lacks. */
  private static final int DERIVED_FOLDER_END = 5;

  /** Of an image's unique id, {@code ds000001_…}. */
  private static final int DATASET_ID = 8;

  private static final List<String> SUBJECT_INFO =
      List.of("age", "sex", "handedness", "race", "weight", "bmi", "health_status");

  private static final List<String> IMAGE_INFO =
      List.of(
          "derived_from",
          "is_brain_extract",
          "manufacturer",
          "model_name",
          "phase_encoding_direction",
          "magnetic_field_strength",
          "repetition_time",
          "echo_time");

  private final MetadataTable table;
  private final Path images;
  private final Map<String, Dataset> datasets = new LinkedHashMap<>();

  private OpenMind(Path root) {
    table =
        MetadataTable.read(
            root.resolve("openneuro_metadata.csv"),
            List.of("image_path", "modality", "unique_id", "image_quality_score"));
    images = root.resolve("OpenMind").toAbsolutePath().normalize();
  }

  /**
   * Reads the table; the images themselves are not looked at.
   *
   * @param root the folder of the download
   * @throws DataException if the table or a folder is missing or a line of it wrong
   */
  public static ImageCollection read(Path root) {
    OpenMind openMind = new OpenMind(root);
    if (!Files.isDirectory(openMind.images)) {
      throw new DataException(openMind.images + ": no such folder, expected OpenMind's images");
    }
    for (int row = 0; row < openMind.table.size(); row++) {
      openMind.add(row);
    }
    openMind.addQuality();
    return new ImageCollection(
        JsonNodeFactory.instance.numberNode(1), COLLECTION, openMind.datasets);
  }

  private void add(int row) {
    String path = table.text(row, "image_path");
    String[] parts = path.split("/");
    if (parts.length < 3) {
      throw table.bad(row, "image_path", "'" + path + "', expected data set/subject/…/file");
    }
    ObjectNode info = table.values(row, IMAGE_INFO);
    String name = parts[parts.length - 1];
    if (info.has("derived_from")) {
      String folder = parts[parts.length - 2];
      name = folder.substring(0, Math.max(0, folder.length() - DERIVED_FOLDER_END)) + name;
    }
    Dataset dataset =
        datasets.computeIfAbsent(
            parts[0],
            id ->
                new Dataset(
                    JsonNodeFactory.instance.textNode(id),
                    NullNode.instance,
                    JsonNodeFactory.instance.objectNode(),
                    new LinkedHashMap<>()));
    Subject subject =
        dataset
            .subjects()
            .computeIfAbsent(
                parts[1],
                id -> new Subject(id, table.values(row, SUBJECT_INFO), new LinkedHashMap<>()));
    Session session =
        subject
            .sessions()
            .computeIfAbsent(
                parts[2].startsWith("ses-") ? parts[2] : DEFAULT_SESSION,
                id -> new Session(id, NullNode.instance, new ArrayList<>()));
    session
        .images()
        .add(
            new Image(
                name,
                image(row, "image_path").orElseThrow(),
                table.text(row, "modality"),
                info,
                Optional.of(
                    new Masks(image(row, "anat_mask_path"), image(row, "anon_mask_path")))));
  }

  private Optional<Path> image(int row, String column) {
    try {
      return table.cell(row, column).map(images::resolve);
    } catch (InvalidPathException e) {
      throw table.bad(row, column, e.getMessage());
    }
  }

  /** The first score of every kind of image – modality and origin – of a data set. */
  private void addQuality() {
    Map<String, Map<String, Map<String, JsonNode>>> scores = new TreeMap<>();
    for (int row = 0; row < table.size(); row++) {
      String id = table.text(row, "unique_id");
      scores
          .computeIfAbsent(
              id.substring(0, Math.min(DATASET_ID, id.length())), key -> new TreeMap<>())
          .computeIfAbsent(table.text(row, "modality"), key -> new TreeMap<>())
          .merge(
              table.cell(row, "derived_from").orElse(""),
              table.value(row, "image_quality_score"),
              (first, other) -> first.isNull() ? other : first);
    }
    datasets.forEach((id, dataset) -> {
      ArrayNode list = ((ObjectNode) dataset.info()).putArray("image_quality_score");
      scores
          .getOrDefault(id, Map.of())
          .forEach((modality, origins) ->
              origins.forEach((origin, score) ->
                  list.addObject()
                      .put("modality", modality)
                      .put("derived_from", origin.isEmpty() ? null : origin)
                      .set("image_quality_score", score)));
    });
  }
}
