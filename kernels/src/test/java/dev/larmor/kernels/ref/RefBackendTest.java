package dev.larmor.kernels.ref;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The reference against numbers worked out by hand, or by a definition of another form. */
class RefBackendTest {
  private static Device ref;

  @BeforeAll
  static void open() {
    ref = Device.open("ref");
  }

  @AfterAll
  static void close() {
    ref.close();
  }

  private static TensorSpec f32(long... dims) {
    return TensorSpec.of(DType.F32, dims);
  }

  private static TensorSpec c64(long... dims) {
    return TensorSpec.of(DType.C64, dims);
  }

  private record Input(TensorSpec spec, double[] values) {}

  private static Input in(TensorSpec spec, double... values) {
    return new Input(spec, values);
  }

  private static double[] random(TensorSpec spec) {
    Philox stream = Philox.of(1, "values");
    int n = Math.toIntExact(spec.shape().elements() * (spec.dtype().isComplex() ? 2 : 1));
    double[] values = new double[n];
    Arrays.setAll(values, stream::normal);
    return values;
  }

  /** First output of an op. */
  private static double[] run(Op op, Input... inputs) {
    return runAll(op, inputs)[0];
  }

  private static double[][] runAll(Op op, Input... inputs) {
    return Scope.run(() -> {
      Tensor[] x = new Tensor[inputs.length];
      Arrays.setAll(x, i -> ref.fromDoubles(inputs[i].spec, inputs[i].values));
      Tensor[] y = op instanceof Op.InPlace ? x : ref.run(op, x);
      if (op instanceof Op.InPlace) {
        ref.run(op, x);
      }
      return Arrays.stream(y).map(Tensor::toDoubles).toArray(double[][]::new);
    });
  }

  private static void assertClose(double[] found, double... expected) {
    assertArrayEquals(expected, found, 1e-12, () -> Arrays.toString(found));
  }

  @Test
  void convIsACrossCorrelation() {
    Input x = in(f32(1, 1, 2, 3), 1, 2, 3, 4, 5, 6);
    Input w = in(f32(1, 1, 2, 2), 1, 10, 100, 1000);
    assertClose(run(Conv.padded(2, 0), x, w), 1 + 20 + 400 + 5000, 2 + 30 + 500 + 6000);
    Input bias = in(f32(1), 0.5);
    Conv padded = new Conv(List.of(2, 2), List.of(1, 1), List.of(1, 1), 1);
    assertClose(run(padded, x, w, bias), 1000.5, 3200.5, 40.5, 65.5);
    Conv dilated = new Conv(List.of(1, 1), List.of(0, 0), List.of(1, 2), 1);
    assertClose(run(dilated, x, w), 1 + 30 + 400 + 6000);
  }

  @Test
  void convKeepsGroupsApart() {
    Input x = in(f32(1, 4, 1, 1), 1, 2, 3, 4);
    Input w = in(f32(2, 2, 1, 1), 1, 10, 100, 1000);
    Conv grouped = new Conv(List.of(1, 1), List.of(0, 0), List.of(1, 1), 2);
    assertClose(run(grouped, x, w), 21, 4300);
  }

  @Test
  void convInThreeDimensions() {
    Input x = in(f32(1, 1, 2, 1, 2), 1, 2, 3, 4);
    Input w = in(f32(1, 1, 2, 1, 1), 1, 10);
    assertClose(run(Conv.padded(3, 0), x, w), 31, 42);
  }

  @Test
  void complexConvMultipliesComplexNumbers() {
    Input x = in(c64(1, 1, 1, 1), 1, 2);
    Input w = in(c64(1, 1, 1, 1), 3, 4);
    assertClose(run(Conv.padded(2, 0), x, w), 3 - 8, 4 + 6);
    // The adjoint conjugates the weight.
    assertClose(run(ConvTranspose.strided(2, 1), x, w), 3 + 8, -4 + 6);
  }

