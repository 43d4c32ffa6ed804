package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.Reshape;
import dev.larmor.kernels.HostMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** More elements than an {@code int} counts. Takes 4.3 GB of memory for some seconds. */
class LargeTensorTest {
  private static final long ELEMENTS = (1L << 31) + 17;
  private static final long[] PLACES = {0, 1, (1L << 31) - 1, 1L << 31, ELEMENTS - 1};

  @Test
  void holdsMoreThanTwoToThe31Elements() {
    MemorySegment host = HostMemory.allocate(ELEMENTS);
    try (Device device = DeviceUnderTest.open(DeviceConfig.DEFAULT.withCache(0))) {
      Scope.run(() -> {
        Tensor x = new Fill(TensorSpec.of(DType.U8, ELEMENTS), 200).on(device);
        assertEquals(ELEMENTS, x.shape().elements());
        x.download(host);
        for (long i = 0; i < ELEMENTS; i += (1 << 20) - 1) {
          assertEquals((byte) 200, host.get(ValueLayout.JAVA_BYTE, i));
        }
        for (int i = 0; i < PLACES.length; i++) {
          assertEquals((byte) 200, host.get(ValueLayout.JAVA_BYTE, PLACES[i]));
          host.set(ValueLayout.JAVA_BYTE, PLACES[i], (byte) i);
        }
        x.upload(host);
        host.fill((byte) 9);
        new Reshape(Shape.of(1, ELEMENTS)).apply(x).download(host);
        for (int i = 0; i < PLACES.length; i++) {
          assertEquals((byte) i, host.get(ValueLayout.JAVA_BYTE, PLACES[i]));
        }
        assertEquals((byte) 200, host.get(ValueLayout.JAVA_BYTE, ELEMENTS / 2));
      });
    } finally {
      HostMemory.free(host);
    }
  }
}
