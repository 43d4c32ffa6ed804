package dev.larmor.kernels.conformance;

import static dev.larmor.kernels.conformance.Arg.c64;
import static dev.larmor.kernels.conformance.Arg.f32;
import static dev.larmor.kernels.conformance.OpCase.ELEMENTWISE;
import static dev.larmor.kernels.conformance.OpCase.EXACT;
import static dev.larmor.kernels.conformance.OpCase.SUMS;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Shape;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;
import dev.larmor.engine.op.Resample.Axis;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Every op, with shapes around the boundaries of vector kernels: one element, odd sizes, one less
 * and one more than 8, 16 and 32, several samples, few and many channels.
 */
final class OpCases {
  private static final long[][] FLAT = {
    {},
    {1},
    {3},
    {7},
    {8},
    {9},
    {15},
    {16},
    {17},
    {31},
    {33},
    {5, 3},
    {2, 3, 5},
    {2, 3, 5, 7},
    {1, 17, 2, 3, 3},
    {140_003}
  };
  private static final long[][] MAPS = {
    {1, 1, 2, 4},
    {2, 3, 5, 7},
    {1, 2, 15, 17},
    {2, 17, 3, 31},
    {1, 32, 8, 9},
    {3, 1, 33, 1},
    {1, 16, 4, 4},
    {1, 15, 3, 3},
    {1, 3, 3, 5, 7},
    {2, 17, 2, 3, 4},
    {1, 32, 2, 2, 3},
    {2, 17, 95, 97}
  };
  private static final long[][] COILS = {
    {1, 1, 1},
    {3, 5, 7},
    {2, 15, 17},
    {1, 4, 16},
    {4, 31, 33},
    {15, 16, 8},
    {2, 1, 37},
    {5, 45, 62},
    {2, 190, 187}
  };
  private static final long[][] IMAGES = {
    {1, 1, 1}, {2, 7, 7}, {1, 3, 17}, {3, 15, 8}, {1, 31, 33}, {2, 16, 1}, {2, 150, 131}
  };

  private final List<OpCase> cases = new ArrayList<>();

  private OpCases() {
    elementwise();
    sums();
    channelwise();
    movement();
    views();
    convolutions();
    pooling();
    products();
    likelihoods();
    fourier();
    coils();
    images();
    List<OpCase> whole = List.copyOf(cases);
    halves(DType.BF16, whole);
    halves(DType.F16, whole);
  }

  private static final List<OpCase> ALL = List.copyOf(new OpCases().cases);

  static Stream<OpCase> all() {
    return ALL.stream();
  }

  /** The cases that a device has the dtypes for. */
  static Stream<OpCase> on(String device) {
    Set<DType> dtypes;
    try (Device probe = Device.open(device)) {
      dtypes = probe.capabilities().dtypes();
    }
    return all().filter(c -> c.dtypes().allMatch(dtypes::contains));
  }

  private void add(OpCase c) {
    cases.add(c);
  }