  @Test
  void convTransposeSpreadsEachElement() {
    Input x = in(f32(1, 1, 1, 2), 1, 2);
    Input w = in(f32(1, 1, 2, 2), 1, 10, 100, 1000);
    assertClose(run(ConvTranspose.strided(2, 2), x, w), 1, 10, 2, 20, 100, 1000, 200, 2000);
    assertClose(
        run(new ConvTranspose(List.of(1, 1), List.of(0, 0), 1), x, w),
        1,
        10 + 2,
        20,
        100,
        1000 + 200,
        2000);
  }

  @Test
  void avgPoolLeavesOutWhatFillsNoWindow() {
    Input x = in(f32(1, 1, 2, 5), 1, 2, 3, 4, 100, 5, 6, 7, 8, 100);
    assertClose(run(new AvgPool(List.of(2, 2)), x), 3.5, 5.5);
  }

  @Test
  void plainFourierTransformIsItsSum() {
    Input x = in(c64(1, 4), 1, 0, 2, 0, 3, 0, 4, 0);
    assertClose(run(new Fft2(false, false), x), 5, 0, -1, 1, -1, 0, -1, -1);
    assertClose(run(new Fft2(true, false), x), 5, 0, -1, -1, -1, 0, -1, 1);
  }

  @Test
  void centredFourierTransformShiftsBeforeAndAfter() {
    for (int[] size : new int[][] {{4, 6}, {5, 7}, {4, 3}, {1, 5}}) {
      int h = size[0];
      int w = size[1];
      double[] x = random(c64(h, w));
      for (boolean inverse : new boolean[] {false, true}) {
        double[] plain = run(new Fft2(inverse, false), in(c64(h, w), shift(x, h, w, true)));
        double[] centred = run(new Fft2(inverse, true), in(c64(h, w), x));
        assertClose(centred, shift(plain, h, w, false));
        assertClose(run(new Fft2(!inverse, true), in(c64(h, w), centred)), x);
      }
    }
  }

  /** fftshift, or its inverse, of interleaved complex numbers. */
  private static double[] shift(double[] x, int h, int w, boolean inverse) {
    double[] y = new double[x.length];
    for (int i = 0; i < h; i++) {
      for (int j = 0; j < w; j++) {
        int toI = (i + (inverse ? h - h / 2 : h / 2)) % h;
        int toJ = (j + (inverse ? w - w / 2 : w / 2)) % w;
        System.arraycopy(x, 2 * (i * w + j), y, 2 * (toI * w + toJ), 2);
      }
    }
    return y;
  }

  @Test
  void aPointAtTheCentreIsAConstantInKspace() {
    double[] x = new double[2 * 3 * 5];
    x[2 * (1 * 5 + 2)] = 1;
    double[] expected = new double[x.length];
    for (int i = 0; i < expected.length; i += 2) {
      expected[i] = 1 / Math.sqrt(15);
    }
    assertClose(run(new Fft2(false, true), in(c64(3, 5), x)), expected);
  }

  @Test
  void reflectionDoesNotRepeatTheBorder() {
    Input x = in(f32(3), 1, 2, 3);
    Pad pad = new Pad(List.of(2), List.of(2), Pad.Mode.REFLECT);
    assertClose(run(pad, x), 3, 2, 1, 2, 3, 2, 1);
    Pad zero = new Pad(List.of(1), List.of(2), Pad.Mode.ZERO);
    assertClose(run(zero, x), 0, 1, 2, 3, 0, 0);
    Input g = in(f32(7), 1, 10, 100, 1000, 10000, 1e5, 1e6);
    assertClose(run(new Pad.Fold(pad, Shape.of(3)), g), 1000100, 101010, 10001);
  }

  @Test
  void movesElements() {
    Input x = in(f32(2, 3), 1, 2, 3, 4, 5, 6);
    assertClose(run(new Narrow(1, 1, 2), x), 2, 3, 5, 6);
    assertClose(run(new Embed(1, 1, 5), x), 0, 1, 2, 3, 0, 0, 4, 5, 6, 0);
    assertClose(run(new Concat(0), x, x), 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6);
    assertClose(run(new Concat(1), x, x), 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6);
    assertClose(run(new Crop(List.of(1, 0), List.of(1, 2)), x), 4, 5);
    Input z = in(c64(1, 1, 2), 1, 2, 3, 4);
    assertClose(run(new ComplexToChannels(), z), 1, 3, 2, 4);
    assertClose(run(new ChannelsToComplex(), in(f32(1, 2, 1, 2), 1, 3, 2, 4)), 1, 2, 3, 4);
  }

