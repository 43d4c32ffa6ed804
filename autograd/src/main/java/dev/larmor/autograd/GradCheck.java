package dev.larmor.autograd;

import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;
import java.util.function.Function;

/**
 * Compares a tape's gradients with central finite differences. Meant for the {@code ref} device,
 * which computes in double; then agreement to 1e-6 is usual.
 */
public final class GradCheck {
  private GradCheck() {}

  /** An input: its spec and values, (re, im) pairs for complex. */
  public record Input(TensorSpec spec, double[] values) {}

  /**
   * The largest difference over all elements of all inputs, relative to the largest gradient of
   * that input (at least 1e-3).
   *
   * @param loss from the inputs to a real scalar
   * @param step the finite difference's step, 1e-5 for values about 1
   */
  public static double worst(
      Device device, List<Input> inputs, Function<Tensor[], Tensor> loss, double step) {
    double[][] analytic = new double[inputs.size()][];
    Scope.run(() -> {
      Tensor[] tensors = tensors(device, inputs);
      try (Tape tape = new Tape(List.of(), Recompute.NEVER)) {
        for (int i = 0; i < tensors.length; i++) {
          int index = i;
          tape.watch(tensors[i], g -> analytic[index] = g.toDoubles());
        }
        tape.backward(tape.record(() -> loss.apply(tensors)), 1, (parameter, gradient) -> {});
      }
    });
    double worst = 0;
    for (int i = 0; i < inputs.size(); i++) {
      double scale = 1e-3;
      for (double g : analytic[i]) {
        scale = Math.max(scale, Math.abs(g));
      }
      double[] values = inputs.get(i).values();
      for (int j = 0; j < values.length; j++) {
        double saved = values[j];
        values[j] = saved + step;
        double above = value(device, inputs, loss);
        values[j] = saved - step;
        double below = value(device, inputs, loss);
        values[j] = saved;
        worst = Math.max(worst, Math.abs((above - below) / (2 * step) - analytic[i][j]) / scale);
      }
    }
    return worst;
  }

  private static double value(Device device, List<Input> inputs, Function<Tensor[], Tensor> loss) {
    return Scope.run(() -> loss.apply(tensors(device, inputs)).item());
  }

  private static Tensor[] tensors(Device device, List<Input> inputs) {
    Tensor[] tensors = new Tensor[inputs.size()];
    for (int i = 0; i < tensors.length; i++) {
      tensors[i] = device.fromDoubles(inputs.get(i).spec(), inputs.get(i).values());
    }
    return tensors;
  }
}
