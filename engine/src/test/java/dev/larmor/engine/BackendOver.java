package dev.larmor.engine;

import dev.larmor.engine.op.Op;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.ServiceLoader;

/** A backend that is another one but for what a test changes. */
abstract class BackendOver implements Backend {
  final Backend other;
  private final String name;

  BackendOver(String name, Backend other) {
    this.name = name;
    this.other = other;
  }

  /** Opens the backend to be over. */
  static Backend open(String device, DeviceConfig config) {
    for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
      if (provider.provides(device)) {
        return provider.open(device, config);
      }
    }
    throw new DeviceException("there is no " + device);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String dryRun() {
    return other.dryRun();
  }

  @Override
  public Capabilities capabilities() {
    return other.capabilities();
  }

  @Override
  public Buffer allocate(long bytes) {
    return other.allocate(bytes);
  }

  @Override
  public void free(Buffer buffer) {
    other.free(buffer);
  }

  @Override
  public void upload(MemorySegment host, DType hostType, TensorSpec spec, Buffer buffer) {
    other.upload(host, hostType, spec, buffer);
  }

  @Override
  public void download(Buffer buffer, TensorSpec spec, MemorySegment host, DType hostType) {
    other.download(buffer, spec, host, hostType);
  }

  @Override
  public long workspaceBytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return other.workspaceBytes(op, inputs, outputs);
  }

  @Override
  public void run(Op op, List<Operand> inputs, List<Operand> outputs, Buffer workspace) {
    other.run(op, inputs, outputs, workspace);
  }

  @Override
  public void synchronize() {
    other.synchronize();
  }

  @Override
  public void close() {
    other.close();
  }
}
