package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.DOUBLE;
import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.ChannelDropout;
import java.lang.invoke.MethodHandles;

/** Ops with a number per channel, or per sample and channel. */
final class ChannelKernels {
  /**
   * Loops over {@code count} elements from element {@code first} of a tensor, which starts a row of
   * {@code period} elements; see {@link ChannelRows}. {@code lines} are three arrays of {@code
   * period} floats or more, one after the other. Sums are added to two arrays of {@code period}
   * doubles, one after the other, or to the first of them; then follow two of floats for the {@link
   * #tile}.
   */
  interface Loops {
    /** y = leaky((x − centre)·scale + shift), lines: centre, scale, shift. */
    void affine(long x, long y, long first, long count, int period, long lines, float slope);

    /**
     * gx = a·g' + b·n + c, lines: a, b, c; y = leaky(n) is an activation's output, g' the gradient
     * through it.
     */
    void normGrad(
        long g, long y, long gx, long first, long count, int period, long lines, float slope);

    /**
     * gx = scale·g' + b·(x − centre) + c, lines: centre, scale, shift, b, c; g' is the gradient
     * through leaky((x − centre)·scale + shift).
     */
    void affineGrad(
        long g, long x, long gx, long first, long count, int period, long lines, float slope);

    /** Σ (x − centre) and Σ (x − centre)²; {@code centre} is an array of floats. */
    void moments(long x, long first, long count, int period, long centre, long sums, long squares);

    /** Σ x. */
    void sum(long x, long first, long count, int period, long sums);

    /** Σ x·y. */
    void dot(long x, long y, long first, long count, int period, long sums);

    /** Σ g' and Σ g'·n, as in {@link #normGrad}. */
    void normGradSums(
        long g, long y, long first, long count, int period, long sums, long dots, float slope);

    /** Σ g' and Σ g'·(x − centre), as in {@link #affineGrad}, {@code dots} after {@code sums}. */
    void affineGradSums(
        long g, long x, long first, long count, int period, long lines, long sums, float slope);
  }

  private static final Loops F32 = new ChannelLoops();
  private static final Loops BF16 =
      Bf16Twin.of(MethodHandles.lookup(), ChannelLoops.class, Loops.class);

  /** A number for each sample and channel. */
  @FunctionalInterface
  interface Coefficient {
    double at(int sample, int channel);
  }

  static final Coefficient ZERO = (n, c) -> 0;
  static final Coefficient ONE = (n, c) -> 1;

  private final Team team;

  ChannelKernels(Team team) {
    this.team = team;
  }

  static Loops loops(Array x) {
    return x.isBf16() ? BF16 : F32;
  }

  /**
   * How the channels of a tensor of rank 2 to 5, axis 1, lie in memory, all samples alike: as one
   * long sample where channels come last, else as a sample for each row of one channel. A complex
   * channel is two real ones.
   */
  private static ChannelRows shared(TensorSpec x) {
    int reals = x.dtype().isComplex() ? 2 : 1;
    return x.shape().rank() == 3
        ? ChannelRows.of(x.shape().size(0) * x.shape().size(1), x.shape().dim(2), reals)
        : ChannelRows.of(1, x.shape().dim(0) * x.shape().positions(), x.shape().size(1) * reals);
  }

  // Affine maps

  /** Coefficients of an affine map. */
  static final int AFFINE = 3;

  /** Bytes of a coefficient of one sample. */
  static long lineBytes(ChannelRows rows) {
    return FLOAT * rows.period();
  }

  /** Writes coefficients of a sample for the loops: each channel's, again and again. */
  static void lines(ChannelRows rows, int sample, long lines, Coefficient... coefficients) {
    for (int k = 0; k < coefficients.length; k++) {
      long line = lines + k * lineBytes(rows);
      for (int channel = 0; channel < rows.channels(); channel++) {
        float value = (float) coefficients[k].at(sample, channel);
        for (int i = channel; i < rows.period(); i += rows.channels()) {
          Lanes.set(line + FLOAT * i, value);
        }
      }
    }
  }

  /** Workspace of affine maps of a feature map. */
  static long affineWorkspace(TensorSpec x) {
    return affineWorkspace(ChannelRows.of(x));
  }

  private static long affineWorkspace(ChannelRows rows) {
    return AFFINE * lineBytes(rows) * rows.samples();
  }

  /** y = (x − centre)·scale + shift. */
  void affine(
      ChannelRows rows,
      Array x,
      Array y,
      Coefficient centre,
      Coefficient scale,
      Coefficient shift,
      long workspace) {
    Loops loops = loops(x);
    long lineBytes = AFFINE * lineBytes(rows);
    team.run(
        rows.samples(),
        (sample, worker) ->
            lines(rows, sample, workspace + sample * lineBytes, centre, scale, shift));
    rows.run(
        team,
        0,
        rows.samples(),
        false,
        (sample, slot, first, count) ->
            loops.affine(
                x.address(),
                y.address(),
                first,
                count,
                rows.period(),
                workspace + sample * lineBytes,
                1));
  }

  /** The numbers of an {@code F32[N, C]}. */
  static Coefficient of(Array perChannel) {
    return (n, c) -> perChannel.get((long) n * perChannel.dim(1) + c);
  }