  @Test
  void matMulTransposesItsInputs() {
    Input a = in(f32(2, 3), 1, 2, 3, 4, 5, 6);
    Input b = in(f32(3, 2), 1, 10, 100, 1000, 1e4, 1e5);
    double[] expected = {30201, 302010, 60504, 605040};
    assertClose(run(new MatMul(false, false), a, b), expected);
    Input at = in(f32(3, 2), 1, 4, 2, 5, 3, 6);
    Input bt = in(f32(2, 3), 1, 100, 1e4, 10, 1000, 1e5);
    assertClose(run(new MatMul(true, false), at, b), expected);
    assertClose(run(new MatMul(false, true), a, bt), expected);
    assertClose(run(new MatMul(true, true), at, bt), expected);
  }

  @Test
  void attentionWithEqualScoresIsTheMean() {
    // Two chunks of a row of four: places {0, 2} and {1, 3} attend to each other.
    Input zero = in(f32(1, 1, 1, 4), 0, 0, 0, 0);
    Input v = in(f32(1, 1, 1, 4), 1, 2, 3, 4);
    assertClose(run(new ChunkAttention(2), zero, v, v), 2, 3, 2, 3);
    // Query 1 and keys 0 and ln 3: weights 1/4 and 3/4.
    Input one = in(f32(1, 1, 1, 2), 1, 0);
    Input keys = in(f32(1, 1, 1, 2), 0, Math.log(3));
    Input values = in(f32(1, 1, 1, 2), 4, 8);
    assertClose(run(new ChunkAttention(2), one, keys, values), 7, 6);
  }

  @Test
  void normalisesToMeanZeroAndVarianceOne() {
    double[][] y = runAll(new InstanceNormAct(1e-5f, 0.5f), in(f32(1, 2, 1, 2), 1, 3, 10, 30));
    double rstd0 = 1 / Math.sqrt(1 + (double) 1e-5f);
    double rstd1 = 1 / Math.sqrt(100 + (double) 1e-5f);
    assertClose(y[0], -0.5 * rstd0, rstd0, -5 * rstd1, 10 * rstd1);
    assertClose(y[1], rstd0, rstd1);
    Input x = in(f32(1, 1, 1, 4), 1, 2, 3, 6);
    double[][] biased = runAll(new Moments(0), x);
    assertClose(biased[0], 3);
    assertClose(biased[1], 3.5);
    assertClose(runAll(new Moments(1), x)[1], 14 / 3.0);
  }

  @Test
  void affinePartComesBeforeTheActivation() {
    // Means 2 and 20, standard deviations 1 and 10; the second channel is turned round.
    double[][] y =
        runAll(
            new InstanceNormAffineAct(1e-5f, 0.5f),
            in(f32(1, 2, 1, 2), 1, 3, 10, 30),
            in(f32(2), 4, -0.2),
            in(f32(2), 1, 0));
    double rstd0 = 1 / Math.sqrt(1 + (double) 1e-5f);
    double rstd1 = 1 / Math.sqrt(100 + (double) 1e-5f);
    assertClose(y[0], 0.5 * (1 - 4 * rstd0), 1 + 4 * rstd0, 2 * rstd1, -0.5 * 2 * rstd1);
    assertClose(y[1], 2, 20);
    assertClose(y[2], rstd0, rstd1);
  }

  @Test
  void softmaxIsAlongTheClasses() {
    double ln3 = Math.log(3);
    assertClose(
        run(new Softmax(), in(f32(2, 2), 0, ln3, 1000 + ln3, 1000)), 0.25, 0.75, 0.75, 0.25);
    Input map = in(f32(1, 2, 1, 2), 0, ln3, ln3, 0);
    assertClose(run(new Softmax(), map), 0.25, 0.75, 0.75, 0.25);
    assertClose(run(new Softmax(), in(f32(1, 3), 0, -1 / 0.0, ln3)), 0.25, 0, 0.75);
  }

