package dev.larmor.autograd;

import dev.larmor.engine.Tensor;

/** A module from one tensor to one tensor. */
public abstract class Layer extends Module {
  /** Runs {@link #forward} in this module's scope. */
  public final Tensor apply(Tensor x) {
    return scoped(() -> forward(x));
  }

  /** What the layer computes; tensors made here are freed when it returns, but for its result. */
  protected abstract Tensor forward(Tensor x);
}
