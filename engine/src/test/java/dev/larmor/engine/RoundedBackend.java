package dev.larmor.engine;

import dev.larmor.engine.op.Op;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Another backend with every result rounded to its dtype: {@code rounded:ref} is what the reference
 * would be if it did not keep doubles, and shows what half precision does on a machine that has no
 * kernels for it. Every module's tests can open it by name.
 */
public final class RoundedBackend extends BackendOver {
  /** Opens {@code rounded:<device>}. */
  public static final class Provider implements BackendProvider {
    private static final String PREFIX = "rounded:";

    @Override
    public String devices() {
      return PREFIX + "DEVICE";
    }

    @Override
    public boolean provides(String device) {
      return device.startsWith(PREFIX);
    }

    @Override
    public Backend open(String device, DeviceConfig config) {
      return new RoundedBackend(
          device, BackendOver.open(device.substring(PREFIX.length()), config));
    }
  }

  RoundedBackend(String name, Backend exact) {
    super(name, exact);
  }

  @Override
  public String dryRun() {
    return "meta";
  }

  @Override
  public void upload(MemorySegment host, DType hostType, TensorSpec spec, Buffer buffer) {
    super.upload(host, hostType, spec, buffer);
    round(new Operand(spec, buffer));
  }

  @Override
  public void run(Op op, List<Operand> inputs, List<Operand> outputs, Buffer workspace) {
    super.run(op, inputs, outputs, workspace);
    (op instanceof Op.InPlace ? inputs : outputs).forEach(this::round);
  }

  private void round(Operand tensor) {
    TensorSpec spec = tensor.spec();
    long reals = spec.shape().elements() * (spec.dtype().isComplex() ? 2 : 1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(reals * Double.BYTES, Double.BYTES);
      download(tensor.buffer(), spec, host, DType.F64);
      for (long i = 0; i < reals; i++) {
        double value = host.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
        host.setAtIndex(ValueLayout.JAVA_DOUBLE, i, rounded(value, spec.dtype()));
      }
      super.upload(host, DType.F64, spec, tensor.buffer());
    }
  }

  private static double rounded(double value, DType dtype) {
    return switch (dtype) {
      case F32, C64 -> (float) value;
      case F16 -> Float.float16ToFloat(Float.floatToFloat16((float) value));
      case BF16 -> {
        int bits = Float.floatToIntBits((float) value);
        int even = bits >>> 16 & 1;
        int nearest = Double.isNaN(value) ? bits : bits + 0x7FFF + even;
        yield Float.intBitsToFloat(nearest & 0xFFFF0000);
      }
      case F64, I32, U8 -> value;
    };
  }
}
