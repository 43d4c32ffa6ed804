package dev.larmor.autograd;

import dev.larmor.engine.Device;
import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;

/**
 * A tensor that training changes. It has a spec from the start, a name and a value once its {@link
 * Module} tree is {@linkplain Module#place placed} on a device.
 */
public final class Parameter {
  private final TensorSpec spec;
  private final Init init;
  private String name;
  private Tensor value;
  private boolean frozen;

  Parameter(TensorSpec spec, Init init) {
    this.spec = spec;
    this.init = init;
  }

  /** The dotted path from the root module: {@code unet.down.0.weight}. */
  public String name() {
    if (name == null) {
      throw new IllegalStateException(
          "parameter " + spec + " has no name before its module is placed");
    }
    return name;
  }

  public TensorSpec spec() {
    return spec;
  }

  /** The values; ops read them like any tensor, optimisers update them in place. */
  public Tensor value() {
    if (value == null) {
      throw new IllegalStateException(
          "parameter " + (name == null ? spec : name) + " is not placed on a device");
    }
    return value;
  }

  /** Whether training leaves this parameter alone; a frozen parameter needs no gradient. */
  public boolean frozen() {
    return frozen;
  }

  /** Excludes this parameter from training. */
  public Parameter freeze() {
    frozen = true;
    return this;
  }

  void place(Device device, String path, Philox stream) {
    name = path;
    value =
        Scope.runAt(
            path, () -> init.create(device, stream.with(path), spec).tag(Tag.PARAMETER).unscoped());
  }

  void close() {
    if (value != null) {
      value.close();
      value = null;
    }
  }

  @Override
  public String toString() {
    return (name == null ? "parameter" : name) + " " + spec + (frozen ? " frozen" : "");
  }
}
