// Means over windows, and their adjoint.

// x is [outer][D][H][W][inner], y is [outer][d][h][w][inner]: inner is the channels of a tensor that
// keeps them last, else 1. Two axes count as the last two of three.
struct Pool {
  int outer, inner;
  int x[3], y[3], window[3];

  // Where element 0 of a position of x lies; and of y.
  __device__ __forceinline__ i64 in_x(i64 o, int d, int h, int w) const {
    return (((o * x[0] + d) * x[1] + h) * x[2] + w) * inner;
  }

  __device__ __forceinline__ i64 in_y(i64 o, int d, int h, int w) const {
    return (((o * y[0] + d) * y[1] + h) * y[2] + w) * inner;
  }

  __device__ __forceinline__ float weight() const {
    return 1.0f / ((float)window[0] * window[1] * window[2]);
  }
};

// K neighbours of the innermost axis at once.
template <int K>
__device__ __forceinline__ void average(const element *x, element *y, const Pool &s) {
  i64 n = (i64)s.outer * s.y[0] * s.y[1] * s.y[2] * (s.inner / K);
  each(n, [&](i64 i) {
    i64 rest = i;
    int c = split(rest, s.inner / K) * K;
    int w = split(rest, s.y[2]);
    int h = split(rest, s.y[1]);
    int d = split(rest, s.y[0]);
    float sum[K] = {};
    for (int a = 0; a < s.window[0]; a++) {
      for (int b = 0; b < s.window[1]; b++) {
        i64 row = s.in_x(rest, d * s.window[0] + a, h * s.window[1] + b, w * s.window[2]) + c;
        for (int e = 0; e < s.window[2]; e++) {
          Pack<element, K> p = *(const Pack<element, K> *)(x + row + (i64)e * s.inner);
#pragma unroll
          for (int k = 0; k < K; k++) sum[k] += value(p.at[k]);
        }
      }
    }
    Pack<element, K> p;
#pragma unroll
    for (int k = 0; k < K; k++) set(p.at[k], sum[k] * s.weight());
    ((Pack<element, K> *)y)[i] = p;
  });
}

extern "C" __global__ void average_pool(
    const element *__restrict__ x, element *__restrict__ y, Pool s) {
  if (s.inner % PACK == 0) {
    average<PACK>(x, y, s);
  } else {
    average<1>(x, y, s);
  }
}

template <int K>
__device__ __forceinline__ void average_gradient(const element *g, element *dx, const Pool &s) {
  i64 n = (i64)s.outer * s.x[0] * s.x[1] * s.x[2] * (s.inner / K);
  each(n, [&](i64 i) {
    i64 rest = i;
    int c = split(rest, s.inner / K) * K;
    int w = split(rest, s.x[2]) / s.window[2];
    int h = split(rest, s.x[1]) / s.window[1];
    int d = split(rest, s.x[0]) / s.window[0];
    Pack<element, K> p = {};
    if (d < s.y[0] && h < s.y[1] && w < s.y[2]) {
      p = *(const Pack<element, K> *)(g + s.in_y(rest, d, h, w) + c);
#pragma unroll
      for (int k = 0; k < K; k++) set(p.at[k], value(p.at[k]) * s.weight());
    }
    ((Pack<element, K> *)dx)[i] = p;
  });
}

extern "C" __global__ void average_pool_grad(
    const element *__restrict__ g, element *__restrict__ dx, Pool s) {
  if (s.inner % PACK == 0) {
    average_gradient<PACK>(g, dx, s);
  } else {
    average_gradient<1>(g, dx, s);
  }
}

// Windows two wide in rows of whole packs, inner 1: a pack of x is half a pack of y.
const int HALF = PACK / 2;

extern "C" __global__ void average_pairs(
    const element *__restrict__ x, element *__restrict__ y, Pool s) {
  each((i64)s.outer * s.y[0] * s.y[1] * (s.x[2] / PACK), [&](i64 i) {
    i64 rest = i;
    int w = split(rest, s.x[2] / PACK) * PACK;
    int h = split(rest, s.y[1]);
    int d = split(rest, s.y[0]);
    float sum[HALF] = {};
    for (int a = 0; a < s.window[0]; a++) {
      for (int b = 0; b < s.window[1]; b++) {
        i64 at = s.in_x(rest, d * s.window[0] + a, h * s.window[1] + b, w);
        Pack<element> p = *(const Pack<element> *)(x + at);
#pragma unroll
        for (int k = 0; k < HALF; k++) sum[k] += value(p.at[2 * k]) + value(p.at[2 * k + 1]);
      }
    }
    Pack<element, HALF> p;
#pragma unroll
    for (int k = 0; k < HALF; k++) set(p.at[k], sum[k] * s.weight());
    ((Pack<element, HALF> *)y)[i] = p;
  });
}

extern "C" __global__ void average_pairs_grad(
    const element *__restrict__ g, element *__restrict__ dx, Pool s) {
  each((i64)s.outer * s.x[0] * s.x[1] * (s.x[2] / PACK), [&](i64 i) {
    i64 rest = i;
    int w = split(rest, s.x[2] / PACK) * HALF;
    int h = split(rest, s.x[1]) / s.window[1];
    int d = split(rest, s.x[0]) / s.window[0];
    Pack<element> p = {};
    if (d < s.y[0] && h < s.y[1]) {
      Pack<element, HALF> q = *(const Pack<element, HALF> *)(g + s.in_y(rest, d, h, w));
#pragma unroll
      for (int k = 0; k < PACK; k++) set(p.at[k], value(q.at[k / 2]) * s.weight());
    }
    ((Pack<element> *)dx)[i] = p;
  });
}
