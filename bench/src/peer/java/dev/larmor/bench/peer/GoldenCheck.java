package dev.larmor.bench.peer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Shows that the peer does the work it is timed for: the output, the loss and every gradient of a
 * small FI-VarNet against those of the original, for every choice of recomputation.
 */
public final class GoldenCheck {
  private static final double OUTPUT_TOLERANCE = 1e-4;
  private static final double LOSS_TOLERANCE = 1e-4;

  /**
   * Of a tensor's norm. Where the input of a leaky ReLU is within rounding of zero, its slope is a
   * matter of the order of summation; one such pixel changes the gradients before it by up to a
   * percent in a model this small (libtorch differs that much from itself at one and at two
   * threads, and in double).
   */
  private static final double GRADIENT_TOLERANCE = 2e-2;

  /** Of the norm of all gradients, for tensors whose true gradient is zero. */
  private static final double GRADIENT_FLOOR = 1e-6;

  private GoldenCheck() {}

  /**
   * Compares with a golden file of a model without attention and with the Sobel criterion.
   *
   * @throws AssertionError where a tolerance is exceeded
   */
  public static void run(Path path) throws IOException {
    GoldenFile golden = new GoldenFile(path);
    FiVarNet.Config config =
        new FiVarNet.Config(
            golden.metadata("num_feature_cascades"),
            golden.metadata("num_image_cascades"),
            golden.metadata("chans"),
            golden.metadata("sens_chans"),
            golden.metadata("pools"),
            golden.metadata("sens_pools"),
            ScalarType.Float);
    try (Frame _ = new Frame();
        FiVarNet model = new FiVarNet(config);
        FiVarNet.Slice slice = slice(golden, 0);
        SobelLoss criterion = criterion(golden, 0)) {
      load(model, golden);
      float[] output = floats(FiVarNetPeer.reconstruct(model, slice));
      report("output", relativeDistance(output, golden.floats("output")), OUTPUT_TOLERANCE);
      for (Recompute recompute : Recompute.values()) {
        model.weights().byName().values().forEach(GoldenCheck::clearGradient);
        double loss = FiVarNetPeer.gradients(model, slice, criterion, recompute);
        double expected = golden.floats("loss/sobel")[0];
        report("loss, recompute " + recompute, Math.abs(loss / expected - 1), LOSS_TOLERANCE);
        report(
            "gradients, recompute " + recompute, worstGradient(model, golden), GRADIENT_TOLERANCE);
      }
      trainingRun(model, slice, golden);
    }
  }

  /**
   * Eight iterations, cycling through the slices, AdamW's step after each second one. Only
   * reported: from the second step on no two orders of summation agree.
   */
  private static void trainingRun(FiVarNet model, FiVarNet.Slice first, GoldenFile golden) {
    load(model, golden);
    model.weights().byName().values().forEach(GoldenCheck::clearGradient);
    double[] expected = golden.doubles("train/loss");
    int slices = Math.toIntExact(golden.shape("kspace")[0]);
    try (AdamWOptions options = new AdamWOptions(3e-4)) {
      options.betas().put(0, 0.2).put(1, 0.999);
      options.weight_decay().put(1e-6);
      try (TensorVector parameters = model.weights().vector();
          AdamW optimiser = new AdamW(parameters, options)) {
        for (int i = 0; i < expected.length; i++) {
          try (Frame _ = new Frame();
              FiVarNet.Slice slice = slice(golden, i % slices);
              SobelLoss criterion = criterion(golden, i % slices)) {
            double loss = FiVarNetPeer.gradients(model, slice, criterion, Recompute.NOTHING);
            System.out.printf("train/loss %d %25.2e%n", i, Math.abs(loss / expected[i] - 1));
          }
          if (i % 2 == 1) {
            try (Frame _ = new Frame();
                AutoGradMode _ = new AutoGradMode(false)) {
              model.weights().byName().values().forEach(w -> w.grad().mul_(new Scalar(0.5)));
              optimiser.step();
            }
            model.weights().byName().values().forEach(GoldenCheck::clearGradient);
          }
        }
      }
    }
    try (Frame _ = new Frame()) {
      float[] output = floats(FiVarNetPeer.reconstruct(model, first));
      System.out.printf(
          "train/output %23.2e%n", relativeDistance(output, golden.floats("train/output")));
    }
  }

  private static FiVarNet.Slice slice(GoldenFile golden, int index) {
    return FiVarNet.Slice.of(
        torch.view_as_complex(tensor(golden, "kspace").narrow(0, index, 1).squeeze(0)),
        golden.flags("mask"));
  }

  private static SobelLoss criterion(GoldenFile golden, int index) {
    return new SobelLoss(
        tensor(golden, "target").narrow(0, index, 1),
        AnatomicalMask.BRAIN,
        golden.floats("max")[index]);
  }

  private static void load(FiVarNet model, GoldenFile golden) {
    try (Frame _ = new Frame();
        AutoGradMode _ = new AutoGradMode(false)) {
      for (Map.Entry<String, Tensor> e : model.weights().byName().entrySet()) {
        String name = "w/" + e.getKey();
        if (!Arrays.equals(golden.shape(name), e.getValue().shape())) {
          throw new AssertionError(
              name
                  + Arrays.toString(golden.shape(name))
                  + " does not fit "
                  + Arrays.toString(e.getValue().shape()));
        }
        e.getValue().copy_(tensor(golden, name));
      }
    }
  }

  /** The largest relative distance of a gradient tensor. */
  private static double worstGradient(FiVarNet model, GoldenFile golden) {
    Map<String, Tensor> weights = model.weights().byName();
    if (!weights.keySet().equals(golden.names("g/"))) {
      throw new AssertionError("the golden file has gradients of other parameters");
    }
    double squares = 0;
    for (String name : weights.keySet()) {
      squares += Math.pow(norm(golden.floats("g/" + name)), 2);
    }
    double floor = GRADIENT_FLOOR * Math.sqrt(squares);
    double worst = 0;
    for (Map.Entry<String, Tensor> e : weights.entrySet()) {
      float[] expected = golden.floats("g/" + e.getKey());
      float[] difference;
      try (Frame _ = new Frame()) {
        difference = floats(e.getValue().grad());
      }
      for (int i = 0; i < expected.length; i++) {
        difference[i] -= expected[i];
      }
      double distance = norm(difference);
      if (distance > floor) {
        worst = Math.max(worst, distance / norm(expected));
      }
    }
    return worst;
  }

  private static void clearGradient(Tensor weight) {
    try (Frame _ = new Frame()) {
      weight.mutable_grad().reset();
    }
  }

  private static void report(String what, double error, double tolerance) {
    System.out.printf("%-32s %.2e of %.0e%n", what, error, tolerance);
    if (!(error <= tolerance)) {
      throw new AssertionError(what + ": " + error + " exceeds " + tolerance);
    }
  }

  private static double relativeDistance(float[] actual, float[] expected) {
    float[] difference = new float[expected.length];
    for (int i = 0; i < expected.length; i++) {
      difference[i] = actual[i] - expected[i];
    }
    return norm(difference) / norm(expected);
  }

  private static double norm(float[] values) {
    double squares = 0;
    for (float v : values) {
      squares += (double) v * v;
    }
    return Math.sqrt(squares);
  }

  private static Tensor tensor(GoldenFile golden, String name) {
    return Tensor.create(golden.floats(name), golden.shape(name));
  }

  private static float[] floats(Tensor t) {
    float[] values = new float[Math.toIntExact(t.numel())];
    new FloatPointer(t.contiguous().data_ptr()).get(values);
    return values;
  }
}
