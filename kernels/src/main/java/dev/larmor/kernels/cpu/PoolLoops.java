package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.FLOAT;
import static dev.larmor.kernels.cpu.Lanes.WIDTH;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** The loops of {@link Pooling}, for F32 and, as a {@link Bf16Twin}, for BF16. */
final class PoolLoops implements Pooling.Loops {
  private static final boolean BF16 = Bf16Twin.is(MethodHandles.lookup());
  private static final long BYTES = BF16 ? Short.BYTES : FLOAT;

  private static FloatVector load(long address) {
    return BF16 ? Lanes.loadBf16(address) : Lanes.load(address);
  }

  private static FloatVector load(long address, VectorMask<Float> mask) {
    return BF16 ? Lanes.loadBf16(address, mask) : Lanes.load(address, mask);
  }

  private static void store(FloatVector v, long address) {
    if (BF16) {
      Lanes.storeBf16(v, address);
    } else {
      Lanes.store(v, address);
    }
  }

  private static void store(FloatVector v, long address, VectorMask<Float> mask) {
    if (BF16) {
      Lanes.storeBf16(v, address, mask);
    } else {
      Lanes.store(v, address, mask);
    }
  }

  @Override
  public void averageRow(
      long x, long[] lines, int window, int channels, long y, int pixels, float scale) {
    long pixel = (long) channels * BYTES;
    int whole = channels / WIDTH * WIDTH;
    if (whole < channels) {
      averageRest(x, lines, window, channels, y, pixels, scale);
    }
    if (whole == 0) {
      return;
    }
    for (int p = 0; p < pixels; p++) {
      for (int c = 0; c < whole; c += WIDTH) {
        FloatVector sum = Lanes.broadcast(0);
        for (long line : lines) {
          long at = x + line + (long) p * window * pixel + c * BYTES;
          for (int w = 0; w < window; w++) {
            sum = sum.add(load(at + w * pixel));
          }
        }
        store(sum.mul(scale), y + p * pixel + c * BYTES);
      }
    }
  }

  /** The channels that do not fill a vector. */
  private static void averageRest(
      long x, long[] lines, int window, int channels, long y, int pixels, float scale) {
    long pixel = (long) channels * BYTES;
    int c = channels / WIDTH * WIDTH;
    VectorMask<Float> valid = Lanes.first(channels - c);
    for (int p = 0; p < pixels; p++) {
      FloatVector sum = Lanes.broadcast(0);
      for (long line : lines) {
        long at = x + line + (long) p * window * pixel + c * BYTES;
        for (int w = 0; w < window; w++) {
          sum = sum.add(load(at + w * pixel, valid));
        }
      }
      store(sum.mul(scale), y + p * pixel + c * BYTES, valid);
    }
  }

  @Override
  public void spreadRow(long g, int window, int channels, long gx, int pixels, float scale) {
    long pixel = (long) channels * BYTES;
    int whole = channels / WIDTH * WIDTH;
    VectorMask<Float> valid = Lanes.first(channels - whole);
    for (int p = 0; p < pixels; p++) {
      long from = g + p * pixel;
      long to = gx + (long) p * window * pixel;
      for (int c = 0; c < whole; c += WIDTH) {
        FloatVector share = load(from + c * BYTES).mul(scale);
        for (int w = 0; w < window; w++) {
          store(share, to + w * pixel + c * BYTES);
        }
      }
      if (whole < channels) {
        FloatVector share = load(from + whole * BYTES, valid).mul(scale);
        for (int w = 0; w < window; w++) {
          store(share, to + w * pixel + whole * BYTES, valid);
        }
      }
    }
  }
}
