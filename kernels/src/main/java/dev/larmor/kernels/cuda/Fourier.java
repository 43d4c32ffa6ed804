package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fft2;
import dev.larmor.kernels.PlanCache;

/**
 * Fourier transforms by the library, with signs, shifts and scale in one pass before or after: see
 * {@code coils.cu}.
 */
final class Fourier implements AutoCloseable {
  /** Work area that transforms of many images have to make do with. */
  private static final long MOST_BYTES = 64L << 20;

  /** In the worst case, by its manual, the library takes eight times what it transforms. */
  private static final long TIMES = 8;

  /** For what the library adds to that, whatever the size. */
  private static final long LEAST_BYTES = 64L << 10;

  private static final int MOST_PLANS = 16;

  private final Kernels kernels;
  private final FftLibrary library;

  private record Size(int images, int height, int width) {}

  /** A plan, perhaps for fewer images than were asked for. */
  private record Fitting(int images, FftLibrary.Plan plan) implements PlanCache.Plan {
    @Override
    public void close() {
      plan.close();
    }
  }

  private final PlanCache<Size, Fitting> plans = new PlanCache<>(MOST_PLANS);

  Fourier(Kernels kernels, FftLibrary library) {
    this.kernels = kernels;
    this.library = library;
  }

  /** Work area for images {@code [..., H, W]}. */
  static long workspace(TensorSpec images) {
    long h = images.shape().dim(-2);
    long w = images.shape().dim(-1);
    return workspace(images.shape().elements() / (h * w), h, w);
  }

  /**
   * What the library gets for this many images: all that it may want for them, or for one, but of
   * more images than that takes {@link #MOST_BYTES} at most. What it does want only a card tells.
   */
  static long workspace(long images, long height, long width) {
    long image = TIMES * DType.C64.bytes() * height * width;
    return LEAST_BYTES + Math.min(images * image, Math.max(MOST_BYTES, image));
  }

  void transform(Fft2 o, Array x, Array y, long workspace) {
    int h = y.dim(-2);
    int w = y.dim(-1);
    long rows = y.elements() / w;
    Launch launch = kernels.start(Coils.FILE, "fft_input").at(x).at(y);
    centre(launch, o, h, w).count(rows).rows(columns(o, w), rows);
    run(y.address(), y.address(), Math.toIntExact(rows / h), h, w, o.inverse(), workspace);
  }

  /** What a pass beside a transform must know: {@code Centre} and scale in {@code coils.cu}. */
  static Launch centre(Launch launch, Fft2 o, int h, int w) {
    int row = o.centred() ? h / 2 : 0;
    int column = o.centred() ? w / 2 : 0;
    return launch
        .wholes(h, w, row, column, o.inverse() ? -1 : 1)
        .number(1 / Math.sqrt((double) h * w));
  }

  /** Pieces of a row in such a pass: pairs, where shifting keeps them. */
  static long columns(Fft2 o, int w) {
    boolean pairs = w % 2 == 0 && (!o.centred() || w / 2 % 2 == 0);
    return pairs ? w / 2 : w;
  }

  /** The library's transform of images, neither scaled nor centred. */
  void run(long from, long to, int images, int h, int w, boolean inverse, long workspace) {
    long image = (long) DType.C64.bytes() * h * w;
    for (int done = 0; done < images; ) {
      Fitting next = plans.get(new Size(images - done, h, w), this::fit);
      next.plan.run(from + done * image, to + done * image, inverse, workspace);
      done += next.images;
    }
  }

  /** A plan for as many of the images as the work area allows. */
  private Fitting fit(Size size) {
    long given = workspace(size.images, size.height, size.width);
    for (int images = size.images; ; images = Math.ceilDiv(images, 2)) {
      FftLibrary.Plan plan = library.plan(images, size.height, size.width);
      long wanted = plan.workspaceBytes();
      if (wanted <= given) {
        return new Fitting(images, plan);
      }
      plan.close();
      if (images == 1) {
        throw new DeviceException(
            "the Fourier transform of a %d x %d image wants a work area of %d bytes, not %d"
                .formatted(size.height, size.width, wanted, given));
      }
    }
  }

  @Override
  public void close() {
    plans.close();
  }
}
