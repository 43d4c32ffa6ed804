package dev.larmor.models.ssl.preprocess.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.models.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanTest {
  private static final Fingerprint FINGERPRINT =
      new Fingerprint(
          List.of(List.of(1.0, 1.0, 3.0), List.of(0.5, 1.0, 1.25), List.of(2.0, 0.75, 1.5)));

  /** As Python's {@code json.dumps(plan, indent=4)} has it. */
  private static final String TEXT =
      """
      {
          "dataset_name": "Dataset745_OpenMind",
          "plans_name": "nnsslPlans",
          "original_median_spacing_after_transp": [
              1.5,
              1.0,
              1.0
          ],
          "image_reader_writer": "SimpleITKIO",
          "transpose_forward": [
              2,
              0,
              1
          ],
          "transpose_backward": [
              1,
              2,
              0
          ],
          "configurations": {
              "median": {
                  "data_identifier": "nnsslPlans_median",
                  "preprocessor_name": "DefaultPreprocessor",
                  "spacing_style": "median",
                  "normalization_schemes": [
                      "ZScoreNormalization"
                  ],
                  "use_mask_for_norm": [
                      false
                  ],
                  "resampling_fn_data": "resample_data_or_seg_to_shape",
                  "resampling_fn_data_kwargs": {
                      "is_seg": false,
                      "order": 3,
                      "order_z": 0,
                      "force_separate_z": null
                  },
                  "resampling_fn_mask": "resample_data_or_seg_to_shape",
                  "resampling_fn_mask_kwargs": {
                      "is_seg": true,
                      "order": 1,
                      "order_z": 0,
                      "force_separate_z": null
                  },
                  "spacing": [
                      1.5,
                      1.0,
                      1.0
                  ],
                  "patch_size": null
              },
      """;

  @TempDir Path folder;

  @Test
  void aPlanIsTheOriginalsFile() throws IOException {
    Plan plan = Plan.of("Dataset745_OpenMind", "SimpleITKIO", FINGERPRINT);
    Path file = folder.resolve(Plan.FILE);
    plan.write(file);
    String text = Files.readString(file);
    assertEquals(TEXT, text.substring(0, TEXT.length()));
    assertEquals(
        "            \"patch_size\": null\n        }\n    },\n"
            + "    \"experiment_planner_used\": \"ExperimentPlanner\"\n}",
        text.substring(text.lastIndexOf("            \"patch_size\"")));
    assertEquals(plan, Plan.read(file));

    assertArrayEquals(
        new double[] {1, 1, 1}, plan.configuration("onemmiso").target().orElseThrow());
    assertEquals(true, plan.configuration("noresample").target().isEmpty());
    assertEquals(
        "nnsslPlans of Dataset745_OpenMind: no configuration 'fine',"
            + " expected one of [median, onemmiso, noresample]",
        assertThrows(DataException.class, () -> plan.configuration("fine")).getMessage());
  }

  @Test
  void wholeNumbersAndAPatchSizeAreRead() throws IOException {
    Path file = folder.resolve(Plan.FILE);
    Plan.of("D", "SimpleITKIO", FINGERPRINT).write(file);
    String text =
        Files.readString(file)
            .replace("1.0", "1")
            .replace("\"patch_size\": null", "\"patch_size\": [160, 160, 160]");
    Files.writeString(file, text);
    Configuration read = Plan.read(file).configuration("onemmiso");
    assertEquals(List.of(1.0, 1.0, 1.0), read.spacing());
    assertEquals(List.of(160, 160, 160), read.patchSize());
  }

  @Test
  void anEvenNumberHasItsMedianBetweenTwo() {
    Fingerprint two = new Fingerprint(List.of(List.of(1.0, 1.0, 4.0), List.of(2.0, 1.0, 0.5)));
    assertArrayEquals(new double[] {1.5, 1, 2.25}, two.median());
  }

  @Test
  void aFingerprintIsTheOriginalsFile() throws IOException {
    Fingerprint one = new Fingerprint(List.of(List.of(1.1979166269302368, 1.0, 0.5)));
    Path file = folder.resolve(Fingerprint.FILE);
    one.write(file);
    String line = "            ";
    assertEquals(
        "{\n    \"spacings\": [\n        [\n"
            + (line + "1.1979166269302368,\n" + line + "1.0,\n" + line + "0.5\n")
            + "        ]\n    ]\n}",
        Files.readString(file));
    assertEquals(one, Fingerprint.read(file));

    Files.writeString(file, "{\"spacings\": [[1, 1, 1], [1, 0, 1]]}");
    assertEquals(
        file + ": spacings[1] is [1.0, 0.0, 1.0], expected 3 positive numbers",
        assertThrows(DataException.class, () -> Fingerprint.read(file)).getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"plans_name\":|\"plans_name\"|: no JSON at line 3: ",
        "\"plans_name\"|\"batch_size\": 2, \"plans_name\"|: batch_size: unknown key",
        "\"plans_name\": \"nnsslPlans\",||: plans_name: missing",
        "\"nnsslPlans_onemmiso\"|\"../x\"|: configurations.onemmiso: data_identifier is '../x',"
            + " expected a folder's name",
        "\"order\": 3|\"order\": 1|: configurations.median: resampling_fn_data_kwargs: is_seg false,"
            + " order 1, order_z 0, expected is_seg false, order 3, order_z 0",
        "\"order\": 3|\"order\": \"x\"|: configurations.median.resampling_fn_data_kwargs.order: Cannot",
        "\"ZScoreNormalization\"|\"CT\"|: configurations.median: normalization_schemes is 'CT',"
            + " expected one of ZScoreNormalization, NoNormalization",
        "\"spacing_style\": \"noresample\"|\"spacing_style\": \"median\"|"
            + ": configurations.noresample: spacing is null, expected 3 positive numbers",
        "\"patch_size\": null|\"patch_size\": [1]|: configurations.median: patch_size is '[1]',",
        "[2,0,1]|[2,0,0]|: transpose_forward is [2, 0, 0], expected the axes 0, 1, 2 in some order",
        "[1,2,0]|[0,1,2]|: transpose_backward is [0, 1, 2], expected [1, 2, 0], which undoes"
      })
  void whatIsWrongIsNamed(String good, String bad, String message) throws IOException {
    Path file = folder.resolve(Plan.FILE);
    Plan.of("Dataset745_OpenMind", "SimpleITKIO", FINGERPRINT).write(file);
    String text = Files.readString(file);
    if (good.startsWith("[")) {
      text = text.replaceAll("\\s+", "");
    }
    Files.writeString(file, text.replace(good, bad == null ? "" : bad));
    String said = assertThrows(DataException.class, () -> Plan.read(file)).getMessage();
    assertEquals(
        file + message, said.substring(0, Math.min(said.length(), (file + message).length())));
  }

  @Test
  void aMissingFileIsNamed() {
    Path file = folder.resolve("none.json");
    assertEquals(
        file + ": no such file",
        assertThrows(DataException.class, () -> Plan.read(file)).getMessage());
  }
}