  private void elementwise() {
    for (long[] s : FLAT) {
      for (DType t : List.of(DType.F32, DType.C64)) {
        Arg x = Arg.of(t, s);
        add(OpCase.of(new Add(), ELEMENTWISE, x, x));
        add(OpCase.of(new Sub(), ELEMENTWISE, x, x));
        add(OpCase.of(new Mul(), ELEMENTWISE, x, x).linear(0, 1));
        add(OpCase.of(new Mul.Conj(), ELEMENTWISE, x, x));
        add(OpCase.of(new Affine(-0.7, 0.3), ELEMENTWISE, x));
        add(OpCase.of(Affine.scale(1.7), ELEMENTWISE, x).linear(0));
        add(OpCase.of(new ScaleBy(), ELEMENTWISE, x, f32()).linear(0, 1));
        add(OpCase.of(new Axpy(0.6), ELEMENTWISE, x, x));
        add(OpCase.of(new Cast(t), EXACT, x).linear(0));
        add(OpCase.of(new Fill(TensorSpec.of(t, s), 0.1), ELEMENTWISE));
      }
      Arg x = f32(s);
      add(OpCase.of(new LeakyRelu(0.2f), ELEMENTWISE, x.notZero()));
      add(OpCase.of(new LeakyRelu.Grad(0.2f), ELEMENTWISE, x, x));
      for (Unary.Function f : Unary.Function.values()) {
        Arg suited =
            switch (f) {
              case ABS -> x.notZero();
              case SQUARE, EXP -> x;
              case SQRT, RSQRT, LOG -> x.positive();
            };
        add(OpCase.of(new Unary(f), ELEMENTWISE, suited));
        add(OpCase.of(new Unary.Grad(f), ELEMENTWISE, x, suited));
      }
      add(OpCase.of(new Spread(x.spec()), SUMS, f32()).linear(0));
      add(OpCase.of(new Uniform(Philox.of(7, "u"), x.spec().shape(), -0.3f, 0.5f), ELEMENTWISE));
      for (boolean variant : new boolean[] {false, true}) {
        AdamStep step = new AdamStep(1e-2, 0.2, 0.999, 1e-8, 1e-2, variant, 3);
        add(OpCase.of(step, ELEMENTWISE, x, x, x, x.positive()));
        add(OpCase.of(new SgdStep(1e-2, 0.9, 1e-2, variant), ELEMENTWISE, x, x, x));
      }
    }
    Arg z = c64(17);
    AdamStep first = new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0, false, 1);
    add(OpCase.of(first, ELEMENTWISE, z, z, z, z.positive()));
    List<Arg> parameters = new ArrayList<>();
    List<Arg> threes = new ArrayList<>();
    for (Arg p :
        List.of(f32(17), f32(2, 3, 5, 7), f32(), c64(5, 3), f32(140_003), c64(1), f32(8))) {
      parameters.addAll(List.of(p, p, p, p.positive()));
      threes.addAll(List.of(p, p, p));
    }
    Arg[] several = parameters.toArray(Arg[]::new);
    add(OpCase.of(new AdamStep(1e-2, 0.2, 0.999, 1e-8, 1e-2, true, 3), ELEMENTWISE, several));
    add(OpCase.of(new AdamStep(1e-2, 0.2, 0.999, 1e-8, 1e-2, false, 3), ELEMENTWISE, several));
    add(OpCase.of(new SgdStep(1e-2, 0.99, 3e-5, true), ELEMENTWISE, threes.toArray(Arg[]::new)));
    for (DType t : List.of(DType.U8, DType.I32)) {
      add(OpCase.of(new Fill(TensorSpec.of(t, 33), 200), EXACT));
    }
  }

  private void sums() {
    for (long[] s : FLAT) {
      add(OpCase.of(new Sum(), SUMS, f32(s)).linear(0));
      add(OpCase.of(new Dot(), SUMS, f32(s), f32(s)).linear(0, 1));
      add(OpCase.of(new Dot(), SUMS, c64(s), c64(s)).linear(0, 1));
    }
  }

  private void channelwise() {
    for (long[] s : MAPS) {
      Arg x = f32(s);
      Arg perChannel = f32(s[0], s[1]);
      add(OpCase.of(new ChannelScale(), ELEMENTWISE, x, perChannel).linear(0, 1));
      add(OpCase.of(new ChannelAffine(), ELEMENTWISE, x, perChannel, perChannel));
      add(OpCase.of(new ChannelSum(), SUMS, x).linear(0));
      add(OpCase.of(new ChannelDot(), SUMS, x, x).linear(0, 1));
      add(OpCase.of(new ChannelDropout(0.4f, Philox.of(3, "drop")), ELEMENTWISE, x).linear(0));
      for (int correction = 0; correction < 2; correction++) {
        add(OpCase.of(new Moments(correction), SUMS, x));
        add(OpCase.of(new Moments.Grad(correction), SUMS, x, perChannel, perChannel, perChannel));
      }
      for (float slope : new float[] {0.2f, 1}) {
        add(OpCase.of(new InstanceNormAct(1e-5f, slope), SUMS, x).gradients(1));
        add(OpCase.of(new InstanceNormAct.Grad(slope), SUMS, x, x, perChannel.positive()));
        add(normAffine(slope, x).gradients(1));
        Arg channel = f32(s[1]);
        add(
            OpCase.of(
                new InstanceNormAffineAct.Grad(slope),
                SUMS,
                x,
                x,
                perChannel,
                perChannel.positive(),
                channel,
                channel));
      }
    }
    // More samples than a card works on side by side.
    Arg many = f32(1100, 4, 3, 2);
    add(OpCase.of(new ChannelSum(), SUMS, many).linear(0));
    add(OpCase.of(new Moments(1), SUMS, many));
    add(normAffine(0.2f, many).gradients(1));
    // Some gammas are zero, and the activation is a ReLU.
    for (long[] s : new long[][] {{2, 3, 5, 7}, {2, 17, 2, 3, 4}}) {
      InstanceNormAffineAct norm = new InstanceNormAffineAct(1e-5f, 0);
      Arg channel = f32(s[1]);
      add(OpCase.of(norm, SUMS, f32(s), channel.mask(), channel.notZero()).gradients(1));
    }
    // A mean far from zero, and more samples than are worked on at a time.
    for (Arg x : List.of(f32(2, 3, 15, 17).far(), f32(1, 17, 95, 97).far(), f32(3, 17, 260, 161))) {
      add(OpCase.of(new Moments(1), SUMS, x));
      add(OpCase.of(new InstanceNormAct(1e-5f, 0.2f), SUMS, x).gradients(1));
      // A mean in single precision does not tell every sign, which only the activation asks for.
      add(normAffine(0.2f, x).gradients(0));
      add(normAffine(1, x).gradients(1));
    }
    for (long[] s : new long[][] {{1, 1}, {3, 17}, {2, 5, 33}, {2, 17, 3, 5}, {1, 2, 3, 4, 5}}) {
      for (DType t : List.of(DType.F32, DType.C64)) {
        add(OpCase.of(new AddBias(), ELEMENTWISE, Arg.of(t, s), Arg.of(t, s[1])));
        add(OpCase.of(new ChannelTotal(), SUMS, Arg.of(t, s)));
      }
    }
    add(OpCase.of(new ChannelTotal(), SUMS, f32(2, 33, 65, 31)));
  }

  private static OpCase normAffine(float slope, Arg x) {
    Arg channel = f32(x.spec().shape().dim(1));
    return OpCase.of(new InstanceNormAffineAct(1e-5f, slope), SUMS, x, channel, channel);
  }

  private void movement() {
    long[][] shapes = {
      {9},
      {3, 17},
      {2, 5, 8},
      {2, 3, 5, 7},
      {1, 17, 4, 4},
      {2, 16, 3, 5},
      {1, 2, 3, 5, 4},
      {2, 9, 85, 95}
    };
    for (DType t : List.of(DType.F32, DType.C64)) {
      for (long[] s : shapes) {
        Arg x = Arg.of(t, s);
        for (int axis = 0; axis < s.length; axis++) {
          int n = (int) s[axis];
          add(OpCase.of(new Narrow(axis, n / 2, n - n / 2), EXACT, x).linear(0));
          add(OpCase.of(new Embed(axis, 2, n + 3), EXACT, x));
          Arg more = new Arg(x.spec().as(x.spec().shape().with(axis, n + 1)), x.domain());
          add(OpCase.of(new Concat(axis), EXACT, x, more, x));
        }
        add(OpCase.of(new Concat(0), EXACT, x).linear(0));
      }
      for (long[] s :
          new long[][] {
            {5, 8}, {2, 5, 8}, {2, 17, 4, 7}, {1, 16, 4, 8}, {1, 3, 3, 4, 6}, {2, 9, 85, 95}
          }) {
        Arg x = Arg.of(t, s);
        add(OpCase.of(new Crop(List.of(1, 2), List.of(3, 4)), EXACT, x).linear(0));
        add(OpCase.of(new Crop(List.of(0), List.of(1)), EXACT, x).linear(0));
        for (Pad.Mode mode : Pad.Mode.values()) {
          double tolerance = mode == Pad.Mode.ZERO ? EXACT : ELEMENTWISE;
          Pad ends = new Pad(List.of(2, 1), List.of(0, 3), mode);
          Pad right = new Pad(List.of(0, 0), List.of(1, 1), mode);
          add(OpCase.of(ends, tolerance, x).linear(0));
          add(OpCase.of(right, tolerance, x).linear(0));
        }
        Pad widest = new Pad(List.of(0, 3), List.of(2, 3), Pad.Mode.REFLECT);
        add(OpCase.of(widest, ELEMENTWISE, x).linear(0));
        add(OpCase.of(new Pad.Fold(widest, x.spec().shape()), SUMS, padded(widest, x)));
      }
      Pad all = new Pad(List.of(1, 0, 2), List.of(1, 2, 1), Pad.Mode.REFLECT);
      add(OpCase.of(all, ELEMENTWISE, Arg.of(t, 1, 2, 3, 4, 5)).linear(0));
    }
    // As many as a network has parameters: so are the squares of a norm read together.
    Arg[] scalars = new Arg[600];
    Arrays.fill(scalars, f32(1));
    add(OpCase.of(new Concat(0), EXACT, scalars));
    Crop channels = new Crop(List.of(1, 1, 0), List.of(2, 3, 4));
    add(OpCase.of(channels, EXACT, f32(2, 5, 4, 7)).linear(0));
    Pad channelsToo = new Pad(List.of(1, 0, 1), List.of(2, 1, 0), Pad.Mode.ZERO);
    add(OpCase.of(channelsToo, EXACT, f32(2, 5, 4, 7)).linear(0));
  }

  private static Arg padded(Pad pad, Arg x) {
    return new Arg(pad.infer(List.of(x.spec())).getFirst(), x.domain());
  }

  private void views() {
    for (long[] s : COILS) {
      add(OpCase.of(new ComplexToChannels(), EXACT, c64(s)).linear(0));
      add(OpCase.of(new ChannelsToComplex(), EXACT, f32(s[0], 2, s[1], s[2])).linear(0));
    }
    long[][][] reshapes = {
      {{}, {1}},
      {{15}, {3, 5}},
      {{2, 3, 5}, {5, 6}},
      {{2, 3, 5, 7}, {6, 35}},
      {{6, 35}, {2, 3, 5, 7}},
      {{2, 17, 3, 4}, {1, 34, 4, 3}},
      {{1, 2, 3, 4, 5}, {2, 12, 5}},
      {{2, 3, 4, 5}, {1, 2, 3, 4, 5}},
      {{66_000, 3, 2, 2}, {66_000, 12}},
      {{1, 3, 4, 5}, {1, 5, 6, 2}},
      {{66, 45}, {2, 33, 5, 9}},
      {{2, 40, 3, 4, 7}, {80, 84}}
    };
    for (long[][] pair : reshapes) {
      for (DType t : List.of(DType.F32, DType.C64)) {
        add(OpCase.of(new Reshape(Shape.of(pair[1])), EXACT, Arg.of(t, pair[0])).linear(0));
      }
    }
    for (DType t : List.of(DType.U8, DType.I32)) {
      // Whole numbers have no gradient.
      Reshape flat = new Reshape(Shape.of(12));
      add(OpCase.of(flat, EXACT, Arg.of(t, 1, 2, 2, 3)).gradients(0).constant(0));
    }
  }

  private void conv(Conv op, DType t, long[] x, long[] w, boolean bias) {
    if (bias) {
      add(OpCase.of(op, SUMS, Arg.of(t, x), Arg.of(t, w), Arg.of(t, w[0])));
    } else {
      add(OpCase.of(op, SUMS, Arg.of(t, x), Arg.of(t, w)).linear(0, 1));
    }
  }

  private static Conv conv2(int stride, int padding, int dilation, int groups) {
    return new Conv(
        List.of(stride, stride), List.of(padding, padding), List.of(dilation, dilation), groups);
  }

  private void convolutions() {
    for (DType t : List.of(DType.F32, DType.C64)) {
      conv(conv2(1, 0, 1, 1), t, new long[] {1, 1, 1, 1}, new long[] {1, 1, 1, 1}, false);
      conv(conv2(1, 1, 1, 1), t, new long[] {2, 2, 5, 7}, new long[] {3, 2, 3, 3}, true);
      conv(conv2(1, 2, 1, 1), t, new long[] {1, 2, 7, 9}, new long[] {17, 2, 5, 5}, true);
      conv(conv2(1, 0, 1, 1), t, new long[] {1, 17, 3, 5}, new long[] {2, 17, 1, 1}, true);
      conv(conv2(1, 1, 1, 1), t, new long[] {1, 32, 4, 6}, new long[] {16, 32, 3, 3}, false);
      conv(conv2(1, 2, 2, 1), t, new long[] {1, 3, 8, 7}, new long[] {3, 3, 3, 3}, false);
      conv(conv2(2, 1, 1, 1), t, new long[] {2, 3, 9, 8}, new long[] {4, 3, 3, 3}, false);
      conv(conv2(1, 1, 1, 2), t, new long[] {1, 4, 5, 5}, new long[] {6, 2, 3, 3}, true);
      conv(conv2(1, 1, 1, 5), t, new long[] {2, 5, 6, 5}, new long[] {5, 1, 3, 3}, false);
      conv(
          new Conv(List.of(1, 2), List.of(0, 3), List.of(2, 1), 1),
          t,
          new long[] {1, 2, 7, 10},
          new long[] {3, 2, 2, 4},
          false);
      conv(Conv.padded(3, 1), t, new long[] {1, 2, 3, 4, 5}, new long[] {3, 2, 3, 3, 3}, true);
      conv(
          new Conv(List.of(2, 1, 2), List.of(1, 0, 1), List.of(1, 1, 1), 1),
          t,
          new long[] {2, 3, 4, 3, 5},
          new long[] {2, 3, 3, 1, 3},
          false);
      conv(
          new Conv(List.of(1, 1, 1), List.of(1, 1, 1), List.of(1, 1, 1), 2),
          t,
          new long[] {1, 4, 3, 3, 4},
          new long[] {2, 2, 3, 3, 3},
          false);
      transposed(ConvTranspose.strided(2, 2), t, new long[] {2, 3, 3, 4}, new long[] {3, 2, 2, 2});
      transposed(
          ConvTranspose.strided(2, 2), t, new long[] {1, 32, 4, 3}, new long[] {32, 17, 2, 2});
      transposed(
          new ConvTranspose(List.of(2, 3), List.of(1, 0), 1),
          t,
          new long[] {1, 2, 4, 3},
          new long[] {2, 3, 3, 4});
      transposed(
          new ConvTranspose(List.of(2, 2), List.of(0, 0), 2),
          t,
          new long[] {1, 4, 3, 3},
          new long[] {4, 3, 2, 2});
      transposed(
          ConvTranspose.strided(3, 2), t, new long[] {1, 3, 2, 3, 2}, new long[] {3, 2, 2, 2, 2});
    }
    conv(Conv.padded(2, 1), DType.F32, new long[] {1, 32, 15, 31}, new long[] {33, 32, 3, 3}, true);
    conv(Conv.padded(2, 1), DType.F32, new long[] {1, 2, 64, 65}, new long[] {32, 2, 3, 3}, true);
  }

  private void transposed(ConvTranspose op, DType t, long[] x, long[] w) {
    add(OpCase.of(op, SUMS, Arg.of(t, x), Arg.of(t, w)).linear(0));
  }

  private void pooling() {
    for (long[] s : new long[][] {{1, 1, 2, 2}, {2, 3, 5, 7}, {1, 17, 4, 6}, {1, 32, 9, 8}}) {
      add(OpCase.of(new AvgPool(List.of(2, 2)), ELEMENTWISE, f32(s)).linear(0));
      add(OpCase.of(new AvgPool(List.of(1, 2)), ELEMENTWISE, f32(s)).linear(0));
    }
    add(OpCase.of(new AvgPool(List.of(3, 2)), ELEMENTWISE, f32(2, 16, 10, 5)).linear(0));
    add(OpCase.of(new AvgPool(List.of(2, 2, 2)), ELEMENTWISE, f32(2, 3, 5, 4, 3)).linear(0));
    add(OpCase.of(new AvgPool(List.of(2, 2)), ELEMENTWISE, f32(1, 33, 65, 64)).linear(0));
  }

  private void products() {
    int[][] sizes = {{1, 1, 1}, {3, 5, 7}, {8, 16, 8}, {17, 1, 33}, {15, 31, 2}, {64, 65, 33}};
    for (int[] s : sizes) {
      for (int m = 0; m < 4; m++) {
        boolean ta = (m & 1) != 0;
        boolean tb = (m & 2) != 0;
        Arg a = ta ? f32(s[1], s[0]) : f32(s[0], s[1]);
        Arg b = tb ? f32(s[2], s[1]) : f32(s[1], s[2]);
        add(OpCase.of(new MatMul(ta, tb), SUMS, a, b).linear(0, 1));
      }
    }
    for (long[] s :
        new long[][] {
          {1, 1, 1, 4}, {2, 3, 2, 8}, {1, 17, 3, 12}, {1, 32, 2, 20}, {2, 17, 40, 32}
        }) {
      Arg x = f32(s);
      add(OpCase.of(new ChunkAttention(4), SUMS, x, x, x).linear(2));
      add(OpCase.of(new ChunkAttention(1), SUMS, x, x, x).linear(2));
    }
    Arg x = f32(1, 2, 3, 24);
    add(OpCase.of(new ChunkAttention(8), SUMS, x, x, x).linear(2));
  }

  private void likelihoods() {
    List<long[]> shapes =
        new ArrayList<>(List.of(new long[][] {{1, 2}, {3, 17}, {5, 1}, {33, 240}, {4000, 5}}));
    shapes.addAll(Arrays.asList(MAPS));
    for (long[] s : shapes) {
      Arg x = f32(s);
      add(OpCase.of(new Softmax(), ELEMENTWISE * 3, x));
      add(OpCase.of(new Softmax.Grad(), SUMS, x, x));
      for (double smoothing : new double[] {0, 0.1, 1}) {
        add(OpCase.of(new CrossEntropy(smoothing), SUMS, x, Arg.labels(x.spec())).constant(1));
      }
    }
  }

  private void fourier() {
    long[][] shapes = {
      {1, 1},
      {2, 2},
      {3, 5},
      {16, 1},
      {7, 8},
      {2, 9, 11},
      {3, 12, 31},
      {1, 17, 37},
      {2, 46, 13},
      {2, 93, 64}
    };
    for (long[] s : shapes) {
      for (int m = 0; m < 4; m++) {
        add(OpCase.of(new Fft2((m & 1) != 0, (m & 2) != 0), ELEMENTWISE * 3, c64(s)).linear(0));
      }
    }
  }

  private void coils() {
    for (long[] s : COILS) {
      Arg k = c64(s);
      Arg image = c64(1, s[1], s[2]);
      Arg mask = f32(s[2]).mask();
      Arg weights = f32(s[2]).positive();
      add(OpCase.of(new SensReduce(), SUMS, k, k).linear(0));
      add(OpCase.of(new SensReduce.MapGrad(), SUMS, k, image));
      add(OpCase.of(new SensExpand(), SUMS, image, k).linear(0, 1));
      add(OpCase.of(new MaskColumns(), ELEMENTWISE, k, weights).constant(1).linear(0));
      add(OpCase.of(new MaskedResidual(), ELEMENTWISE, k, k, mask).constant(2));
      add(OpCase.of(new SoftDataConsistency(), SUMS, k, k, k, mask, f32()).constant(3));
      add(OpCase.of(new SoftDataConsistency(), SUMS, k, k, k, weights, f32()).constant(3));
      add(OpCase.of(new SoftDataConsistency.KspaceGrad(), ELEMENTWISE, k, mask, f32()));
      add(OpCase.of(new Rss(), ELEMENTWISE, k.notZero()));
      Arg magnitude = f32(1, s[1], s[2]);
      add(OpCase.of(new Rss.Grad(), ELEMENTWISE, magnitude, k, magnitude.positive()));
      add(OpCase.of(new Rss.Grad(), ELEMENTWISE, magnitude, k, magnitude.mask()));
      add(OpCase.of(new RssNormalize(), ELEMENTWISE, k.notZero()));
      add(OpCase.of(new RssNormalize.Grad(), SUMS, k, k.notZero()));
    }
    for (long[] s : COILS) {
      Arg x = c64(s);
      // Turned, stretched and moved; mirrored; by whole pixels; all from beyond an edge.
      Axis turned = new Axis(-1.7, 0.96, 0.11);
      Axis stretched = new Axis(2.3, -0.12, 1.05);
      add(OpCase.of(new Resample(turned, stretched), ELEMENTWISE, x));
      add(OpCase.of(new Resample(new Axis(0, 1, 0), new Axis(s[2] - 1, 0, -1)), EXACT, x));
      add(OpCase.of(new Resample(new Axis(-3, 1, 0), new Axis(4, 0, 1)), EXACT, x));
      add(OpCase.of(new Resample(new Axis(-1e12, 1, 0), new Axis(1e12, 0, 1)), EXACT, x));
    }
    // Where nothing was measured the maps are zero, and so is their gradient.
    Arg nothing = c64(1, 3, 17).mask();
    add(OpCase.of(new RssNormalize.Grad(), SUMS, c64(1, 3, 17), nothing));
  }

  private void images() {
    for (long[] s : IMAGES) {
      Arg x = f32(s);
      add(OpCase.of(new SobelMagnitude(1e-2), SUMS, x));
      add(OpCase.of(new AnatomicalMask(0.5f), EXACT, x));
      add(OpCase.of(new AnatomicalMask(1.2f), EXACT, x));
    }
    add(OpCase.of(new AnatomicalMask(1.7f), EXACT, f32(2, 70, 65)));
    for (long[] s : new long[][] {{1, 7, 7}, {2, 8, 15}, {1, 17, 9}, {3, 31, 33}, {1, 140, 131}}) {
      Arg x = f32(s);
      add(OpCase.of(Ssim.STANDARD, 1e-4, x, x, f32(s[0]).positive()).constant(1, 2));
    }
    Arg x = f32(2, 5, 9).positive();
    add(OpCase.of(new Ssim(3, 0.05, 0.1), 1e-4, x, x, f32(2).positive()).constant(1, 2));
  }

  /**
   * The same cases in BF16 or F16, where the op takes it: the first input alone (statistics and
   * weights stay F32), the first two, or all.
   */
  private void halves(DType half, List<OpCase> whole) {
    for (OpCase c : whole) {
      for (int inputs : new int[] {1, 2, c.args().size()}) {
        OpCase halved = c.in(half, inputs);
        if (accepts(halved)) {
          add(halved);
          break;
        }
      }
    }
    for (long[] s : FLAT) {
      add(OpCase.of(new Cast(half), EXACT, f32(s)).linear(0));
      add(OpCase.of(new Cast(DType.F32), EXACT, Arg.of(half, s)).linear(0));
      DType other = half == DType.BF16 ? DType.F16 : DType.BF16;
      add(OpCase.of(new Cast(other), EXACT, Arg.of(half, s)).linear(0));
    }
    add(OpCase.of(new Spread(TensorSpec.of(half, 17)), SUMS, f32()).linear(0));
    add(OpCase.of(new Fill(TensorSpec.of(half, 17), 0.1), EXACT));
  }

  private static boolean accepts(OpCase halved) {
    try {
      return halved.rounds();
    } catch (OpException e) {
      return false;
    }
  }
}
