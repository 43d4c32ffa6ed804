package dev.larmor.kernels;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Op;
import java.util.List;

/** How much scratch memory a backend asks for, known without running anything. */
@FunctionalInterface
public interface WorkspaceRule extends AutoCloseable {
  /** Scratch bytes for one call of {@code op}. */
  long bytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs);

  /** Scratch bytes that a call can do with, if there is no room for {@link #bytes}. */
  default long least(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return bytes(op, inputs, outputs);
  }

  @Override
  default void close() {}
}
