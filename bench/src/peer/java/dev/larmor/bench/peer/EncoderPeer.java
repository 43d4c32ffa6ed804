package dev.larmor.bench.peer;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * SimCLR's pre-training step on libtorch: the residual encoder of nnU-Net (ResEnc-L), the means of
 * all stages, the projection head, NT-Xent, backward, clipping to 0.1, Adam. Both views go through
 * the network one after the other, as in the original. Activations are kept; the leaky ReLUs run in
 * place, which libtorch's reverse rules allow.
 */
public final class EncoderPeer implements Peer {
  private static final double EPS = 1e-5;
  private static final double SLOPE = 0.01;
  private static final double TEMPERATURE = 0.5;
  private static final double CLIP = 0.1;
  private static final double LEARNING_RATE = 3e-4;

  /** What the network looks like: features and blocks of each stage, width of the head. */
  record Shape(List<Integer> features, List<Integer> blocks, int head) {
    static final Shape RES_ENC_L =
        new Shape(List.of(32, 64, 128, 256, 320, 320), List.of(1, 3, 4, 6, 6, 6), 256);
  }

  /** A convolution with instance norm and, if asked for, leaky ReLU. */
  private record Unit(
      Tensor weight, Tensor bias, Tensor scale, Tensor shift, int stride, boolean activated) {
    Tensor apply(Tensor x) {
      long pad = weight.size(2) / 2;
      try (Frame f = new Frame()) {
        Tensor y =
            torch.conv3d(
                x,
                Layers.cast(weight, x.scalar_type()),
                bias == null
                    ? new TensorOptional()
                    : new TensorOptional(Layers.cast(bias, x.scalar_type())),
                new long[] {stride, stride, stride},
                new long[] {pad, pad, pad},
                new long[] {1, 1, 1},
                1);
        TensorOptional none = new TensorOptional();
        y =
            torch.instance_norm(
                y,
                new TensorOptional(Layers.cast(scale, x.scalar_type())),
                new TensorOptional(Layers.cast(shift, x.scalar_type())),
                none,
                none,
                true,
                0.1,
                EPS,
                false);
        if (activated) {
          torch.leaky_relu_(y, new Scalar(SLOPE));
        }
        return f.keep(y);
      }
    }
  }

  /** A residual block; {@code projection} may be null. */
  private record Block(Unit first, Unit second, Unit projection) {
    Tensor apply(Tensor x) {
      try (Frame f = new Frame()) {
        Tensor main = second.apply(first.apply(x));
        Tensor skip = x;
        if (first.stride > 1) {
          long[] two = {2, 2, 2};
          skip = torch.avg_pool3d(x, two, two, new long[] {0, 0, 0}, false, true, new LongOptional());
        }
        if (projection != null) {
          skip = projection.apply(skip);
        }
        main.add_(skip, new Scalar(1.0));
        torch.leaky_relu_(main, new Scalar(SLOPE));
        return f.keep(main);
      }
    }
  }

  private final Weights weights = new Weights();
  private final Unit stem;
  private final List<List<Block>> stages = new ArrayList<>();
  private final Tensor hidden;
  private final Tensor hiddenBias;
  private final Tensor embedding;
  private final Tensor embeddingBias;
  private final String name;
  private final int threads;
  private final ScalarType type;
  private final Tensor first;
  private final Tensor second;
  private final TensorVector parameters;
  private final Adam optimiser;
  private double lastLoss = Double.NaN;

  /**
   * The published network on random views.
   *
   * @param batch images
   * @param edge of the views
   */
  public EncoderPeer(int batch, int edge, int threads, String precision) {
    this(Shape.RES_ENC_L, new long[] {batch, 1, edge, edge, edge}, threads, precision);
  }

  EncoderPeer(Shape shape, long[] views, int threads, String precision) {
    this.threads = threads;
    this.type = FiVarNetPeer.scalarType(precision);
    this.name = "simclr " + views[0] + "x" + views[2] + " " + precision;
    torch.set_num_threads(threads);
    torch.manual_seed(2025);
    int in = shape.features.getFirst();
    stem = unit("stem", 1, in, 3, 1, true, true);
    int total = 0;
    for (int s = 0; s < shape.features.size(); s++) {
      List<Block> blocks = new ArrayList<>();
      int out = shape.features.get(s);
      total += out;
      for (int b = 0; b < shape.blocks.get(s); b++) {
        String at = s + "." + b;
        int stride = s > 0 && b == 0 ? 2 : 1;
        Unit one = unit(at + ".1", in, out, 3, stride, true, true);
        Unit two = unit(at + ".2", out, out, 3, 1, true, false);
        blocks.add(
            new Block(
                one, two, in == out ? null : unit(at + ".skip", in, out, 1, 1, false, false)));
        in = out;
      }
      stages.add(blocks);
    }
    hidden = weights.uniform("hidden", total, shape.head, total);
    hiddenBias = weights.uniform("hidden.bias", total, shape.head);
    embedding = weights.uniform("embedding", shape.head, shape.head, shape.head);
    embeddingBias = weights.uniform("embedding.bias", shape.head, shape.head);
    try (Frame _ = new Frame()) {
      first = Frame.own(torch.randn(views));
      second = Frame.own(torch.randn(views));
    }
    parameters = weights.vector();
    optimiser = new Adam(parameters, new AdamOptions(LEARNING_RATE));
  }

