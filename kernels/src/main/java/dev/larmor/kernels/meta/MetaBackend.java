package dev.larmor.kernels.meta;

import dev.larmor.engine.Backend;
import dev.larmor.engine.Buffer;
import dev.larmor.engine.Capabilities;
import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Op;
import dev.larmor.kernels.WorkspaceRule;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Books bytes for a device that need not be there; computes nothing. */
final class MetaBackend implements Backend {
  private record Block(long bytes) implements Buffer {}

  private final String name;
  private final Capabilities capabilities;
  private final WorkspaceRule workspace;

  MetaBackend(String name, Capabilities capabilities, WorkspaceRule workspace) {
    this.name = name;
    this.capabilities = capabilities;
    this.workspace = workspace;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String dryRun() {
    return name;
  }

  @Override
  public Capabilities capabilities() {
    return capabilities;
  }

  @Override
  public Buffer allocate(long bytes) {
    return new Block(bytes);
  }

  @Override
  public void free(Buffer buffer) {}

  /** Values are dropped. */
  @Override
  public void upload(MemorySegment host, DType hostType, TensorSpec spec, Buffer buffer) {}

  /**
   * There is nothing to read.
   *
   * @throws DeviceException always
   */
  @Override
  public void download(Buffer buffer, TensorSpec spec, MemorySegment host, DType hostType) {
    throw new DeviceException(
        "a dry run has no values: " + spec + " on " + name + " can not be read");
  }

  @Override
  public long workspaceBytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return workspace.bytes(op, inputs, outputs);
  }

  @Override
  public long leastWorkspaceBytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return workspace.least(op, inputs, outputs);
  }

  @Override
  public void run(Op op, List<Operand> inputs, List<Operand> outputs, Buffer scratch) {}

  @Override
  public void synchronize() {}

  @Override
  public void close() {
    workspace.close();
  }
}
