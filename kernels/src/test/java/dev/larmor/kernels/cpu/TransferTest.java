package dev.larmor.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.engine.Buffer;
import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Feature maps lie channels-last; the host sees them row-major. */
class TransferTest {
  private static final int SAMPLES = 2;
  private static final int CHANNELS = 3;
  private static final int POSITIONS = 150 * 157; // more than one task

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16", "F16", "C64", "F64"})
  void convertsBetweenRowMajorAndChannelsLast(DType dtype) {
    TensorSpec spec = TensorSpec.of(dtype, SAMPLES, CHANNELS, 150, 157);
    int reals = dtype.isComplex() ? 2 : 1;
    try (CpuBackend backend = new CpuBackend(2);
        Arena arena = Arena.ofConfined()) {
      Buffer buffer = backend.allocate(spec.bytes());
      long numbers = spec.shape().elements() * reals;
      MemorySegment host = arena.allocate(numbers * Double.BYTES, Double.BYTES);
      for (long i = 0; i < numbers; i++) {
        host.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value(i));
      }
      backend.upload(host, DType.F64, spec, buffer);
      Array array = new Array(spec, ((CpuBuffer) buffer).address());
      for (int n = 0; n < SAMPLES; n++) {
        for (int c = 0; c < CHANNELS; c++) {
          for (int p = 0; p < POSITIONS; p += 97) {
            long rowMajor = ((long) n * CHANNELS + c) * POSITIONS + p;
            long memory = ((long) n * POSITIONS + p) * CHANNELS + c;
            for (int part = 0; part < reals; part++) {
              assertEquals(
                  value(rowMajor * reals + part),
                  Element.get(dtype, array.address(), memory * reals + part));
            }
          }
        }
      }

      MemorySegment own = arena.allocate(spec.bytes(), Double.BYTES);
      backend.download(buffer, spec, own, dtype);
      for (long i = 0; i < numbers; i++) {
        assertEquals(value(i), Element.get(dtype, own.address(), i));
      }
      backend.upload(own, dtype, spec, buffer);
      host.fill((byte) 0);
      backend.download(buffer, spec, host, DType.F64);
      for (long i = 0; i < numbers; i++) {
        assertEquals(value(i), host.getAtIndex(ValueLayout.JAVA_DOUBLE, i));
      }
      backend.free(buffer);
    }
  }

  /** Exact in every dtype, and different for neighbours along any axis. */
  private static double value(long i) {
    return i % 251 - 100;
  }
}
