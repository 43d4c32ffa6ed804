package dev.larmor.autograd;

import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Recorder;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.SgdStep;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Stochastic gradient descent with momentum (Sutskever et al. 2013), as PyTorch defines it. Frozen
 * parameters have no state.
 */
public final class Sgd implements Optimizer {
  /**
   * The settings that stay the same over a run; the learning rate comes with each step.
   *
   * @param momentum in [0, 1): what is left of the velocity after a step
   * @param nesterov whether the step looks ahead by the momentum
   * @param weightDecay times the parameter is added to the gradient
   */
  public record Config(double momentum, boolean nesterov, double weightDecay)
      implements Optimizer.Config {
    public Config {
      if (!(momentum >= 0 && momentum < 1) || !(weightDecay >= 0)) {
        throw new IllegalArgumentException(
            "the momentum must be in [0, 1) and the weight decay not negative, not "
                + momentum
                + ", "
                + weightDecay);
      }
    }

    @Override
    public Sgd over(List<Parameter> parameters) {
      return new Sgd(parameters, this);
    }
  }

  private final Config config;
  private final Map<Parameter, Tensor> velocities = new LinkedHashMap<>();
  private long steps;

  /** Makes the velocities, zero, beside the parameters. */
  public Sgd(List<Parameter> parameters, Config config) {
    this.config = config;
    for (Parameter parameter : parameters) {
      if (!parameter.frozen()) {
        velocities.put(
            parameter,
            Scope.runAt(
                parameter.name(),
                () ->
                    new Fill(parameter.spec(), 0)
                        .on(parameter.value().device())
                        .tag(Tag.OPTIMIZER)
                        .unscoped()));
      }
    }
  }

  @Override
  public long steps() {
    return steps;
  }

  @Override
  public void steps(long taken) {
    steps = taken;
  }

  /** {@inheritDoc} For each parameter {@code <parameter>.v}. */
  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> named = new LinkedHashMap<>();
    velocities.forEach((parameter, velocity) -> named.put(parameter.name() + ".v", velocity));
    return named;
  }

  @Override
  public void step(Gradients gradients, double rate) {
    velocities.keySet().forEach(gradients::require);
    steps++;
    SgdStep op = new SgdStep(rate, config.momentum, config.weightDecay, config.nesterov);
    List<Tensor> inputs = new ArrayList<>();
    velocities.forEach((parameter, velocity) ->
        inputs.addAll(List.of(parameter.value(), gradients.of(parameter), velocity)));
    if (!inputs.isEmpty()) {
      Recorder.paused(() -> op.applyAll(inputs.toArray(Tensor[]::new)));
    }
  }

  @Override
  public void close() {
    velocities.values().forEach(Tensor::close);
    velocities.clear();
  }
}