  /** The numbers of an {@code F32[C]}, all samples alike. */
  static Coefficient ofChannel(Array perChannel) {
    return (n, c) -> perChannel.get(c);
  }

  void channelAffine(Array x, Array scale, Array shift, Array y, long workspace) {
    affine(ChannelRows.of(x.spec()), x, y, ZERO, of(scale), of(shift), workspace);
  }

  void channelScale(Array x, Array scale, Array y, long workspace) {
    affine(ChannelRows.of(x.spec()), x, y, ZERO, of(scale), ZERO, workspace);
  }

  void channelDropout(ChannelDropout op, Array x, Array y, long workspace) {
    int channels = x.dim(1);
    Coefficient keep =
        (n, c) -> op.stream().uniform((long) n * channels + c) < op.p() ? 0 : 1 / (1.0 - op.p());
    affine(ChannelRows.of(x.spec()), x, y, ZERO, keep, ZERO, workspace);
  }

  static long addBiasWorkspace(TensorSpec x) {
    return affineWorkspace(shared(x));
  }

  void addBias(Array x, Array bias, Array y, long workspace) {
    ChannelRows rows = shared(x.spec());
    int channels = (int) bias.reals();
    Coefficient shift = (n, c) -> bias.get(((long) n * rows.channels() + c) % channels);
    affine(rows, x, y, ZERO, ONE, shift, workspace);
  }

  // Sums

  /** Workspace of sums over the positions of a feature map. */
  static long sumWorkspace(TensorSpec x) {
    return sumBytes(ChannelRows.of(x));
  }

  static long totalWorkspace(TensorSpec x) {
    ChannelRows rows = shared(x);
    return sumBytes(rows) + DOUBLE * rows.samples() * rows.channels();
  }

  /** Bytes of the two sums of a part, and of a tile. */
  static long partBytes(ChannelRows rows) {
    return 2 * (DOUBLE + FLOAT) * rows.period();
  }

  /** Bytes of the sums of all parts worked on at a time. */
  static long sumBytes(ChannelRows rows) {
    return rows.slots() * partBytes(rows);
  }

  /** Where the sums of a tile are kept, beside the {@code sums} of its part. */
  static long tile(long sums, int period) {
    return sums + 2 * DOUBLE * period;
  }

  private interface PartSum {
    void add(long first, long count, long sums);
  }

  private interface Sums {
    void set(int sample, int channel, double sum);
  }

  void channelSum(Array x, Array y, long workspace) {
    Loops loops = loops(x);
    ChannelRows rows = ChannelRows.of(x.spec());
    sums(
        rows,
        workspace,
        (first, n, sums) -> loops.sum(x.address(), first, n, rows.period(), sums),
        (n, c, sum) -> y.set((long) n * rows.channels() + c, sum));
  }

  void channelDot(Array x, Array y, Array z, long workspace) {
    Loops loops = loops(x);
    ChannelRows rows = ChannelRows.of(x.spec());
    sums(
        rows,
        workspace,
        (first, n, sums) -> loops.dot(x.address(), y.address(), first, n, rows.period(), sums),
        (n, c, sum) -> z.set((long) n * rows.channels() + c, sum));
  }

  void channelTotal(Array x, Array y, long workspace) {
    Loops loops = loops(x);
    ChannelRows rows = shared(x.spec());
    long perSample = workspace + sumBytes(rows);
    sums(
        rows,
        workspace,
        (first, n, sums) -> loops.sum(x.address(), first, n, rows.period(), sums),
        (n, c, sum) -> Lanes.setDouble(perSample + DOUBLE * ((long) n * rows.channels() + c), sum));
    long all = (long) rows.samples() * rows.channels();
    for (int channel = 0; channel < y.reals(); channel++) {
      double total = 0;
      for (long i = channel; i < all; i += y.reals()) {
        total += Lanes.getDouble(perSample + DOUBLE * i);
      }
      y.set(channel, total);
    }
  }

  private void sums(ChannelRows rows, long workspace, PartSum part, Sums result) {
    long slotBytes = partBytes(rows);
    for (int from = 0; from < rows.samples(); from += rows.group()) {
      int start = from;
      int end = Math.min(rows.samples(), from + rows.group());
      rows.run(
          team,
          start,
          end,
          false,
          (sample, slot, first, n) -> {
            long sums = workspace + slot * slotBytes;
            Bytes.clear(sums, slotBytes);
            part.add(first, n, sums);
          });
      team.run(
          end - start,
          (i, worker) -> {
            for (int c = 0; c < rows.channels(); c++) {
              result.set(
                  start + i,
                  c,
                  fold(rows, workspace + (long) i * rows.parts() * slotBytes, slotBytes, c));
            }
          });
    }
  }

  /** One channel's sum over the parts of a sample, {@code slotBytes} apart. */
  static double fold(ChannelRows rows, long sums, long slotBytes, int channel) {
    double sum = 0;
    for (int part = 0; part < rows.parts(); part++) {
      for (int i = channel; i < rows.period(); i += rows.channels()) {
        sum += Lanes.getDouble(sums + part * slotBytes + DOUBLE * i);
      }
    }
    return sum;
  }
}
