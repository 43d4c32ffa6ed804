package dev.larmor.models.ssl.preprocess;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.Image3d.Place;
import dev.larmor.models.ssl.preprocess.numerics.Box;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import dev.larmor.models.ssl.preprocess.plan.Fingerprint;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreprocessorTest {
  private static final int[] SHAPE = {12, 14, 16};

  private static Image3d image(float[] values, double... spacing) {
    double[] direction = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    Place place = new Place(spacing.clone(), new double[3], direction);
    return new Image3d(values, values.length / (12 * 14 * 16), SHAPE, spacing, place);
  }

  private static Plan plan(double... spacing) {
    List<Double> s = Arrays.stream(spacing).boxed().toList();
    return Plan.of("Dataset001_Test", "SimpleITKIO", new Fingerprint(List.of(s)));
  }

  private static Preprocessed run(Plan plan, String configuration, Image3d image) {
    return new Preprocessor(plan, configuration, new Workers(2)).run("a.nii", image, Map.of());
  }

  @ParameterizedTest
  @CsvSource({
    "preprocess_iso1.3, 1 1 1",
    "preprocess_same1, 1 1 1",
    "'preprocess_aniso(4,1,1)', 1 1 1",
    "'preprocess_transposed(1,1,1.2) fwd 2,0,1', 1 1 1.2",
  })
  void anEllipsoidIsTheOriginals(String name, String median) {
    JsonNode expected = Golden.read("golden").get(name);
    JsonNode properties = expected.get("props");
    double[] spacing = Golden.doubles(properties.get("spacing"));
    double[] planned = Arrays.stream(median.split(" ")).mapToDouble(Double::parseDouble).toArray();

    Preprocessed result = run(plan(planned), "onemmiso", image(Golden.ellipsoid(), spacing));

    int[] shape = Golden.ints(expected.get("shape"));
    assertArrayEquals(Arrays.copyOfRange(shape, 1, 4), result.image().shape());
    assertArrayEquals(new double[] {1, 1, 1}, result.image().spacing());
    Provenance provenance = result.provenance();
    assertArrayEquals(spacing, provenance.spacing());
    assertArrayEquals(Golden.ints(properties.get("shape_before_cropping")), provenance.shape());
    assertArrayEquals(
        Golden.ints(properties.get("shape_after_cropping_and_before_resampling")),
        provenance.box().shape());
    for (int axis = 0; axis < 3; axis++) {
      Box.Interval interval = provenance.box().intervals().get(axis);
      assertArrayEquals(
          Golden.ints(properties.get("bbox_used_for_cropping").get(axis)),
          new int[] {interval.start(), interval.end()});
    }

    float[] values = result.image().values();
    double[] first = Golden.doubles(expected.get("first8"));
    double[] last = Golden.doubles(expected.get("last4"));
    for (int i = 0; i < 8; i++) {
      assertEquals(first[i], values[i], 3e-7, "value " + i);
    }
    for (int i = 0; i < 4; i++) {
      assertEquals(last[i], values[values.length - 4 + i], 3e-7);
    }
    double sum = 0;
    double squares = 0;
    double least = values[0];
    double most = values[0];
    for (float value : values) {
      sum += value;
      squares += (double) value * value;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    double mean = sum / values.length;
    assertEquals(expected.get("min").asDouble(), least, 3e-7);
    assertEquals(expected.get("max").asDouble(), most, 3e-7);
    assertEquals(expected.get("mean").asDouble(), mean, 1e-7);
    assertEquals(
        expected.get("std").asDouble(), Math.sqrt(squares / values.length - mean * mean), 1e-7);
  }

  @Test
  void withoutResamplingTheGridStays() {
    Preprocessed result =
        run(plan(1, 1, 2), "noresample", image(Golden.ellipsoid(), 1.5, 0.5, 2.5));
    assertArrayEquals(new int[] {14, 10, 12}, result.image().shape());
    assertArrayEquals(new double[] {2.5, 1.5, 0.5}, result.image().spacing());
  }

  @Test
  void theMedianSpacingIsInThePlansOrder() {
    Preprocessed result = run(plan(1, 1, 2), "median", image(Golden.ellipsoid(), 1, 1, 1));
    assertArrayEquals(new int[] {7, 10, 12}, result.image().shape());
    assertArrayEquals(new double[] {2, 1, 1}, result.image().spacing());
  }

  /** The original exchanges them, and its loader makes 255 of -1. */
  @Test
  void eachMaskKeepsItsKindAndItsOutside() {
    float[] face = new float[12 * 14 * 16];
    float[] head = new float[12 * 14 * 16];
    float[] values = Golden.ellipsoid();
    Arrays.fill(values, 0, 14 * 16 * 3, 0); // cuts the ellipsoid's cap off
    values[(5 * 14 + 6) * 16 + 7] = 0; // a hole in the middle
    face[(4 * 14 + 6) * 16 + 8] = 1;
    head[(6 * 14 + 6) * 16 + 8] = 5;
    head[(3 * 14 + 1) * 16 + 1] = 7; // a label outside of what the image shows

    Preprocessed result =
        new Preprocessor(plan(1, 1, 1), "noresample", Workers.ONE)
            .run(
                "a.nii",
                image(values, 1, 1, 1),
                Map.of(
                    MaskKind.ANATOMY,
                    image(head, 1, 1, 1),
                    MaskKind.ANONYMIZATION,
                    image(face, 1, 1, 1)));

    assertArrayEquals(new int[] {8, 12, 14}, result.image().shape());
    byte[] anonymization = result.masks().get(MaskKind.ANONYMIZATION);
    byte[] anatomy = result.masks().get(MaskKind.ANATOMY);
    int faceAt = (1 * 12 + 5) * 14 + 7;
    int headAt = (3 * 12 + 5) * 14 + 7;
    assertEquals(1, anonymization[faceAt]);
    assertEquals(0, anonymization[headAt]);
    assertEquals(5, anatomy[headAt]);
    assertEquals(0, anatomy[faceAt]);
    assertEquals(-1, anonymization[0]);
    assertEquals(7, anatomy[0]);
    assertEquals(0, anatomy[(2 * 12 + 5) * 14 + 6], "a hole is inside");
    assertEquals(-1, anatomy[1]);
  }

  @Test
  void masksAreResampledWithTheImage() {
    float[] head = new float[12 * 14 * 16];
    float[] values = Golden.ellipsoid();
    for (int i = 0; i < head.length; i++) {
      head[i] = values[i] > 0 ? 3 : 0;
    }
    Preprocessed result =
        new Preprocessor(plan(1, 1, 1.2), "onemmiso", new Workers(2))
            .run(
                "a.nii",
                image(values, 1.5, 1.5, 1.5),
                Map.of(MaskKind.ANATOMY, image(head, 1.5, 1.5, 1.5)));
    assertArrayEquals(new int[] {21, 15, 18}, result.image().shape());
    byte[] labels = result.masks().get(MaskKind.ANATOMY);
    assertEquals(-1, labels[0]);
    assertEquals(3, labels[(10 * 15 + 7) * 18 + 9]);
  }

  @Test
  void badInputIsNamed() {
    float[] good = Golden.ellipsoid();
    assertSays("a.nii: voxel [0, 1, 3] is NaN, expected finite values", with(good, Float.NaN));
    assertSays(
        "a.nii: voxel [0, 1, 3] is -Infinity, expected finite values",
        with(good, Float.NEGATIVE_INFINITY));
    assertSays(
        "a.nii: 2 channels, but the plan's 'nnsslPlans_onemmiso' normalizes 1",
        image(new float[2 * good.length], 1, 1, 1));
    assertSays("a.nii: spacing [1.0, 0.0, 1.0], expected positive numbers", image(good, 1, 0, 1));
    assertSays(
        "a.nii: [10, 12, 14] voxels at [1.0, 0.04, 1.0] mm would be [10, 0, 14]"
            + " at [1.0, 1.0, 1.0] mm",
        image(good, 1, 0.04, 1));
    Place place = image(good, 1, 1, 1).place();
    assertSays(
        "a.nii: 1 channels of [0, 4, 4] voxels, expected at least one along each axis",
        new Image3d(new float[0], 1, new int[] {0, 4, 4}, new double[] {1, 1, 1}, place));
  }

  @Test
  void badMasksAreNamed() {
    Image3d image = image(Golden.ellipsoid(), 1, 1, 1);
    Image3d other =
        new Image3d(new float[60], 1, new int[] {3, 4, 5}, new double[] {1, 1, 1}, image.place());
    Preprocessor preprocessor = new Preprocessor(plan(1, 1, 1), "onemmiso", Workers.ONE);
    assertEquals(
        "a.nii, anatomy_mask: 1 channels of [3, 4, 5] voxels, expected 1 of the image's [12, 14, 16]",
        assertThrows(
                DataException.class,
                () -> preprocessor.run("a.nii", image, Map.of(MaskKind.ANATOMY, other)))
            .getMessage());
    Image3d tooMany = with(new float[12 * 14 * 16], 200);
    assertEquals(
        "a.nii, anonymization_mask: voxel [0, 1, 3] is 200.0,"
            + " expected whole numbers from -128 to 127",
        assertThrows(
                DataException.class,
                () -> preprocessor.run("a.nii", image, Map.of(MaskKind.ANONYMIZATION, tooMany)))
            .getMessage());
  }

  private static Image3d with(float[] values, float value) {
    float[] copy = values.clone();
    copy[19] = value;
    return image(copy, 1, 1, 1);
  }

  private static void assertSays(String message, Image3d image) {
    Plan plan = plan(1, 1, 1);
    assertEquals(
        message,
        assertThrows(DataException.class, () -> run(plan, "onemmiso", image)).getMessage());
  }
}
