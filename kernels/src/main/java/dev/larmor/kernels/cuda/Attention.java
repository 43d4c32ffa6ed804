package dev.larmor.kernels.cuda;

import dev.larmor.engine.Shape;
import dev.larmor.engine.TensorSpec;

/**
 * Attention among chunks, in passes that each do one thing: scores, softmax, weighted sums; {@code
 * attention.cu}. The scores lie in the workspace: {@code [N, chunks, H, W]}.
 */
final class Attention {
  private static final String FILE = "attention";

  /** Chunks, and channels, that a thread takes at once. */
  private static final int TILE = 4;

  private final Kernels kernels;

  Attention(Kernels kernels) {
    this.kernels = kernels;
  }

  static long workspace(int chunks, TensorSpec q) {
    return chunks * q.shape().elements() / q.shape().dim(1) * Float.BYTES;
  }

  /** Scores and their gradients. */
  static long gradWorkspace(int chunks, TensorSpec q) {
    return 2 * workspace(chunks, q);
  }

  void chunks(int chunks, Array q, Array k, Array v, Array y, long workspace) {
    dots(chunks, q, k, workspace);
    softmax(chunks, q, workspace, 0);
    mix(chunks, workspace, v, y, false);
  }

  void chunksGrad(
      int chunks,
      Array g,
      Array q,
      Array k,
      Array v,
      Array dq,
      Array dk,
      Array dv,
      long workspace) {
    long scores = workspace + workspace(chunks, q.spec());
    dots(chunks, q, k, workspace);
    dots(chunks, g, v, scores);
    softmax(chunks, q, workspace, scores);
    mix(chunks, scores, k, dq, false);
    mix(chunks, scores, q, dk, true);
    mix(chunks, workspace, g, dv, true);
  }

  private void dots(int chunks, Array q, Array k, long scores) {
    long tiles = Math.ceilDiv(chunks, TILE);
    int lanes = kernels.channelsLast() ? 8 : 1;
    kernels
        .start(FILE, "chunk_dots")
        .at(q)
        .at(k)
        .at(scores)
        .wholes(features(chunks, q))
        .over(places(chunks, q) * tiles * tiles * lanes);
  }

  private void softmax(int chunks, Array q, long scores, long gradients) {
    kernels
        .start(FILE, "chunk_softmax")
        .at(scores)
        .at(gradients)
        .number(1 / Math.sqrt(q.dim(1)))
        .wholes(features(chunks, q))
        .over(places(chunks, q) * chunks);
  }

  private void mix(int chunks, long weights, Array x, Array y, boolean transposed) {
    kernels
        .start(FILE, "chunk_mix")
        .at(weights)
        .at(x)
        .at(y)
        .whole(transposed ? 1 : 0)
        .wholes(features(chunks, x))
        .over(places(chunks, x) * Math.ceilDiv(chunks, TILE) * Math.ceilDiv(x.dim(1), TILE));
  }

  /** Pixels of a chunk, in all rows. */
  private static long places(int chunks, Array x) {
    Shape s = x.shape();
    return s.dim(0) * s.dim(2) * (s.dim(3) / chunks);
  }

  /** {@code Features}. */
  private static int[] features(int chunks, Array x) {
    return new int[] {x.dim(0), x.dim(1), x.dim(2), x.dim(3), chunks};
  }
}
