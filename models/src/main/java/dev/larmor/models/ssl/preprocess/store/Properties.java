package dev.larmor.models.ssl.preprocess.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.Image3d.Place;
import dev.larmor.models.ssl.preprocess.Preprocessed;
import dev.larmor.models.ssl.preprocess.Provenance;
import dev.larmor.models.ssl.preprocess.numerics.Box;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * What is kept of an image beside its voxels, with the keys of the original's {@code .pkl}; the
 * last one is ours.
 */
record Properties(
    Itk sitkStuff,
    double[] spacing,
    int[] shapeBeforeCropping,
    int[][] bboxUsedForCropping,
    int[] shapeAfterCroppingAndBeforeResampling,
    double[] spacingAfterResampling) {
  /** The grid as it was read, in ITK's order. */
  record Itk(double[] spacing, double[] origin, double[] direction) {}

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .build();

  static Properties of(Preprocessed preprocessed) {
    Image3d image = preprocessed.image();
    Provenance provenance = preprocessed.provenance();
    Place place = provenance.place();
    return new Properties(
        new Itk(place.spacing(), place.origin(), place.direction()),
        provenance.spacing(),
        provenance.shape(),
        provenance.box().intervals().stream()
            .map(interval -> new int[] {interval.start(), interval.end()})
            .toArray(int[][]::new),
        provenance.box().shape(),
        image.spacing());
  }

  Provenance provenance() {
    List<Box.Interval> intervals =
        Arrays.stream(bboxUsedForCropping)
            .map(interval -> new Box.Interval(interval[0], interval[1]))
            .toList();
    Place place = new Place(sitkStuff.spacing, sitkStuff.origin, sitkStuff.direction);
    return new Provenance(place, spacing, shapeBeforeCropping, new Box(intervals));
  }

  byte[] toJson() {
    try {
      return JSON.writeValueAsBytes(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws IOException if it is anything else
   */
  static Properties fromJson(byte[] json) throws IOException {
    return JSON.readValue(json, Properties.class);
  }
}
