package dev.larmor.models.simclr.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.engine.Philox;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Each change against NumPy's and SciPy's. */
final class ChangeTest {
  private static final Extent EXTENT = new Extent(5, 5, 7);
  private static final JsonNode GOLDEN = golden();

  private static JsonNode golden() {
    try (InputStream in = ChangeTest.class.getResourceAsStream("changes.json")) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static float[] changed(Change change) {
    Volume volume = Reference.volume(40, EXTENT);
    change.apply(volume);
    return volume.values();
  }

  private static void assertChange(String name, Change change) {
    JsonNode expected = GOLDEN.get(name);
    float[] values = new float[expected.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) expected.get(i).asDouble();
    }
    assertArrayEquals(values, changed(change), 1e-6f, name);
  }

  @Test
  void changesAreTheReferences() {
    assertChange("blur 0.8", new Blur(0.8));
    assertChange("low resolution 0.7", new LowResolution(0.7));
    assertChange("power 1.3", new Power(1.3, false));
    assertChange("power 1.3 inverted", new Power(1.3, true));
    assertChange("contrast 1.2", new Contrast(1.2));
    assertChange("turn 1", new QuarterTurns(1));
  }

  @Test
  void quarterTurnsAddUp() {
    Volume volume = Reference.volume(40, EXTENT);
    for (int turns = 1; turns <= 3; turns++) {
      new QuarterTurns(1).apply(volume);
      assertArrayEquals(volume.values(), changed(new QuarterTurns(turns)));
    }
  }

  /** The Gaussian is wider than the volume, which is mirrored more than once. */
  @Test
  void aWideBlurOfASmallVolume() {
    assertChange("blur 2.5", new Blur(2.5));
  }

  @Test
  void brightness() {
    float[] before = Reference.volume(40, EXTENT).values();
    float[] after = changed(new Brightness(0.8));
    for (int i = 0; i < before.length; i++) {
      assertEquals(before[i] * 0.8f, after[i]);
    }
  }

  @Test
  void noiseIsNormalAndItsStreams() {
    Volume volume = Volume.of(Extent.cube(32));
    Noise noise = new Noise(0.05, Philox.of(3, "noise"));
    noise.apply(volume);
    Statistics statistics = Statistics.of(volume.values());
    assertEquals(0, statistics.mean(), 4 * 0.05 / Math.sqrt(32768));
    assertEquals(0.05, statistics.deviation(), 0.001);
    double beyond = 0;
    for (float value : volume.values()) {
      beyond += Math.abs(value) > 0.1 ? 1 : 0;
    }
    assertEquals(0.0455, beyond / 32768, 0.005, "beyond two deviations");
    Volume again = Volume.of(Extent.cube(32));
    noise.apply(again);
    assertArrayEquals(volume.values(), again.values());
  }

  @Test
  void axesMirrorOneByOne() {
    float[] before = Reference.volume(40, EXTENT).values();
    for (int flips = 0; flips < 8; flips++) {
      Flips axes = new Flips((flips & 1) == 1, (flips & 2) == 2, (flips & 4) == 4);
      float[] after = changed(new Mirror(axes));
      Reference.each(
          EXTENT,
          (i, i0, i1, i2) -> {
            int from0 = axes.axis0() ? 4 - i0 : i0;
            int from1 = axes.axis1() ? 4 - i1 : i1;
            int from2 = axes.axis2() ? 6 - i2 : i2;
            assertEquals(before[(from0 * 5 + from1) * 7 + from2], after[i]);
          });
    }
  }

  /** Nothing divides by a range or a deviation of zero. */
  @Test
  void aConstantVolumeStaysConstant() {
    for (Change change :
        new Change[] {
          new Blur(0.7), new Contrast(1.2), new LowResolution(0.6), new Power(1.4, true)
        }) {
      Volume volume = Volume.of(EXTENT);
      Arrays.fill(volume.values(), 0.25f);
      change.apply(volume);
      for (float value : volume.values()) {
        assertEquals(0.25f, value, 1e-6, change.toString());
      }
    }
  }

  @Test
  void aZoomOfOneChangesNothing() {
    float[] before = Reference.volume(40, EXTENT).values();
    assertArrayEquals(before, changed(new LowResolution(1)), 1e-6f);
  }

  @Test
  void oneVoxelCanBeChanged() {
    Volume volume = new Volume(new float[] {2}, Extent.cube(1));
    new Blur(1).apply(volume);
    new LowResolution(0.5).apply(volume);
    new QuarterTurns(3).apply(volume);
    assertEquals(2, volume.values()[0], 1e-6);
  }

  @Test
  void quarterTurnsNeedASquare() {
    assertThrows(IllegalArgumentException.class, () -> new QuarterTurns(4));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> new QuarterTurns(1).apply(Volume.of(new Extent(2, 3, 2))))
            .getMessage();
    assertTrue(message.contains("2x3x2"), message);
  }
}