  @Test
  void crossEntropyIsTheMeanOfMinusTheLogarithm() {
    double ln3 = Math.log(3);
    double ln4 = Math.log(4);
    // Probabilities 1/4, 3/4 at the first place and 3/4, 1/4 at the second.
    Input map = in(f32(1, 2, 1, 2), 0, ln3, ln3, 0);
    Input labels = in(TensorSpec.of(DType.I32, 1, 1, 2), 0, 0);
    assertClose(run(new CrossEntropy(0), map, labels), (ln4 + ln4 - ln3) / 2);
    // The label has 0.9 + 0.1/2, the other class 0.1/2.
    assertClose(
        run(new CrossEntropy(0.1), map, labels),
        (0.95 * ln4 + 0.05 * (ln4 - ln3) + 0.95 * (ln4 - ln3) + 0.05 * ln4) / 2);
  }

  @Test
  void dropoutDropsWholeChannels() {
    TensorSpec spec = f32(2, 500, 1, 2);
    double[] ones = new double[2000];
    Arrays.fill(ones, 1);
    Philox stream = Philox.of(9, "dropout");
    double[] y = run(new ChannelDropout(0.25f, stream), in(spec, ones));
    int dropped = 0;
    for (int channel = 0; channel < 1000; channel++) {
      boolean gone = stream.uniform(channel) < 0.25f;
      dropped += gone ? 1 : 0;
      assertEquals(gone ? 0 : 1 / 0.75, y[2 * channel], 1e-12);
      assertEquals(y[2 * channel], y[2 * channel + 1]);
    }
    assertEquals(250, dropped, 5 * Math.sqrt(1000 * 0.25 * 0.75));
  }

  @Test
  void similarityIsOneForEqualImagesAndAFormulaForConstantOnes() {
    double[] x = random(f32(1, 8, 9));
    double[] map = run(Ssim.STANDARD, in(f32(1, 8, 9), x), in(f32(1, 8, 9), x), in(f32(1), 2));
    double[] ones = {1, 1, 1, 1, 1, 1};
    assertClose(map, ones);
    double[] a = new double[49];
    double[] b = new double[49];
    Arrays.fill(a, 0.5);
    Arrays.fill(b, 0.25);
    double c1 = 0.02 * 0.02;
    assertClose(
        run(Ssim.STANDARD, in(f32(1, 7, 7), a), in(f32(1, 7, 7), b), in(f32(1), 2)),
        (2 * 0.5 * 0.25 + c1) / (0.25 + 0.0625 + c1));
  }

  @Test
  void similarityUsesTheSampleCovariance() {
    // A 2 x 2 window: x = {0, 0, 1, 1}, y = {0, 0, 0, 2}.
    double c1 = 0.01 * 0.01;
    double c2 = 0.03 * 0.03;
    double luminance = (2 * 0.5 * 0.5 + c1) / (0.25 + 0.25 + c1);
    double structure = (2 * (1 / 3.0) + c2) / (1 / 3.0 + 1 + c2);
    assertClose(
        run(
            new Ssim(2, 0.01, 0.03),
            in(f32(1, 2, 2), 0, 0, 1, 1),
            in(f32(1, 2, 2), 0, 0, 0, 2),
            in(f32(1), 1)),
        luminance * structure);
  }

  @Test
  void sobelOfARampIsEightTimesItsSlopeInside() {
    double[] x = new double[5 * 6];
    for (int i = 0; i < x.length; i++) {
      x[i] = 0.5 * (i % 6);
    }
    double[] y = run(new SobelMagnitude(1e-12), in(f32(1, 5, 6), x));
    for (int h = 1; h < 4; h++) {
      for (int w = 1; w < 5; w++) {
        assertEquals(4, y[h * 6 + w], 1e-9);
      }
    }
    // Zeros outside: at the right border gx = −(1 + 2 + 1)·2.0 inside the rows.
    assertEquals(8, y[2 * 6 + 5], 1e-9);
  }

