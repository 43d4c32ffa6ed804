package dev.larmor.autograd;

import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Recorder;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.AdamStep;
import dev.larmor.engine.op.Fill;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adam (Kingma and Ba 2015), and AdamW with decoupled weight decay (Loshchilov and Hutter 2019).
 * Frozen parameters have no state.
 */
public final class Adam implements Optimizer {
  /**
   * The settings that stay the same over a run; the learning rate comes with each step.
   *
   * @param decoupled true for AdamW: decay multiplies the parameter by 1 − rate·decay; false adds
   *     decay·p to the gradient
   */
  public record Config(
      double beta1, double beta2, double eps, double weightDecay, boolean decoupled)
      implements Optimizer.Config {
    public Config {
      if (!(beta1 >= 0 && beta1 < 1) || !(beta2 >= 0 && beta2 < 1)) {
        throw new IllegalArgumentException("betas must be in [0, 1), not " + beta1 + ", " + beta2);
      }
      if (!(eps > 0) || !(weightDecay >= 0)) {
        throw new IllegalArgumentException(
            "eps must be positive and the weight decay not negative, not "
                + eps
                + ", "
                + weightDecay);
      }
    }

    @Override
    public Adam over(List<Parameter> parameters) {
      return new Adam(parameters, this);
    }

    /** Plain Adam. */
    public static Config adam(double beta1, double beta2) {
      return new Config(beta1, beta2, 1e-8, 0, false);
    }

    /** AdamW with decoupled decay. */
    public static Config adamW(double beta1, double beta2, double weightDecay) {
      return new Config(beta1, beta2, 1e-8, weightDecay, true);
    }
  }

  private record Moments(Tensor first, Tensor second) {}

  private final Config config;
  private final Map<Parameter, Moments> state = new LinkedHashMap<>();
  private long steps;

  /** Makes the moments, zero, beside the parameters. */
  public Adam(List<Parameter> parameters, Config config) {
    this.config = config;
    for (Parameter parameter : parameters) {
      if (!parameter.frozen()) {
        state.put(parameter, new Moments(zeros(parameter), zeros(parameter)));
      }
    }
  }

  private static Tensor zeros(Parameter parameter) {
    return Scope.runAt(
        parameter.name(),
        () ->
            new Fill(parameter.spec(), 0)
                .on(parameter.value().device())
                .tag(Tag.OPTIMIZER)
                .unscoped());
  }

  @Override
  public long steps() {
    return steps;
  }

  @Override
  public void steps(long taken) {
    steps = taken;
  }

  /** {@inheritDoc} For each parameter {@code <parameter>.m} and {@code <parameter>.v}. */
  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> named = new LinkedHashMap<>();
    state.forEach((parameter, moments) -> {
      named.put(parameter.name() + ".m", moments.first);
      named.put(parameter.name() + ".v", moments.second);
    });
    return named;
  }

  @Override
  public void step(Gradients gradients, double rate) {
    state.keySet().forEach(gradients::require);
    steps++;
    AdamStep op =
        new AdamStep(
            rate,
            config.beta1,
            config.beta2,
            config.eps,
            config.weightDecay,
            config.decoupled,
            steps);
    List<Tensor> inputs = new ArrayList<>();
    state.forEach((parameter, moments) -> {
      inputs.add(parameter.value());
      inputs.add(gradients.of(parameter));
      inputs.add(moments.first);
      inputs.add(moments.second);
    });
    if (!inputs.isEmpty()) {
      Recorder.paused(() -> op.applyAll(inputs.toArray(Tensor[]::new)));
    }
  }

  @Override
  public void close() {
    state
        .values()
        .forEach(moments -> {
          moments.first.close();
          moments.second.close();
        });
    state.clear();
  }
}
