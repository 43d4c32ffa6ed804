package dev.larmor.models.ssl.preprocess.numerics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.larmor.models.ssl.preprocess.Golden;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabelResamplingTest {
  @ParameterizedTest
  @CsvSource({"resample_seg_iso_up_1.5, -1", "resample_seg_sepz_5_1_1, 0"})
  void labelsAreTheOriginals(String name, int axis) {
    JsonNode expected = Golden.read("golden").get(name);
    int[] from = {6, 7, 8};
    int[] to = Golden.ints(expected.get("new_shape"));
    OptionalInt separate = axis < 0 ? OptionalInt.empty() : OptionalInt.of(axis);
    byte[] labels =
        LabelResampling.resample(Golden.labels(from), from, to, separate, new Workers(2));

    int[] counts = new int[3];
    for (byte label : labels) {
      counts[label]++;
    }
    for (int label = 0; label < 3; label++) {
      assertEquals(expected.get("counts").get(label + ".0").asInt(), counts[label]);
    }
    for (int i = 0; i < 8; i++) {
      assertEquals(expected.get("first8").get(i).asInt(), labels[i]);
    }
    for (int i = 0; i < 4; i++) {
      assertEquals(expected.get("last4").get(i).asInt(), labels[labels.length - 4 + i]);
    }
  }

  /** Halving and trebling put many voxels exactly between two labels. */
  @Test
  void tiesFallAsInSciPy() {
    for (JsonNode expected : Golden.read("scikit").get("labels")) {
      int[] from = Golden.ints(expected.get("from"));
      int[] to = Golden.ints(expected.get("to"));
      byte[] labels =
          LabelResampling.resample(Golden.labels(from), from, to, OptionalInt.empty(), Workers.ONE);
      byte[] all = new byte[labels.length];
      for (int i = 0; i < all.length; i++) {
        all[i] = (byte) expected.get("values").get(i).asInt();
      }
      assertArrayEquals(all, labels);
    }
  }

  @Test
  void outsideStaysOutside() {
    byte[] labels = {-1, -1, 3, 3};
    byte[] twice =
        LabelResampling.resample(
            labels, new int[] {1, 1, 4}, new int[] {1, 1, 8}, OptionalInt.empty(), Workers.ONE);
    assertArrayEquals(new byte[] {-1, -1, -1, -1, 3, 3, 3, 3}, twice);
  }
}
