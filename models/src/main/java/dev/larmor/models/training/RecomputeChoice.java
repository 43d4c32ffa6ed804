package dev.larmor.models.training;

import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.RecomputePlan;
import dev.larmor.engine.BudgetExceededException;
import dev.larmor.engine.Device;
import dev.larmor.engine.Ledger;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.loss.Criterion;
import dev.larmor.models.varnet.ModelConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** Which stages are recomputed in the backward pass, by the size of a volume's slices. */
public interface RecomputeChoice extends Function<Volume, Recompute> {
  /** The same for every size. */
  static RecomputeChoice always(Recompute recompute) {
    return volume -> recompute;
  }

  /**
   * The fewest stages that make a training step fit {@code device}'s budget, found by a dry run for
   * each size.
   *
   * @throws BudgetExceededException from the choice, with the bill, if a step cannot fit
   */
  static RecomputeChoice fitting(Device device, ModelConfig network, Criterion criterion) {
    long budget = device.config().budgetBytes();
    if (budget == Long.MAX_VALUE) {
      return always(Recompute.NEVER);
    }
    DryRun dry = new DryRun(device.dryRun(), device.config().threads());
    Map<DryRun.Size, Recompute> choices = new HashMap<>();
    return volume -> {
      DryRun.Size size =
          new DryRun.Size(volume.coils(), volume.height(), volume.width(), volume.imageSize());
      return choices.computeIfAbsent(
          size,
          _ -> {
            RecomputePlan plan = dry.recomputePlan(network, criterion, size, budget);
            if (!plan.fits()) {
              throw new BudgetExceededException(
                  "a training step on %s takes %s even if every stage is recomputed, the budget is %s; %s"
                      .formatted(
                          volume.name(),
                          Ledger.readable(plan.peakBytes()),
                          Ledger.readable(budget),
                          dry.training(network, criterion, size, Recompute.ALWAYS).peak()));
            }
            return plan.policy();
          });
    };
  }
}