  private Unit unit(
      String name, int in, int out, int kernel, int stride, boolean bias, boolean activated) {
    long fan = (long) in * kernel * kernel * kernel;
    return new Unit(
        weights.uniform(name + ".weight", fan, out, in, kernel, kernel, kernel),
        bias ? weights.uniform(name + ".bias", fan, out) : null,
        weights.constant(name + ".scale", 1, out),
        weights.constant(name + ".shift", 0, out),
        stride,
        activated);
  }

  @Override
  public String name() {
    return name;
  }

  /** The loss of the last step; NaN before one. */
  public double lastLoss() {
    return lastLoss;
  }

  /** The parameters in the order of the original's. */
  Weights weights() {
    return weights;
  }

  private Tensor embeddings(Tensor views) {
    try (Frame f = new Frame()) {
      Tensor x = stem.apply(Layers.cast(views, type));
      TensorVector means = new TensorVector();
      for (List<Block> stage : stages) {
        for (Block block : stage) {
          x = block.apply(x);
        }
        means.push_back(Layers.cast(x.mean(2, 3, 4), ScalarType.Float));
      }
      Tensor features = torch.cat(means, 1);
      Tensor h = torch.linear(features, hidden, new TensorOptional(hiddenBias));
      TensorOptional none = new TensorOptional();
      h = torch.layer_norm(h, new long[] {h.size(1)}, none, none, EPS, false);
      return f.keep(torch.linear(h.relu(), embedding, new TensorOptional(embeddingBias)));
    }
  }

  /** The loss of both views, a tensor of the caller's frame. */
  Tensor loss(Tensor one, Tensor two) {
    try (Frame f = new Frame()) {
      Tensor z1 = embeddings(one);
      Tensor z2 = embeddings(two);
      Tensor u = torch.cat(new TensorVector(z2, z1), 0);
      Tensor norms = u.square().sum(1).add(new Scalar(1e-24)).rsqrt().unsqueeze(1);
      u = u.mul(norms);
      long rows = u.size(0);
      Tensor own = torch.eye(rows).mul(new Scalar(1e9));
      Tensor logits = u.matmul(u.t()).div(new Scalar(TEMPERATURE)).sub(own);
      Tensor partners = torch.roll(torch.arange(new Scalar(rows)), rows / 2).to(ScalarType.Long);
      return f.keep(
          torch.cross_entropy_loss(
              logits, partners, new TensorOptional(), 1, -100, 0));
    }
  }

  @Override
  public double step() {
    torch.set_num_threads(threads);
    long start = System.nanoTime();
    optimiser.zero_grad();
    try (Frame _ = new Frame()) {
      Tensor loss = loss(first, second);
      lastLoss = loss.item_double();
      loss.backward();
    }
    try (Frame _ = new Frame()) {
      torch.clip_grad_norm_(parameters, CLIP, 2, false);
      optimiser.step();
    }
    return (System.nanoTime() - start) * 1e-9;
  }

  /**
   * Compares the loss of a small network with the reference's: golden/simclr/mini_forward.json,
   * whose weights and views are made by its formula.
   */
  static void check() {
    Shape mini = new Shape(List.of(4, 8, 16, 32, 40, 40), List.of(1, 2, 1, 1, 1, 1), 32);
    try (EncoderPeer peer = new EncoderPeer(mini, new long[] {3, 1, 8, 8, 8}, 2, "fp32");
        Frame _ = new Frame()) {
      int number = 0;
      for (Map.Entry<String, Tensor> entry : peer.weights.byName().entrySet()) {
        Tensor value = entry.getValue();
        double scale =
            value.dim() > 1 ? Math.sqrt(3.0 * value.size(0) / value.numel()) : 0.1;
        double centre = entry.getKey().endsWith(".scale") ? 1 : 0;
        float[] filled = golden(number++, value.numel());
        for (int i = 0; i < filled.length; i++) {
          filled[i] = (float) (centre + scale * filled[i]);
        }
        try (NoGradGuard _ = new NoGradGuard()) {
          value.copy_(Tensor.create(filled, value.shape()));
        }
      }
      double loss = peer.loss(enlarged(1000), enlarged(1001)).item_double();
      double expected = 1.609369113437368;
      System.out.printf(
          Locale.ROOT, "loss %.9f, the reference's %.9f%n", loss, expected);
      if (!(Math.abs(loss - expected) < 1e-4 * expected)) {
        throw new IllegalStateException("the losses differ");
      }
    }
  }

  /** The reference's views: cubes enlarged by trilinear interpolation, times 2. */
  private static Tensor enlarged(int number) {
    Tensor cubes = Tensor.create(golden(number, 3 * 512), 3, 1, 8, 8, 8);
    return torch.upsample_trilinear3d(cubes, new long[] {64, 64, 64}, false).mul(new Scalar(2));
  }

  /** The reference's portable random numbers in (−1, 1). */
  private static float[] golden(long tensor, long count) {
    float[] values = new float[Math.toIntExact(count)];
    for (int k = 0; k < count; k++) {
      long z = k + (tensor << 32) + 0x9E3779B97F4A7C15L;
      z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
      z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
      z ^= z >>> 31;
      values[k] = (float) (2 * ((z >>> 11) * 0x1p-53) - 1);
    }
    return values;
  }

  @Override
  public void close() {
    optimiser.close();
    parameters.close();
    first.close();
    second.close();
    weights.close();
  }
}
