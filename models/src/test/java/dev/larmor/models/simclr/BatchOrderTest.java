package dev.larmor.models.simclr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BatchOrderTest {
  @ParameterizedTest
  @CsvSource({"30, 10", "7, 3", "5, 5", "3, 8", "1, 4", "100, 1"})
  void everyPassHasEveryImageOnce(int images, int batch) {
    BatchOrder order = new BatchOrder(images, batch, 5);
    int passes = 6;
    long steps = Math.ceilDiv((long) images * passes, batch);
    int[] seen =
        LongStream.range(0, steps).mapToObj(order::batch).flatMapToInt(Arrays::stream).toArray();
    for (int pass = 0; pass < passes; pass++) {
      int[] once = Arrays.copyOfRange(seen, pass * images, (pass + 1) * images);
      Arrays.sort(once);
      assertArrayEquals(IntStream.range(0, images).toArray(), once);
    }
  }

  @Test
  void passesAndSeedsDiffer() {
    BatchOrder order = new BatchOrder(50, 50, 5);
    assertFalse(Arrays.equals(order.batch(0), order.batch(1)));
    assertFalse(Arrays.equals(order.batch(0), new BatchOrder(50, 50, 6).batch(0)));
    assertArrayEquals(order.batch(7), new BatchOrder(50, 50, 5).batch(7), "whatever came before");
    assertFalse(Arrays.equals(order.batch(0), IntStream.range(0, 50).toArray()));
  }

  @Test
  void mistakes() {
    assertEquals(
        "0 images in batches of 2: both must be at least 1",
        assertThrows(IllegalArgumentException.class, () -> new BatchOrder(0, 2, 1)).getMessage());
  }
}
