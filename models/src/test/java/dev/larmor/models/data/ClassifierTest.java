package dev.larmor.models.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ClassifierTest {
  @ParameterizedTest
  @CsvSource({
    // file name, width, by name first, by width alone
    "brain_acc4_1.h5, 160, BRAIN, KNEE",
    "knee_test1.h5, 396, KNEE, BRAIN",
    "file_brain_AXT2_200.h5, 320, BRAIN, KNEE",
    "file1000001.h5, 372, KNEE, KNEE",
    "file1000001.h5, 384, BRAIN, BRAIN",
    "file1000001.h5, 400, BRAIN, BRAIN",
    "file1000001.h5, 383, KNEE, KNEE",
    "file1000001.h5, 401, KNEE, KNEE",
    "brain_and_knee.h5, 390, BRAIN, BRAIN"
  })
  void anatomy(String name, int width, Anatomy standard, Anatomy original) {
    assertEquals(standard, Classifier.STANDARD.anatomy(name, width));
    assertEquals(original, Classifier.ORIGINAL.anatomy(name, width));
  }

  @ParameterizedTest
  @CsvSource({"368, 4, 4, 4", "368, 8, 8, 8", "396, 4, 4, 4", "160, 4, 4, 8", "396, 5, 5, 4"})
  void acceleration(int width, int r, int standard, int original) {
    SamplingMask mask = SamplingMask.equispaced(width, r, 0.08, 1);
    assertEquals(standard, Classifier.STANDARD.acceleration(mask));
    assertEquals(original, Classifier.ORIGINAL.acceleration(mask));
  }

  @Test
  void theOriginalCountsColumns() {
    assertEquals(4, Classifier.ORIGINAL.acceleration(SamplingMask.full(95)));
    assertEquals(8, Classifier.ORIGINAL.acceleration(SamplingMask.full(94)));
  }

  @ParameterizedTest
  @CsvSource({"1, 4", "4, 4", "5, 4", "6, 4", "7, 8", "8, 8", "100, 8"})
  void nearestExpert(int acceleration, int expert) {
    assertEquals(expert, Classifier.nearest(acceleration, 4, 8));
    assertEquals(expert, Classifier.nearest(acceleration, 8, 4));
    assertThrows(IllegalArgumentException.class, () -> Classifier.nearest(4));
  }

  @Test
  void labels() {
    assertEquals("brain", Anatomy.BRAIN.label());
    assertEquals("knee", Anatomy.KNEE.label());
  }
}
