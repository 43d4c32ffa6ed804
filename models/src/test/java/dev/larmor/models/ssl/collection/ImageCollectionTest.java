package dev.larmor.models.ssl.collection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.NullNode;
import dev.larmor.models.Python;
import dev.larmor.models.data.DataException;
import dev.larmor.models.ssl.collection.ImageCollection.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImageCollectionTest {
  private static final Roots ROOTS =
      new Roots(
          Map.of("nnssl_raw", "/data/raw/", "nnssl_preprocessed", "/data/pre", "MINE", "/my/"));

  /** As Python wrote it: json.dump(…, indent=4, sort_keys=True). */
  private static final String GOOD =
      """
      {
          "collection_index": 1,
          "collection_name": "Dataset001_Test",
          "datasets": {
              "7": {
                  "dataset_index": 7,
                  "dataset_info": {
                      "image_quality_score": []
                  },
                  "name": null,
                  "subjects": {
                      "sub-01": {
                          "sessions": {
                              "ses-1": {
                                  "images": [
                                      {
                                          "associated_masks": {
                                              "anatomy_mask": "$nnssl_preprocessed/m/anat.nii.gz",
                                              "anonymization_mask": null
                                          },
                                          "image_info": {
                                              "echo_time": 0.003,
                                              "manufacturer": "caf\\u00e9 \\ud83d\\ude00",
                                              "nothing": {}
                                          },
                                          "image_path": "$nnssl_raw/a/sub-01_T1w.nii.gz",
                                          "modality": "T1w",
                                          "name": "sub-01_T1w.nii.gz"
                                      },
                                      {
                                          "associated_masks": null,
                                          "image_info": null,
                                          "image_path": "/elsewhere/T2w.mha",
                                          "modality": "T2w",
                                          "name": "T2w.mha"
                                      }
                                  ],
                                  "session_id": "ses-1",
                                  "session_info": null
                              }
                          },
                          "subject_id": "sub-01",
                          "subject_info": {
                              "age": 25.0
                          }
                      }
                  }
              }
          }
      }\
      """;

  @TempDir Path folder;

  private ImageCollection read(String json) throws IOException {
    return ImageCollection.read(Files.writeString(folder.resolve("a.json"), json), ROOTS);
  }

  @Test
  void readAndWrittenAsItWas() throws IOException {
    ImageCollection collection = read(GOOD);
    Path file = folder.resolve("new/b.json");
    collection.write(file, ROOTS);
    assertEquals(GOOD, Files.readString(file));
    assertEquals(collection, ImageCollection.read(file, ROOTS));
  }

  @Test
  void pythonWritesTheSame() throws IOException {
    Python.assumeModules("json");
    Path file = folder.resolve("b.json");
    read(GOOD.replace("sub-01_T1w", "\\u00e9\\t\\\"<&'")).write(file, ROOTS);
    Python.run(
        """
        import sys, json
        text = open(sys.argv[1]).read()
        assert text == json.dumps(json.loads(text), indent=4, sort_keys=True), text
        """,
        file);
  }

  @Test
  void imagesAndTheirNames() throws IOException {
    ImageCollection collection = read(GOOD);
    List<CollectionImage> images = collection.images();
    assertEquals(2, images.size());
    CollectionImage first = images.getFirst();
    assertEquals("Dataset001_Test__7__sub-01__ses-1__sub-01_T1w.nii.gz", first.id());
    assertEquals("Dataset001_Test__7__sub-01", first.subjectId());
    assertEquals("Dataset001_Test/7/sub-01/ses-1/sub-01_T1w", first.stem());
    assertEquals(Path.of("/data/raw/a/sub-01_T1w.nii.gz"), first.image().path());
    assertEquals(
        Path.of("/data/pre/m/anat.nii.gz"),
        first.image().masks().orElseThrow().anatomy().orElseThrow());
    assertEquals(Optional.empty(), first.image().masks().orElseThrow().anonymization());
    assertEquals(25.0, first.subject().info().get("age").doubleValue());
    assertEquals("Dataset001_Test/7/sub-01/ses-1/T2w", images.get(1).stem());
    assertEquals(".nii.gz", collection.ending());
  }

  @Test
  void stems() {
    String[][] names = {
      {"a.nii", "a"},
      {"a.nii.gz", "a"},
      {"a.in.nrrd", "a.in"},
      {"a.nrrd", "a"},
      {"a.mha", "a"},
      {"a.mhd", "a"},
      {"a.b", "a.b"},
      {"a", "a"}
    };
    for (String[] name : names) {
      assertEquals(name[1], CollectionImage.withoutEnding(name[0]));
    }
  }

  @Test
  void endings() throws IOException {
    assertEquals(".in.nrrd", read(GOOD.replace("\"sub-01_T1w.nii.gz\"", "\"a.in.nrrd\"")).ending());
    ImageCollection other = read(GOOD.replace("\"sub-01_T1w.nii.gz\"", "\"a.dcm\""));
    assertEquals(
        "the collection Dataset001_Test begins with a.dcm, expected a name ending in one of .nii.gz,"
            + " .nii, .in.nrrd, .nrrd, .mha, .mhd",
        assertThrows(DataException.class, other::ending).getMessage());
    ImageCollection empty =
        read("{\"collection_index\": \"x\", \"collection_name\": \"c\", \"datasets\": {}}");
    assertEquals(
        "the collection c has no images",
        assertThrows(DataException.class, empty::ending).getMessage());
  }

  @Test
  void otherPaths() throws IOException {
    ImageCollection moved =
        read(GOOD)
            .withImages(image ->
                image.with(
                    new Image(
                        image.image().name(),
                        Path.of("/data/pre").resolve(image.stem()),
                        image.image().modality(),
                        NullNode.instance,
                        Optional.empty())));
    Path file = folder.resolve("b.json");
    moved.write(file, ROOTS);
    String text = Files.readString(file);
    assertEquals(
        List.of(
            "\"image_path\": \"$nnssl_preprocessed/Dataset001_Test/7/sub-01/ses-1/sub-01_T1w\",",
            "\"image_path\": \"$nnssl_preprocessed/Dataset001_Test/7/sub-01/ses-1/T2w\","),
        text.lines().map(String::strip).filter(line -> line.contains("image_path")).toList());
    assertFalse(text.contains("echo_time"));
  }

  /** A folder beside a root, whose path begins alike, is not in it. */
  @Test
  void paths() {
    assertEquals("$nnssl_raw/a/b", ROOTS.relative(Path.of("/data/raw/a/b")));
    assertEquals("/data/raw2/a", ROOTS.relative(Path.of("/data/raw2/a")));
    assertEquals(Path.of("/my/a"), ROOTS.resolve("$MINE/a"));
    Roots rocket = new Roots(Map.of("nnssl_preprocessed", "/slow", "rocket_preprocessed", "/fast"));
    assertEquals(Path.of("/fast/a"), rocket.resolve("$nnssl_preprocessed/a"));
    assertEquals("$nnssl_preprocessed/a", rocket.relative(Path.of("/fast/a")));
  }

  private void assertBad(String reason, String old, String replacement) throws IOException {
    String json = GOOD.replace(old, replacement);
    assertFalse(json.equals(GOOD), old);
    assertBadText(reason, json);
  }

  private void assertBadText(String reason, String json) {
    String message = assertThrows(DataException.class, () -> read(json)).getMessage();
    assertEquals(folder.resolve("a.json") + ": " + reason, message);
  }

  @Test
  void everyRule() throws IOException {
    String dataset = "datasets.\"7\"";
    String subject = dataset + ".subjects.\"sub-01\"";
    String session = subject + ".sessions.\"ses-1\"";
    String image = session + ".images[1]";
    assertBad("collection_index: missing", "\"collection_index\": 1,", "");
    assertBad(
        "collection_index: 1.5, expected an integer or a string",
        "\"collection_index\": 1",
        "\"collection_index\": 1.5");
    assertBad("collection_name: missing", "\"collection_name\"", "\"x\"");
    assertBad(
        "collection_name: '../a', expected what can be a file's name",
        "\"Dataset001_Test\"",
        "\"../a\"");
    assertBad("datasets: missing", "\"datasets\"", "\"data_sets\"");
    assertBad(dataset + ".dataset_index: missing", "\"dataset_index\"", "\"index\"");
    assertBad(
        dataset + ".dataset_index: '8', expected the key '7'",
        "\"dataset_index\": 7",
        "\"dataset_index\": \"8\"");
    assertBad(dataset + ".name: 5, expected a string", "\"name\": null", "\"name\": 5");
    assertBad(
        dataset + ".dataset_info: expected an object or null",
        "{\n                \"image_quality_score\": []\n            }",
        "[]");
    assertBad(dataset + ".subjects: missing", "\"subjects\"", "\"s\"");
    assertBad(
        dataset + ".subjects.\"..\": '..', expected what can be a file's name",
        "\"sub-01\": {",
        "\"..\": {");
    assertBad(subject + ".sessions: missing", "\"sessions\"", "\"s\"");
    assertBad(
        subject + ".sessions.\" \": ' ', expected what can be a file's name",
        "\"ses-1\": {",
        "\" \": {");
    assertBad(session + ".images: missing", "\"images\"", "\"i\"");
    assertBad(image + ".name: missing", ",\n" + " ".repeat(36) + "\"name\": \"T2w.mha\"", "");
    assertBad(image + ".name: 7, expected a string", "\"T2w.mha\"", "7");
    assertBad(image + ".name: 'a/b', expected what can be a file's name", "\"T2w.mha\"", "\"a/b\"");
    for (String twin : List.of("sub-01_T1w.nii.gz", "sub-01_T1w.mha")) {
      assertBad(
          image
              + ".name: '%s' is in this session already, with this or another ending"
                  .formatted(twin),
          "\"T2w.mha\"",
          "\"" + twin + "\"");
    }
    assertBad(
        image + ".image_path: an array, expected a string", "\"/elsewhere/T2w.mha\"", "[1, 2]");
    assertBad(
        image + ".image_path: 'T2w.mha', expected an absolute path or $VARIABLE/…",
        "/elsewhere/T2w.mha",
        "T2w.mha");
    assertBad(
        image + ".image_path: '$LOST/a', but the environment variable LOST is not set",
        "/elsewhere/T2w.mha",
        "$LOST/a");
    assertBad(image + ".modality: missing", "\"modality\": \"T2w\",", "");
    assertBad(
        image + ".image_info: expected an object or null",
        "\"image_info\": null",
        "\"image_info\": 1");
    assertBad(
        image
            + ".contrast: unknown key, expected one of name, image_path, modality, image_info,"
            + " associated_masks",
        "\"modality\": \"T2w\",",
        "\"modality\": \"T2w\", \"contrast\": 1,");
    String masks = session + ".images[0].associated_masks";
    assertBad(masks + ".anonymization_mask: missing", "\"anonymization_mask\"", "\"face\"");
    assertBad(masks + ".anatomy_mask: missing", "\"anatomy_mask\"", "\"brain\"");
    assertBad(
        image + ".associated_masks: expected an object",
        "\"associated_masks\": null",
        "\"associated_masks\": \"a\"");
    assertBadText("expected an object", "[]");
    assertBad(
        "Duplicate field 'modality' (line 35, column 47)",
        "\"name\": \"T2w.mha\"",
        "\"modality\": \"T2w\"");
  }

  @Test
  void filesThatAreNone() throws IOException {
    String message = assertThrows(DataException.class, () -> read("{\"a\": ")).getMessage();
    assertEquals(
        folder.resolve("a.json")
            + ": Unexpected end-of-input within/between Object entries (line 1, column 7)",
        message);
    assertBadText("expected an object", "");
    Path missing = folder.resolve("missing.json");
    assertEquals(
        missing + ": no such file",
        assertThrows(DataException.class, () -> ImageCollection.read(missing, ROOTS)).getMessage());
    assertEquals(
        folder + ": not a regular file",
        assertThrows(DataException.class, () -> ImageCollection.read(folder, ROOTS)).getMessage());
  }

  /** What cannot be read again is not written, and what was there stays. */
  @Test
  void nothingWrongIsWritten() throws IOException {
    ImageCollection twice =
        read(GOOD)
            .withImages(image ->
                image.with(
                    new Image(
                        "same.nii",
                        image.image().path(),
                        "T1w",
                        NullNode.instance,
                        Optional.empty())));
    Path file = Files.writeString(folder.resolve("b.json"), "old");
    assertThrows(DataException.class, () -> twice.write(file, ROOTS));
    assertEquals("old", Files.readString(file));
  }
}
