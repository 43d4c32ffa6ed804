package dev.larmor.engine;

import dev.larmor.engine.op.Op;
import java.util.function.Supplier;

/** Is told of every op that runs while it is in force; autograd's tape is one. */
public interface Recorder {
  /**
   * Called after {@code op} ran. Tensors to be kept must be {@link Tensor#retain retained} here.
   *
   * @throws RuntimeException if the op must not run on these inputs (a tracked input of a
   *     non-differentiable op)
   */
  void record(Op op, Tensor[] inputs, Tensor[] outputs);

  /** Runs {@code body} with {@code recorder} in force, or with none if null. */
  static <T> T with(Recorder recorder, Supplier<T> body) {
    return ScopedValue.where(Device.RECORDER, recorder).call(body::get);
  }

  /** Runs {@code body} unrecorded: inference, metrics, optimiser steps. */
  static <T> T paused(Supplier<T> body) {
    return with(null, body);
  }

  /** The recorder in force, or null. */
  static Recorder current() {
    return Device.RECORDER.isBound() ? Device.RECORDER.get() : null;
  }
}
