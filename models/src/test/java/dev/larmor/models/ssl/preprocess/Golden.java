package dev.larmor.models.ssl.preprocess;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.stream.StreamSupport;

/** Reference values of SciPy, scikit-image and the original, and the inputs they are for. */
public final class Golden {
  private Golden() {}

  /** One of the files: {@code golden} or {@code scikit}. */
  public static JsonNode read(String name) {
    String resource = "/dev/larmor/models/ssl/preprocess/" + name + ".json";
    try (InputStream in = Golden.class.getResourceAsStream(resource)) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static int[] ints(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }

  public static double[] doubles(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false)
        .mapToDouble(JsonNode::asDouble)
        .toArray();
  }

  /** The portable noise of the reference values: stream {@code t}, from -1 to 1. */
  public static double[] noise(long t, int count) {
    double[] values = new double[count];
    for (int k = 0; k < count; k++) {
      long z = k + (t << 32) + 0x9E3779B97F4A7C15L;
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      z ^= z >>> 31;
      values[k] = 2 * ((z >>> 11) * 0x1p-53) - 1;
    }
    return values;
  }

  /** The volume that the image cases resample. */
  public static float[] image(int... shape) {
    double[] noise = noise(3000, shape[0] * shape[1] * shape[2]);
    float[] values = new float[noise.length];
    for (int i = 0; i < noise.length; i++) {
      values[i] = (float) noise[i];
    }
    return values;
  }

  /** The labels 0, 1, 2 that the mask cases resample. */
  public static byte[] labels(int... shape) {
    double[] noise = noise(3001, shape[0] * shape[1] * shape[2]);
    byte[] values = new byte[noise.length];
    for (int i = 0; i < noise.length; i++) {
      values[i] = (byte) Math.floor((noise[i] + 1) * 1.5);
    }
    return values;
  }

  /** The ellipsoid of the whole preprocessing, {@code [12, 14, 16]}. */
  public static float[] ellipsoid() {
    float[] values = new float[12 * 14 * 16];
    for (int z = 0, at = 0; z < 12; z++) {
      for (int y = 0; y < 14; y++) {
        for (int x = 0; x < 16; x++, at++) {
          double radius =
              Math.pow((z - 5.5) / 5, 2) + Math.pow((y - 6.5) / 6, 2) + Math.pow((x - 7.5) / 7, 2);
          if (radius < 1) {
            values[at] =
                (float) (100 + 10 * Math.sin(z) + 7 * Math.cos(0.7 * y) + 5 * Math.sin(0.3 * x));
          }
        }
      }
    }
    return values;
  }
}
