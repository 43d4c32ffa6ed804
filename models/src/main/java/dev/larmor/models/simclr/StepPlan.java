package dev.larmor.models.simclr;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Recompute;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.training.DryRun;
import java.util.Map;
import java.util.Optional;

/**
 * What a {@link ContrastiveStep} and the optimiser's step cost, found by running them on a {@code
 * meta} device, which books bytes and computes nothing.
 *
 * @param device a {@code meta} device: {@code meta:cpu}, {@code meta:gtx1080}, …
 * @param threads worker threads of the CPU backend it stands for; scratch memory grows with them
 * @param side of the views
 * @param batch pairs of views in a step
 */
public record StepPlan(String device, int threads, SimClr.Config network, int side, int batch) {
  /** Checks that the network takes such views. */
  public StepPlan {
    if (batch < 1) {
      throw new IllegalArgumentException("a step has at least 1 pair of views, not " + batch);
    }
    network.checkViews(side);
  }

  /**
   * A way to take the step.
   *
   * @param chunk see {@link ContrastiveStep}
   */
  public record Choice(int chunk, Recompute recompute, DryRun.Report report) {}

  /** The step in chunks of some size. */
  public Choice choice(int chunk, Recompute recompute) {
    return new Choice(chunk, recompute, report(batch, chunk, recompute));
  }

  /**
   * The largest chunk that fits.
   *
   * @return empty if not even one image does
   */
  public Optional<Choice> largest(Recompute recompute, long budgetBytes) {
    // A batch in one chunk has both views in memory at once, so it is not the next larger chunk.
    int chunk = fits(batch, recompute, budgetBytes) ? batch : 0;
    int tooLarge = batch;
    while (chunk < batch && tooLarge - chunk > 1) {
      int middle = (chunk + tooLarge) >>> 1;
      if (fits(middle, recompute, budgetBytes)) {
        chunk = middle;
      } else {
        tooLarge = middle;
      }
    }
    // The search left the rest of the batch out, which holds next to nothing.
    for (; chunk > 0; chunk--) {
      Choice choice = choice(chunk, recompute);
      if (choice.report.peak().live() <= budgetBytes) {
        return Optional.of(choice);
      }
    }
    return Optional.empty();
  }

  /** From the second chunk on, gradients are held beside activations; more change nothing. */
  private boolean fits(int chunk, Recompute recompute, long budgetBytes) {
    return report(Math.min(batch, chunk + 1), chunk, recompute).peak().live() <= budgetBytes;
  }

  private DryRun.Report report(int pairs, int chunk, Recompute recompute) {
    DeviceConfig config =
        DeviceConfig.DEFAULT.withThreads(threads).withPrecision(network.encoder().precision());
    return DryRun.measured(
        device,
        config,
        opened -> {
          run(opened, pairs, chunk, recompute);
          return Map.of();
        });
  }

  private void run(Device opened, int pairs, int chunk, Recompute recompute) {
    try (SimClr model = new SimClr(network)) {
      model.place(opened, Philox.of(0, "init"));
      try (Adam adam = new Adam(model.parameters(), Adam.Config.adam(0.9, 0.999));
          Gradients gradients = new Gradients()) {
        new ContrastiveStep(model, NtXent.DEFAULT, recompute, chunk, 1)
            .run(new Blank(opened, side, pairs), gradients, loss -> "not read");
        adam.step(gradients, 0);
      }
    }
  }

  /** Views without contents. */
  private record Blank(Device device, int side, int pairs) implements ContrastiveStep.Views {
    @Override
    public int[] groups() {
      return new int[pairs];
    }

    @Override
    public Tensor upload(int view, int first, int count) {
      return device.empty(TensorSpec.of(DType.F32, count, 1, side, side, side), Tag.TEMPORARY);
    }
  }
}
