package dev.larmor.kernels.ref;

import dev.larmor.engine.op.ChunkAttention;
import dev.larmor.engine.op.MatMul;

/** Matrix products and attention. */
final class Products {
  private Products() {}

  static void matMul(MatMul op, RefTensor a, RefTensor b, RefTensor y) {
    int rows = y.dim(0);
    int columns = y.dim(1);
    int inner = a.dim(op.transposeA() ? 0 : 1);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        double sum = 0;
        for (int k = 0; k < inner; k++) {
          double left = a.re(op.transposeA() ? (long) k * rows + i : (long) i * inner + k);
          double right = b.re(op.transposeB() ? (long) j * inner + k : (long) k * columns + j);
          sum += left * right;
        }
        y.set((long) i * columns + j, sum);
      }
    }
  }

  /** A place of one row: the pixels {@code p, p + length, …} that attend to each other. */
  private record Place(int channels, int height, int width, int length, int n, int h, int p) {
    long index(int channel, int chunk) {
      return (((long) n * channels + channel) * height + h) * width + (long) chunk * length + p;
    }

    double dot(RefTensor a, int chunkA, RefTensor b, int chunkB) {
      double sum = 0;
      for (int c = 0; c < channels; c++) {
        sum += a.re(index(c, chunkA)) * b.re(index(c, chunkB));
      }
      return sum;
    }
  }

  private interface AtPlace {
    void visit(Place place, double[][] attention);
  }

  /** Visits every place with its attention matrix softmax(q·kᵀ/sqrt(C)): [query][key]. */
  private static void places(ChunkAttention op, RefTensor q, RefTensor k, AtPlace at) {
    int chunks = op.chunks();
    int length = q.dim(3) / chunks;
    for (int n = 0; n < q.dim(0); n++) {
      for (int h = 0; h < q.dim(2); h++) {
        for (int p = 0; p < length; p++) {
          Place place = new Place(q.dim(1), q.dim(2), q.dim(3), length, n, h, p);
          double[][] attention = new double[chunks][chunks];
          for (int i = 0; i < chunks; i++) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < chunks; j++) {
              attention[i][j] = place.dot(q, i, k, j) / Math.sqrt(q.dim(1));
              largest = Math.max(largest, attention[i][j]);
            }
            double sum = 0;
            for (int j = 0; j < chunks; j++) {
              attention[i][j] = Math.exp(attention[i][j] - largest);
              sum += attention[i][j];
            }
            for (int j = 0; j < chunks; j++) {
              attention[i][j] /= sum;
            }
          }
          at.visit(place, attention);
        }
      }
    }
  }

  static void chunkAttention(
      ChunkAttention op, RefTensor q, RefTensor k, RefTensor v, RefTensor y) {
    y.zero();
    places(
        op,
        q,
        k,
        (place, attention) -> {
          for (int c = 0; c < place.channels(); c++) {
            for (int i = 0; i < op.chunks(); i++) {
              for (int j = 0; j < op.chunks(); j++) {
                y.add(place.index(c, i), attention[i][j] * v.re(place.index(c, j)), 0);
              }
            }
          }
        });
  }

  /** Inputs g, q, k, v; outputs the gradients of q, k and v. */
  static void chunkAttentionGrad(ChunkAttention op, RefTensor[] in, RefTensor[] out) {
    RefTensor g = in[0];
    RefTensor q = in[1];
    RefTensor k = in[2];
    RefTensor v = in[3];
    for (RefTensor gradient : out) {
      gradient.zero();
    }
    places(
        op,
        q,
        k,
        (place, attention) -> {
          for (int i = 0; i < op.chunks(); i++) {
            // The softmax's rule: score gradient = a·(da − Σ a·da).
            double mean = 0;
            for (int j = 0; j < op.chunks(); j++) {
              mean += attention[i][j] * place.dot(g, i, v, j);
            }
            for (int j = 0; j < op.chunks(); j++) {
              double score =
                  attention[i][j] * (place.dot(g, i, v, j) - mean) / Math.sqrt(place.channels());
              for (int c = 0; c < place.channels(); c++) {
                out[0].add(place.index(c, i), score * k.re(place.index(c, j)), 0);
                out[1].add(place.index(c, j), score * q.re(place.index(c, i)), 0);
                out[2].add(place.index(c, j), attention[i][j] * g.re(place.index(c, i)), 0);
              }
            }
          }
        });
  }
}
