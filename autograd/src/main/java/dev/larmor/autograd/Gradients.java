package dev.larmor.autograd;

import dev.larmor.engine.Collective;
import dev.larmor.engine.Device;
import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Recorder;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.Axpy;
import dev.larmor.engine.op.Cast;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Dot;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.Reshape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sums the gradients of one or more backward passes, for an optimiser that steps afterwards.
 *
 * <p>Among several ranks the sum is over all ranks' passes: {@link #exchange}. It begins as soon as
 * the step's {@linkplain #lastPass last pass} finishes gradients.
 */
public final class Gradients implements GradSink, AutoCloseable {
  private final Map<Parameter, Tensor> sums = new LinkedHashMap<>();
  private final GradientExchange exchange; // null for one process alone
  private boolean last;

  /** The gradients of one process alone. */
  public Gradients() {
    this(List.of(), Collective.single());
  }

  /**
   * Gradients that ranks sum up.
   *
   * @param parameters of the model, in its order, on each rank
   */
  public Gradients(List<Parameter> parameters, Collective ranks) {
    exchange = ranks.size() == 1 ? null : new GradientExchange(parameters, ranks);
  }

  @Override
  public void lastPass() {
    last = true;
  }

  @Override
  public void complete(Parameter parameter, Tensor gradient) {
    add(parameter, gradient);
    if (last && exchange != null) {
      exchange.complete(parameter, sums::get);
    }
  }

  /**
   * Waits until these are the sums over all ranks. A rank without a pass in this step takes part
   * with zeros.
   *
   * @throws IllegalStateException if passes left out a parameter that is not frozen
   */
  public void exchange() {
    if (exchange == null) {
      return;
    }
    boolean none = sums.isEmpty();
    for (Parameter parameter : exchange.parameters()) {
      if (none) {
        hold(parameter, zeros(parameter));
      }
      require(parameter);
    }
    exchange.finish(sums::get);
    last = false;
  }

  private static Tensor zeros(Parameter parameter) {
    Fill zeros = new Fill(parameter.spec(), 0);
    Device device = parameter.value().device();
    return Recorder.paused(() -> Scope.run(() -> device.run(zeros)[0].unscoped()));
  }

  private void add(Parameter parameter, Tensor gradient) {
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

  /** Says which parameter has no gradient, before an optimiser changes others. */
  void require(Parameter parameter) {
    if (of(parameter) == null) {
      throw new IllegalStateException(
          "no gradient for " + parameter.name() + ": freeze it if it is not to be trained");
    }
  }

  /** The Euclidean norm of all gradients together; not finite if one of them is not. */
  public double norm() {
    if (sums.isEmpty()) {
      return 0;
    }
    return Recorder.paused(() ->
        Scope.run(() -> {
          // Together, so that the device is waited for once.
          Tensor[] squares =
              sums.values().stream()
                  .map(g -> new Reshape(Shape.of(1)).apply(new Dot().apply(g, g)))
                  .toArray(Tensor[]::new);
          double sum = 0;
          for (double square : new Concat(0).apply(squares).toDoubles()) {
            sum += square;
          }
          return Math.sqrt(sum);
        }));
  }

  /** Multiplies all gradients by {@code factor}. */
  public void scale(double factor) {
    Affine scale = Affine.scale(factor);
    for (Map.Entry<Parameter, Tensor> entry : sums.entrySet()) {
      Tensor old = entry.getValue();
      entry.setValue(
          Recorder.paused(() -> Scope.run(() -> scale.apply(old).tag(Tag.GRADIENT).unscoped())));
      old.close();
    }
  }

  /**
   * Scales all gradients so that their norm is at most {@code maxNorm} (Pascanu et al. 2013).
   *
   * @return the norm before
   */
  public double clip(double maxNorm) {
    double norm = norm();
    if (norm > maxNorm) {
      scale(maxNorm / norm);
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