  @Test
  void resamplingIsBilinearAndKeepsTheEdge() {
    // A place between four pixels of 0 1 / 2 3, then one between two, one on a pixel, one outside.
    double[] x = {0, 0, 1, -1, 2, -2, 3, -3};
    Resample op = new Resample(new Resample.Axis(0.25, 0.75, 0), new Resample.Axis(0.5, 0, 1));
    assertClose(run(op, in(c64(1, 2, 2), x)), 1, -1, 1.5, -1.5, 2.5, -2.5, 3, -3);
    // Each coil from itself.
    Resample mirror = new Resample(new Resample.Axis(0, 1, 0), new Resample.Axis(1, 0, -1));
    assertClose(run(mirror, in(c64(2, 1, 2), x)), 1, -1, 0, 0, 3, -3, 2, -2);
  }

  @Test
  void anatomicalMaskErodesOnceGrows15ShrinksBack14() {
    double[] point = new double[40 * 41];
    point[20 * 41 + 20] = 1;
    double[] none = run(new AnatomicalMask(0.5f), in(f32(1, 40, 41), point));
    assertEquals(0, Arrays.stream(none).sum());
    double[] block = new double[40 * 41];
    for (int h = 19; h <= 21; h++) {
      Arrays.fill(block, h * 41 + 19, h * 41 + 22, 1);
    }
    // One pixel is left, grown to 31 x 31, shrunk to 3 x 3.
    assertClose(run(new AnatomicalMask(0.5f), in(f32(1, 40, 41), block)), block);
    double[] all = new double[40 * 41];
    Arrays.fill(all, 1);
    assertClose(run(new AnatomicalMask(0.5f), in(f32(1, 40, 41), all)), all);
    double[] equal = new double[40 * 41];
    Arrays.fill(equal, 0.5);
    assertEquals(0, Arrays.stream(run(new AnatomicalMask(0.5f), in(f32(1, 40, 41), equal))).sum());
  }

  @Test
  void coilOpsFollowTheirFormulas() {
    Input x = in(c64(2, 1, 1), 3, 0, 0, 4);
    assertClose(run(new Rss(), x), 5);
    assertClose(run(new RssNormalize(), x), 0.6, 0, 0, 0.8);
    // A 1 x 1 transform is the identity: 1·conj(3) + i·conj(4i) = 3 + 4.
    assertClose(run(new SensReduce(), in(c64(2, 1, 1), 1, 0, 0, 1), x), 7, 0);
    assertClose(run(new SensExpand(), in(c64(1, 1, 1), 0, 2), x), 0, 6, -8, 0);
    Input k = in(c64(1, 1, 2), 1, 2, 3, 4);
    Input mask = in(f32(2), 0, 1);
    assertClose(run(new MaskColumns(), k, mask), 0, 0, 3, 4);
    Input reference = in(c64(1, 1, 2), 1, 1, 1, 1);
    assertClose(run(new MaskedResidual(), k, reference, mask), 0, 0, 2, 3);
    Input refinement = in(c64(1, 1, 2), 0.5, 0, 0, 0.5);
    assertClose(
        run(new SoftDataConsistency(), k, reference, refinement, mask, in(f32(), 0.5)),
        0.5,
        2,
        2,
        2);
  }

  @Test
  void adamFollowsItsFormula() {
    // After one step from zero moments m/(1-β1) = g and sqrt(v/(1-β2)) = |g|.
    AdamStep first = new AdamStep(0.1, 0.9, 0.999, 1e-8, 0, false, 1);
    double[][] after =
        runAll(first, in(f32(2), 1, 1), in(f32(2), 4, -0.5), in(f32(2), 0, 0), in(f32(2), 0, 0));
    assertArrayEquals(new double[] {0.9, 1.1}, after[0], 1e-8);
    assertClose(after[2], 0.4, -0.05);
    assertClose(after[3], 0.016, 0.00025);
    // Decay of the parameter itself, then the step; or of the gradient.
    AdamStep decoupled = new AdamStep(0.1, 0, 0, 1e-300, 0.5, true, 1);
    AdamStep coupled = new AdamStep(0.1, 0, 0, 1e-300, 0.5, false, 1);
    Input[] state = {in(f32(1), 2), in(f32(1), -0.5), in(f32(1), 0), in(f32(1), 0)};
    assertClose(runAll(decoupled, state)[0], 2 * 0.95 + 0.1);
    assertClose(runAll(coupled, state)[0], 2 - 0.1);
  }

