package dev.larmor.bench.peer;

import java.util.Arrays;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The published FI-VarNet on one slice: a training step (forward, SobelLoss, backward, AdamW) or a
 * reconstruction. The slice and the initial weights are random, the same for the same seed.
 */
public final class FiVarNetPeer implements Peer {
  private static final int ACCELERATION = 4;
  private static final double CENTRE_FRACTION = 0.08;
  private static final double LEARNING_RATE = 3e-4;

  /** What a step is. */
  public enum Mode {
    /** A training step that keeps every activation. */
    TRAIN,
    /** A training step that recomputes every cascade, as the original does. */
    RECOMPUTE,
    /** A training step that recomputes the sensitivity model too. */
    RECOMPUTE_ALL,
    /** The forward pass, nothing kept. */
    RECONSTRUCT;

    Recompute recompute() {
      return switch (this) {
        case TRAIN, RECONSTRUCT -> Recompute.NOTHING;
        case RECOMPUTE -> Recompute.CASCADES;
        case RECOMPUTE_ALL -> Recompute.EVERYTHING;
      };
    }
  }

  private final Mode mode;
  private final int threads;
  private final String name;
  private final FiVarNet model;
  private final FiVarNet.Slice slice;
  private final SobelLoss criterion;
  private final TensorVector parameters;
  private final AdamW optimiser;
  private double lastLoss = Double.NaN;

  /**
   * @param threads libtorch's threads within an operation
   * @param precision {@code fp32}, or {@code bf16} for the U-Nets' activations (master weights F32)
   */
  public FiVarNetPeer(
      Mode mode, int coils, int height, int width, int threads, String precision, long seed) {
    this.mode = mode;
    this.threads = threads;
    this.name = "fivarnet " + mode + " " + coils + "x" + height + "x" + width + " " + precision;
    torch.set_num_threads(threads);
    torch.manual_seed(seed);
    this.model = new FiVarNet(FiVarNet.Config.published(scalarType(precision)));
    try (Frame _ = new Frame()) {
      // White noise in k-space at the scale of real data: the work does not depend on the values.
      Tensor kspace =
          torch.view_as_complex(torch.randn(coils, height, width, 2)).mul(new Scalar(1e-5));
      this.slice = FiVarNet.Slice.of(kspace, equispaced(width));
      Tensor target = torch.rand(1, 384, 384).mul(new Scalar(1e-4));
      this.criterion = new SobelLoss(target, AnatomicalMask.KNEE, 1e-4);
    }
    if (mode == Mode.RECONSTRUCT) {
      this.parameters = null;
      this.optimiser = null;
    } else {
      this.parameters = model.weights().vector();
      AdamWOptions options = new AdamWOptions(LEARNING_RATE);
      options.betas().put(0, 0.2).put(1, 0.999);
      options.weight_decay().put(1e-6);
      this.optimiser = new AdamW(parameters, options);
      options.close();
    }
  }

  static ScalarType scalarType(String precision) {
    return switch (precision) {
      case "fp32" -> ScalarType.Float;
      case "bf16" -> ScalarType.BFloat16;
      default ->
          throw new IllegalArgumentException("precision " + precision + " is not fp32 or bf16");
    };
  }

  /** The equispaced mask with offset 0. */
  private static boolean[] equispaced(int width) {
    int low = (int) Math.round(width * CENTRE_FRACTION);
    int pad = (width - low) / 2;
    boolean[] mask = new boolean[width];
    Arrays.fill(mask, pad, pad + low, true);
    for (int i = 0; i < width - low; i += ACCELERATION) {
      mask[i < pad ? i : i + low] = true;
    }
    return mask;
  }

  @Override
  public String name() {
    return name;
  }

  /** Number of parameters of the model. */
  public long parameterCount() {
    return model.parameterCount();
  }

  /** The loss of the last training step; NaN before one. */
  public double lastLoss() {
    return lastLoss;
  }

  @Override
  public double step() {
    torch.set_num_threads(threads);
    long start = System.nanoTime();
    if (mode == Mode.RECONSTRUCT) {
      try (Frame _ = new Frame()) {
        new StagedRun().infer(model.stages(slice));
      }
    } else {
      optimiser.zero_grad();
      try (Frame _ = new Frame()) {
        lastLoss = gradients(model, slice, criterion, mode.recompute());
      }
      try (Frame _ = new Frame()) {
        optimiser.step();
      }
    }
    return (System.nanoTime() - start) * 1e-9;
  }

  /**
   * Runs a slice forward and backward; returns the loss and leaves the gradients in the parameters.
   */
  static double gradients(
      FiVarNet model, FiVarNet.Slice slice, SobelLoss criterion, Recompute recompute) {
    StagedRun run = new StagedRun();
    run.forward(model.stages(slice), recompute);
    Tensor gradient;
    double value;
    try (Frame f = new Frame()) {
      Tensor image = run.value(Slot.X).detach();
      image.set_requires_grad(true);
      Tensor loss = criterion.of(image);
      loss.backward();
      value = loss.item_double();
      gradient = f.keep(new Tensor(image.grad()));
    }
    run.backward(gradient);
    return value;
  }

  /** Runs a slice forward; returns the image, F32 {@code [1, 384, 384]}, of the caller's frame. */
  static Tensor reconstruct(FiVarNet model, FiVarNet.Slice slice) {
    StagedRun run = new StagedRun();
    run.infer(model.stages(slice));
    return run.value(Slot.X);
  }

  @Override
  public void close() {
    if (optimiser != null) {
      optimiser.close();
      parameters.close();
    }
    criterion.close();
    slice.close();
    model.close();
  }
}
