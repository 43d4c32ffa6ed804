package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Attention among the pixels at the same place of each chunk of a line. Channels lie together, so a
 * score is a dot product of two runs of memory.
 */
final class Attention {
  private final Team team;

  Attention(Team team) {
    this.team = team;
  }

  /** What the places of one task share. */
  private static final class Places {
    final int channels;
    final int chunks;
    final long chunkBytes;
    final float scale;
    final VectorMask<Float> rest;
    final int whole;
    final float[] attention; // [query][key]
    final float[] grad;

    Places(Array q, int chunks) {
      channels = q.dim(1);
      this.chunks = chunks;
      chunkBytes = (long) q.dim(3) / chunks * channels * FLOAT;
      scale = (float) (1 / Math.sqrt(channels));
      whole = channels / Lanes.WIDTH * Lanes.WIDTH;
      rest = Lanes.first(channels - whole);
      attention = new float[chunks * chunks];
      grad = new float[chunks * chunks];
    }

    float dot(long x, long y) {
      FloatVector sum =
          Lanes.load(x + FLOAT * whole, rest).mul(Lanes.load(y + FLOAT * whole, rest));
      for (int c = 0; c < whole; c += Lanes.WIDTH) {
        sum = Lanes.load(x + FLOAT * c).fma(Lanes.load(y + FLOAT * c), sum);
      }
      return Lanes.sum(sum);
    }

    /** softmax(q·kᵀ/sqrt(C)) of the pixels that lie in the first chunk at these addresses. */
    void attend(long q, long k) {
      for (int i = 0; i < chunks; i++) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < chunks; j++) {
          float score = scale * dot(q + i * chunkBytes, k + j * chunkBytes);
          attention[i * chunks + j] = score;
          largest = Math.max(largest, score);
        }
        float sum = 0;
        for (int j = 0; j < chunks; j++) {
          float e = (float) Math.exp(attention[i * chunks + j] - largest);
          attention[i * chunks + j] = e;
          sum += e;
        }
        for (int j = 0; j < chunks; j++) {
          attention[i * chunks + j] /= sum;
        }
      }
    }

    /** y = Σ_j weights[first + j·step]·x_j, x_j the pixel of chunk j. */
    void mix(float[] weights, int first, int step, long x, long y) {
      for (int c = 0; c < whole; c += Lanes.WIDTH) {
        FloatVector sum = Lanes.broadcast(0);
        for (int j = 0; j < chunks; j++) {
          FloatVector pixel = Lanes.load(x + j * chunkBytes + FLOAT * c);
          sum = pixel.fma(Lanes.broadcast(weights[first + j * step]), sum);
        }
        Lanes.store(sum, y + FLOAT * c);
      }
      if (whole < channels) {
        FloatVector sum = Lanes.broadcast(0);
        for (int j = 0; j < chunks; j++) {
          FloatVector pixel = Lanes.load(x + j * chunkBytes + FLOAT * whole, rest);
          sum = pixel.fma(Lanes.broadcast(weights[first + j * step]), sum);
        }
        Lanes.store(sum, y + FLOAT * whole, rest);
      }
    }
  }

  private interface Place {
    /** Works on the place whose pixel in the first chunk is {@code offset} bytes in. */
    void run(Places places, long offset);
  }

  private void places(Array q, int chunks, Place body) {
    int width = q.dim(3);
    long pixel = (long) q.dim(1) * FLOAT;
    Split.ranges(
        team,
        (long) q.dim(0) * q.dim(2),
        Math.max(1, Split.GRAIN / 4 / ((long) width * q.dim(1))),
        (from, to) -> {
          Places places = new Places(q, chunks);
          for (long line = from; line < to; line++) {
            for (int p = 0; p < width / chunks; p++) {
              body.run(places, (line * width + p) * pixel);
            }
          }
        });
  }

  void chunks(int chunks, Array q, Array k, Array v, Array y) {
    places(
        q,
        chunks,
        (places, at) -> {
          places.attend(q.address() + at, k.address() + at);
          for (int i = 0; i < chunks; i++) {
            places.mix(
                places.attention,
                i * chunks,
                1,
                v.address() + at,
                y.address() + at + i * places.chunkBytes);
          }
        });
  }

  /** The attention is computed again. */
  void chunksGrad(int chunks, Array g, Array q, Array k, Array v, Array gq, Array gk, Array gv) {
    places(
        q,
        chunks,
        (places, at) -> {
          places.attend(q.address() + at, k.address() + at);
          scoreGrad(places, g.address() + at, v.address() + at);
          for (int i = 0; i < chunks; i++) {
            long here = at + i * places.chunkBytes;
            places.mix(places.grad, i * chunks, 1, k.address() + at, gq.address() + here);
            places.mix(places.grad, i, chunks, q.address() + at, gk.address() + here);
            places.mix(places.attention, i, chunks, g.address() + at, gv.address() + here);
          }
        });
  }

  /** The softmax's rule, a·(da − Σ a·da), times the scale of the scores. */
  private static void scoreGrad(Places places, long g, long v) {
    int chunks = places.chunks;
    for (int i = 0; i < chunks; i++) {
      float mean = 0;
      for (int j = 0; j < chunks; j++) {
        float upstream = places.dot(g + i * places.chunkBytes, v + j * places.chunkBytes);
        places.grad[i * chunks + j] = upstream;
        mean += places.attention[i * chunks + j] * upstream;
      }
      for (int j = 0; j < chunks; j++) {
        int ij = i * chunks + j;
        places.grad[ij] = places.scale * places.attention[ij] * (places.grad[ij] - mean);
      }
    }
  }
}