  @Test
  void sgdFollowsItsFormula() {
    // g' = 3 + 0.5·2 = 4, v = 0.9·10 + 4 = 13.
    Input[] state = {in(f32(1), 2), in(f32(1), 3), in(f32(1), 10)};
    double[][] plain = runAll(new SgdStep(0.1, 0.9, 0.5, false), state);
    assertClose(plain[0], 2 - 0.1 * 13);
    assertClose(plain[2], 13);
    double[][] nesterov = runAll(new SgdStep(0.1, 0.9, 0.5, true), state);
    assertClose(nesterov[0], 2 - 0.1 * (4 + 0.9 * 13));
    assertClose(nesterov[2], 13);
  }

  @Test
  void keepsDoublesWhateverTheDtype() {
    for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16, DType.F64, DType.C64)) {
      double[] values = random(TensorSpec.of(dtype, 2, 3, 4, 5));
      assertArrayEquals(values, run(Affine.scale(1), in(TensorSpec.of(dtype, 2, 3, 4, 5), values)));
    }
  }

  @Test
  void convertsBetweenHostAndTensor() {
    Scope.run(() -> {
      Tensor bytes = ref.fromDoubles(TensorSpec.of(DType.U8, 4), -3, 7.4, 200, 300);
      assertArrayEquals(new double[] {0, 7, 200, 255}, bytes.toDoubles());
      Tensor ints = ref.fromDoubles(TensorSpec.of(DType.I32, 2), -3, 1e6);
      assertArrayEquals(new double[] {-3, 1e6}, ints.toDoubles());
      // bfloat16 has 8 significant bits; ties go to even.
      Tensor bf16 =
          ref.fromDoubles(
              TensorSpec.of(DType.BF16, 5),
              1 + 1 / 256.0,
              1 + 3 / 256.0,
              -3e38,
              Double.POSITIVE_INFINITY,
              Double.NaN);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment host = bf16.download(arena);
        short[] bits = host.toArray(ValueLayout.JAVA_SHORT);
        assertArrayEquals(new short[] {0x3F80, 0x3F82, (short) 0xFF62, 0x7F80, 0x7FC0}, bits);
        bf16.upload(host);
        assertArrayEquals(
            new double[] {1, 1.015625, Float.intBitsToFloat(0xFF620000), 1 / 0.0, Double.NaN},
            bf16.toDoubles());
        // F16 has 11, subnormal numbers, and ends at 65504.
        Tensor f16 =
            ref.fromDoubles(
                TensorSpec.of(DType.F16, 6),
                1 + 1 / 2048.0,
                1 + 3 / 2048.0,
                -65504,
                65520,
                0x1p-24,
                Double.NaN);
        MemorySegment halves = f16.download(arena);
        assertArrayEquals(
            new short[] {0x3C00, 0x3C02, (short) 0xFBFF, 0x7C00, 1, 0x7E00},
            halves.toArray(ValueLayout.JAVA_SHORT));
        f16.upload(halves);
        assertArrayEquals(
            new double[] {1, 1 + 2 / 1024.0, -65504, 1 / 0.0, 0x1p-24, Double.NaN},
            f16.toDoubles());
        MemorySegment four = arena.allocateFrom(ValueLayout.JAVA_BYTE, new byte[] {1, 2, -1, 0});
        bytes.upload(four);
        assertArrayEquals(new double[] {1, 2, 255, 0}, bytes.toDoubles());
        assertEquals(-1, four.mismatch(bytes.download(arena)));
      }
    });
  }

  @Test
  void uniformIsTheStreamScaledInFloat() {
    Philox stream = Philox.of(3, "init");
    double[] y = run(new Uniform(stream, Shape.of(5, 3), -0.1f, 0.3f));
    for (int i = 0; i < y.length; i++) {
      assertEquals(-0.1f + (0.3f + 0.1f) * stream.uniform(i), y[i]);
    }
  }
}
