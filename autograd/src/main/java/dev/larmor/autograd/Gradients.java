package dev.larmor.autograd;

import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Recorder;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.Axpy;
import dev.larmor.engine.op.Cast;
import dev.larmor.engine.op.Dot;
import java.util.LinkedHashMap;
import java.util.Map;

/** Sums the gradients of one or more backward passes, for an optimiser that steps afterwards. */
public final class Gradients implements GradSink, AutoCloseable {
  private final Map<Parameter, Tensor> sums = new LinkedHashMap<>();

  @Override
  public void complete(Parameter parameter, Tensor gradient) {
    Tensor sum = sums.get(parameter);
    if (sum != null) {
      new Axpy(1).applyAll(sum, gradient);
    } else if (gradient.isShared()) {
      hold(parameter, new Cast(gradient.dtype()).apply(gradient).unscoped());
    } else {
      hold(parameter, gradient.retain());
    }
  }

  private void hold(Parameter parameter, Tensor gradient) {
    sums.put(parameter, gradient.tag(Tag.GRADIENT));
  }

  /** The sum for {@code parameter}, or null if none came. */
  public Tensor of(Parameter parameter) {
    return sums.get(parameter);
  }

  /** The Euclidean norm of all gradients together. */
  public double norm() {
    return Recorder.paused(() ->
        Scope.run(() -> {
          double squares = 0;
          for (Tensor gradient : sums.values()) {
            squares += new Dot().apply(gradient, gradient).item();
          }
          return Math.sqrt(squares);
        }));
  }

  /**
   * Scales all gradients so that their norm is at most {@code maxNorm} (Pascanu et al. 2013).
   *
   * @return the norm before
   */
  public double clip(double maxNorm) {
    double norm = norm();
    if (norm > maxNorm) {
      Affine shrink = Affine.scale(maxNorm / norm);
      for (Map.Entry<Parameter, Tensor> entry : sums.entrySet()) {
        Tensor old = entry.getValue();
        entry.setValue(
            Recorder.paused(() -> Scope.run(() -> shrink.apply(old).tag(Tag.GRADIENT).unscoped())));
        old.close();
      }
    }
    return norm;
  }

  /** Forgets and frees all sums. */
  public void clear() {
    sums.values().forEach(Tensor::close);
    sums.clear();
  }

  @Override
  public void close() {
    clear();
  }
}
