package dev.larmor.kernels.cpu;

import dev.larmor.engine.Capabilities;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Op;
import dev.larmor.kernels.WorkspaceRule;
import java.util.List;

/** What the {@code cpu} backend would ask for, for dry runs: the very same rules, nothing run. */
public final class CpuPlanner implements WorkspaceRule {
  private final CpuBackend backend;

  /**
   * The rules of the backend that {@code config} opens.
   *
   * @throws DeviceException as that would
   */
  public CpuPlanner(DeviceConfig config) {
    backend = CpuProvider.backend(config);
  }

  /** The backend's layout and dtypes. */
  public Capabilities capabilities() {
    return backend.capabilities();
  }

  @Override
  public long bytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return backend.workspaceBytes(op, inputs, outputs);
  }

  @Override
  public void close() {
    backend.close();
  }
}
