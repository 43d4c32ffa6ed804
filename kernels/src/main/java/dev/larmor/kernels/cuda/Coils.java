package dev.larmor.kernels.cuda;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.Resample;

/** Ops on coil images, coil k-space and sensitivity maps; {@code coils.cu}. */
final class Coils {
  static final String FILE = "coils";

  private static final Fft2 TO_KSPACE = new Fft2(false, true);
  private static final Fft2 TO_IMAGE = new Fft2(true, true);

  /** Coil images that are held at a time; one at least. */
  private static final long MOST_IMAGE_BYTES = 64L << 20;

  private final Kernels kernels;
  private final Fourier fourier;

  Coils(Kernels kernels, Fourier fourier) {
    this.kernels = kernels;
    this.fourier = fourier;
  }

  static long expandWorkspace(TensorSpec maps) {
    return Fourier.workspace(maps);
  }

  /** The images of a chunk of coils, and the library's work area behind them. */
  static long imagesWorkspace(TensorSpec kspace) {
    TensorSpec chunk = kspace.as(kspace.shape().with(0, chunk(kspace)));
    return imageBytes(chunk) + Fourier.workspace(chunk);
  }

  private static long imageBytes(TensorSpec images) {
    return CudaPlanner.aligned(images.bytes());
  }

  /** Coils at a time. */
  private static int chunk(TensorSpec kspace) {
    int coils = kspace.shape().size(0);
    return Math.clamp(MOST_IMAGE_BYTES / (kspace.bytes() / coils), 1, coils);
  }

  void rss(Array x, Array y) {
    finish(kernels.start(FILE, "rss").at(x).at(y), x);
  }

  void rssGrad(Array g, Array x, Array rss, Array dx) {
    finish(kernels.start(FILE, "rss_grad").at(g).at(x).at(rss).at(dx), x);
  }

  void rssNormalize(Array x, Array y) {
    finish(kernels.start(FILE, "rss_normalize").at(x).at(y), x);
  }

  void rssNormalizeGrad(Array g, Array x, Array dx) {
    finish(kernels.start(FILE, "rss_normalize_grad").at(g).at(x).at(dx), x);
  }

  private static void finish(Launch launch, Array x) {
    int coils = x.dim(0);
    long pixels = x.elements() / coils;
    launch.count(pixels).whole(coils).over(pixels % 2 == 0 ? pixels / 2 : pixels);
  }

  void resample(Resample o, Array x, Array y) {
    int h = x.dim(1);
    int w = x.dim(2);
    Launch launch = kernels.start(FILE, "resample").at(x).at(y);
    axis(axis(launch, o.row()), o.column()).whole(x.dim(0)).whole(h).whole(w).rows(w, h);
  }

  private static Launch axis(Launch launch, Resample.Axis axis) {
    return launch.table(
        Double.doubleToRawLongBits(axis.start()),
        Double.doubleToRawLongBits(axis.down()),
        Double.doubleToRawLongBits(axis.right()));
  }

  void expand(Array image, Array maps, Array kspace, long workspace) {
    int coils = maps.dim(0);
    int h = maps.dim(1);
    int w = maps.dim(2);
    long rows = (long) coils * h;
    Launch launch = kernels.start(FILE, "sens_expand").at(image).at(maps).at(kspace);
    Fourier.centre(launch, TO_KSPACE, h, w).count(rows).rows(Fourier.columns(TO_KSPACE, w), rows);
    fourier.run(kspace.address(), kspace.address(), coils, h, w, false, workspace);
  }

  /** What is done with the images of the coils from {@code start} on; {@code offset} in bytes. */
  private interface Chunk {
    void with(int start, int coils, long offset);
  }

  /** Leaves the images of one chunk of coils after the other at the start of the workspace. */
  private void inChunks(Array kspace, long workspace, Chunk chunk) {
    TensorSpec k = kspace.spec();
    int coils = kspace.dim(0);
    int most = chunk(k);
    long image = k.bytes() / coils;
    long library = workspace + imageBytes(k.as(k.shape().with(0, most)));
    for (int start = 0; start < coils; start += most) {
      int n = Math.min(most, coils - start);
      long from = kspace.address() + start * image;
      fourier.run(from, workspace, n, kspace.dim(1), kspace.dim(2), true, library);
      chunk.with(start, n, start * image);
    }
  }

  void reduce(Array kspace, Array maps, Array image, long workspace) {
    int h = maps.dim(1);
    int w = maps.dim(2);
    inChunks(
        kspace,
        workspace,
        (start, coils, offset) -> {
          Launch launch = kernels.start(FILE, "sens_reduce");
          launch.at(workspace).at(maps.address() + offset).at(image);
          Fourier.centre(launch, TO_IMAGE, h, w)
              .whole(coils)
              .whole(start)
              .rows(Fourier.columns(TO_IMAGE, w), h);
        });
  }

  void mapGrad(Array kspace, Array image, Array maps, long workspace) {
    int h = maps.dim(1);
    int w = maps.dim(2);
    inChunks(
        kspace,
        workspace,
        (_, coils, offset) -> {
          long rows = (long) coils * h;
          Launch launch = kernels.start(FILE, "map_grad");
          launch.at(workspace).at(image).at(maps.address() + offset);
          Fourier.centre(launch, TO_IMAGE, h, w)
              .count(rows)
              .rows(Fourier.columns(TO_IMAGE, w), rows);
        });
  }
}
