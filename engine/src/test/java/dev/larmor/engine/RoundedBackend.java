package dev.larmor.engine;

import dev.larmor.engine.op.Op;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.ServiceLoader;

/**
 * Another backend with every result rounded to its dtype: {@code rounded:ref} is what the reference
 * would be if it did not keep doubles, and shows what half precision does on a machine that has no
 * kernels for it. Every module's tests can open it by name.
 */
public final class RoundedBackend implements Backend {
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
      String exact = device.substring(PREFIX.length());
      for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
        if (provider.provides(exact)) {
          return new RoundedBackend(device, provider.open(exact, config));
        }
      }
      throw new DeviceException("there is no " + exact + " to round");
    }
  }

  private final String name;
  private final Backend exact;

  RoundedBackend(String name, Backend exact) {
    this.name = name;
    this.exact = exact;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String dryRun() {
    return "meta";
  }

  @Override
  public Capabilities capabilities() {
    return exact.capabilities();
  }

  @Override
  public Buffer allocate(long bytes) {
    return exact.allocate(bytes);
  }

  @Override
  public void free(Buffer buffer) {
    exact.free(buffer);
  }

  @Override
  public void upload(MemorySegment host, DType hostType, TensorSpec spec, Buffer buffer) {
    exact.upload(host, hostType, spec, buffer);
    round(new Operand(spec, buffer));
  }

  @Override
  public void download(Buffer buffer, TensorSpec spec, MemorySegment host, DType hostType) {
    exact.download(buffer, spec, host, hostType);
  }

  @Override
  public long workspaceBytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return exact.workspaceBytes(op, inputs, outputs);
  }

  @Override
  public void run(Op op, List<Operand> inputs, List<Operand> outputs, Buffer workspace) {
    exact.run(op, inputs, outputs, workspace);
    (op instanceof Op.InPlace ? inputs : outputs).forEach(this::round);
  }

  private void round(Operand tensor) {
    TensorSpec spec = tensor.spec();
    long reals = spec.shape().elements() * (spec.dtype().isComplex() ? 2 : 1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(reals * Double.BYTES, Double.BYTES);
      exact.download(tensor.buffer(), spec, host, DType.F64);
      for (long i = 0; i < reals; i++) {
        double value = host.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
        host.setAtIndex(ValueLayout.JAVA_DOUBLE, i, rounded(value, spec.dtype()));
      }
      exact.upload(host, DType.F64, spec, tensor.buffer());
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

  @Override
  public void synchronize() {
    exact.synchronize();
  }

  @Override
  public void close() {
    exact.close();
  }
}
