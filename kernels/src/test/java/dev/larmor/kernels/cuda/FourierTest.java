package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is asked of the library, with one that transforms nothing. */
class FourierTest {
  private static final int SIZE = 1024;
  private static final long IMAGE = 8L * SIZE * SIZE;

  private final List<String> calls = new ArrayList<>();
  private long wantedForAnImage = 30L << 20;

  private final Fourier fourier =
      new Fourier(
          null,
          (batch, height, width) ->
              new FftLibrary.Plan() {
                {
                  calls.add("plan " + batch);
                }

                @Override
                public long workspaceBytes() {
                  return batch * wantedForAnImage;
                }

                @Override
                public void run(long from, long to, boolean inverse, long workspace) {
                  calls.add("%d from image %d".formatted(batch, from / IMAGE));
                }

                @Override
                public void close() {
                  calls.add("close " + batch);
                }
              });

  private void run(int images, int size) {
    fourier.run(0, 0, images, size, size, false, 0);
  }

  @Test
  void plansForFewerImagesWhereTheWorkAreaIsSmall() {
    run(5, SIZE);
    assertEquals(
        List.of(
            "plan 5",
            "close 5",
            "plan 3",
            "close 3",
            "plan 2",
            "2 from image 0",
            "plan 3",
            "close 3",
            "plan 2",
            "2 from image 2",
            "plan 1",
            "1 from image 4"),
        calls);
    calls.clear();
    run(5, SIZE);
    assertEquals(List.of("2 from image 0", "2 from image 2", "1 from image 4"), calls);
  }

  @Test
  void keepsPlansThatWereUsedLately() {
    wantedForAnImage = 0;
    for (int images = 1; images <= 16; images++) {
      run(images, 2);
    }
    run(1, 2);
    calls.clear();
    run(17, 2);
    assertEquals(List.of("close 2", "plan 17", "17 from image 0"), calls);
    calls.clear();
    fourier.close();
    assertEquals(16, calls.size());
  }

  @Test
  void saysThatAnImageDoesNotFit() {
    wantedForAnImage = 1L << 30;
    DeviceException e = assertThrows(DeviceException.class, () -> run(2, SIZE));
    assertTrue(e.getMessage().contains("1024 x 1024 image wants"), e.getMessage());
    assertEquals(List.of("plan 2", "close 2", "plan 1", "close 1"), calls);
  }

  @Test
  void chargesLittleForLittle() {
    assertEquals((64 << 10) + 8 * 8 * 15, Fourier.workspace(TensorSpec.of(DType.C64, 3, 5)));
    assertTrue(Fourier.workspace(TensorSpec.of(DType.C64, 15, 640, 368)) < 65L << 20);
  }
}
