// Coils: what goes before and after Fourier transforms, root sums of squares, resampling.
//
// The library's transform is neither scaled nor centred. A centred one of n places, with c = n / 2,
// is Y[m] = sum over j of X[j] exp(-+2 pi i j m / n) between shifted orders: X[m] is the input's
// place m + c, and Y[m] the output's. One of the two shifts is a rotation of the index where a pass
// over the data reads or writes anyhow; the other is a phase, exp(+-2 pi i c m / n), on the other
// side of the transform, in the same pass.

struct Centre {
  int h, w, row, column;  // extents, and the centre on each axis; 0 if not centred
  int sign;               // of the phase: 1 forward, -1 inverse
};

// exp(sign 2 pi i c m / n): signs in turn where n is even.
__device__ __forceinline__ float2 phase(int m, int n, int c, int sign) {
  if (c == 0) return make_float2(1, 0);
  if (2 * c == n) return make_float2(m % 2 == 0 ? 1 : -1, 0);
  i64 turns = (i64)c * m;
  float sine, cosine;
  sincospif(2.0f * (turns - quotient(turns, n) * n) / n, &sine, &cosine);
  return make_float2(cosine, sign * sine);
}

// Calls f(m, q, place, factor) for K places m of the transform's side at a time: q is where they are
// on the centred side, `place` the same in the first image. A thread goes down K columns.
template <int K, class F>
__device__ __forceinline__ void centred(Centre c, float scale, i64 rows, F f) {
  int column = (int)thread_index() * K;
  if (column >= c.w) return;
  int shifted = column + c.column < c.w ? column + c.column : column + c.column - c.w;
  float2 along[K];
  for (int k = 0; k < K; k++) along[k] = scale * phase(column + k, c.w, c.column, c.sign);
  each_row(rows, [&](i64 all) {
    i64 image = quotient(all, c.h);
    int row = (int)(all - image * c.h);
    int turned = row + c.row < c.h ? row + c.row : row + c.row - c.h;
    float2 down = phase(row, c.h, c.row, c.sign);
    Complex<K> factor;
    for (int k = 0; k < K; k++) factor.at[k] = down * along[k];
    i64 place = (i64)turned * c.w + shifted;
    f(all * c.w + column, image * c.h * c.w + place, place, factor);
  });
}

// Pairs stay pairs if the rotation is by an even number.
__device__ __forceinline__ bool pairs(Centre c) { return c.w % 2 == 0 && c.column % 2 == 0; }

template <int K>
__device__ __forceinline__ Complex<K> operator*(Complex<K> a, Complex<K> b) {
  for (int k = 0; k < K; k++) a.at[k] = a.at[k] * b.at[k];
  return a;
}

template <int K>
__device__ __forceinline__ Complex<K> conj(Complex<K> a) {
  for (int k = 0; k < K; k++) a.at[k] = conj(a.at[k]);
  return a;
}

template <int K>
__device__ __forceinline__ void fft_input_by(
    const float2 *x, float2 *y, Centre c, float scale, i64 rows) {
  centred<K>(c, scale, rows, [&](i64 m, i64 q, i64, Complex<K> factor) {
    store(y + m, factor * load<K>(x + q));
  });
}

extern "C" __global__ void fft_input(
    const float2 *x, float2 *y, Centre c, float scale, i64 rows) {
  pairs(c) ? fft_input_by<2>(x, y, c, scale, rows) : fft_input_by<1>(x, y, c, scale, rows);
}

// The image as each coil sees it.
template <int K>
__device__ __forceinline__ void sens_expand_by(
    const float2 *x, const float2 *maps, float2 *y, Centre c, float scale, i64 rows) {
  centred<K>(c, scale, rows, [&](i64 m, i64 q, i64 place, Complex<K> factor) {
    store(y + m, factor * (load<K>(x + place) * load<K>(maps + q)));
  });
}

extern "C" __global__ void sens_expand(
    const float2 *x, const float2 *maps, float2 *y, Centre c, float scale, i64 rows) {
  pairs(c) ? sens_expand_by<2>(x, maps, y, c, scale, rows)
           : sens_expand_by<1>(x, maps, y, c, scale, rows);
}

// What the coils of one chunk add to the image; `more` if others came before.
template <int K>
__device__ __forceinline__ void sens_reduce_by(
    const float2 *images, const float2 *maps, float2 *y, Centre c, float scale, int coils,
    int more) {
  i64 plane = (i64)c.h * c.w;
  centred<K>(c, scale, c.h, [&](i64 m, i64 q, i64, Complex<K> factor) {
    Complex<K> sum = {};
#pragma unroll 4
    for (int coil = 0; coil < coils; coil++) {
      Complex<K> term = conj(load<K>(maps + coil * plane + q)) * load<K>(images + coil * plane + m);
      for (int k = 0; k < K; k++) sum.at[k] = sum.at[k] + term.at[k];
    }
    sum = factor * sum;
    if (more) {
      Complex<K> before = load<K>(y + q);
      for (int k = 0; k < K; k++) sum.at[k] = before.at[k] + sum.at[k];
    }
    store(y + q, sum);
  });
}

extern "C" __global__ void sens_reduce(
    const float2 *images, const float2 *maps, float2 *y, Centre c, float scale, int coils,
    int more) {
  pairs(c) ? sens_reduce_by<2>(images, maps, y, c, scale, coils, more)
           : sens_reduce_by<1>(images, maps, y, c, scale, coils, more);
}

template <int K>
__device__ __forceinline__ void map_grad_by(
    const float2 *images, const float2 *x, float2 *y, Centre c, float scale, i64 rows) {
  centred<K>(c, scale, rows, [&](i64 m, i64 q, i64 place, Complex<K> factor) {
    store(y + q, factor * (load<K>(images + m) * conj(load<K>(x + place))));
  });
}

extern "C" __global__ void map_grad(
    const float2 *images, const float2 *x, float2 *y, Centre c, float scale, i64 rows) {
  pairs(c) ? map_grad_by<2>(images, x, y, c, scale, rows) : map_grad_by<1>(images, x, y, c, scale, rows);
}

// Root sums of squares. A thread goes through the coils at K pixels, two where planes are even.

template <int K>
struct alignas(4 * K) Real {
  float at[K];
};

// a[k] += Re(conj(x[k]) y[k]).
template <int K>
__device__ __forceinline__ void add_products(Real<K> &a, Complex<K> x, Complex<K> y) {
  for (int k = 0; k < K; k++) a.at[k] += x.at[k].x * y.at[k].x + x.at[k].y * y.at[k].y;
}

// The sum of squares over all coils, from pixel p on.
template <int K>
__device__ __forceinline__ Real<K> squares(const float2 *x, i64 p, i64 pixels, int coils) {
  Real<K> sum = {};
#pragma unroll 4
  for (int coil = 0; coil < coils; coil++) {
    Complex<K> z = load<K>(x + coil * pixels + p);
    add_products(sum, z, z);
  }
  return sum;
}

template <int K>
__device__ __forceinline__ void rss_by(const float2 *x, float *y, i64 pixels, int coils) {
  each(pixels / K, [&](i64 i) {
    Real<K> sum = squares<K>(x, i * K, pixels, coils);
    for (int k = 0; k < K; k++) sum.at[k] = sqrtf(sum.at[k]);
    ((Real<K> *)y)[i] = sum;
  });
}

extern "C" __global__ void rss(const float2 *x, float *y, i64 pixels, int coils) {
  pixels % 2 == 0 ? rss_by<2>(x, y, pixels, coils) : rss_by<1>(x, y, pixels, coils);
}

template <int K>
__device__ __forceinline__ void rss_grad_by(
    const float *g, const float2 *x, const float *y, float2 *dx, i64 pixels, int coils) {
  each(pixels / K, [&](i64 i) {
    Real<K> up = ((const Real<K> *)g)[i];
    Real<K> root = ((const Real<K> *)y)[i];
    for (int k = 0; k < K; k++) up.at[k] = root.at[k] == 0 ? 0 : up.at[k] / root.at[k];
#pragma unroll 4
    for (int coil = 0; coil < coils; coil++) {
      i64 j = coil * pixels + i * K;
      Complex<K> z = load<K>(x + j);
      for (int k = 0; k < K; k++) z.at[k] = up.at[k] * z.at[k];
      store(dx + j, z);
    }
  });
}

extern "C" __global__ void rss_grad(
    const float *g, const float2 *x, const float *y, float2 *dx, i64 pixels, int coils) {
  pixels % 2 == 0 ? rss_grad_by<2>(g, x, y, dx, pixels, coils)
                  : rss_grad_by<1>(g, x, y, dx, pixels, coils);
}

template <int K>
__device__ __forceinline__ void rss_normalize_by(const float2 *x, float2 *y, i64 pixels, int coils) {
  each(pixels / K, [&](i64 i) {
    Real<K> sum = squares<K>(x, i * K, pixels, coils);
    for (int k = 0; k < K; k++) sum.at[k] = sum.at[k] == 0 ? 0 : 1 / sqrtf(sum.at[k]);
#pragma unroll 4
    for (int coil = 0; coil < coils; coil++) {
      i64 j = coil * pixels + i * K;
      Complex<K> z = load<K>(x + j);
      for (int k = 0; k < K; k++) z.at[k] = sum.at[k] * z.at[k];
      store(y + j, z);
    }
  });
}

extern "C" __global__ void rss_normalize(const float2 *x, float2 *y, i64 pixels, int coils) {
  pixels % 2 == 0 ? rss_normalize_by<2>(x, y, pixels, coils) : rss_normalize_by<1>(x, y, pixels, coils);
}

// (g - x Re(sum of conj(x) g) / s) / sqrt(s), s the sum of squares.
template <int K>
__device__ __forceinline__ void rss_normalize_grad_by(
    const float2 *g, const float2 *x, float2 *dx, i64 pixels, int coils) {
  each(pixels / K, [&](i64 i) {
    Real<K> sum = {};
    Real<K> along = {};
#pragma unroll 4
    for (int coil = 0; coil < coils; coil++) {
      i64 j = coil * pixels + i * K;
      Complex<K> z = load<K>(x + j);
      add_products(sum, z, z);
      add_products(along, z, load<K>(g + j));
    }
    for (int k = 0; k < K; k++) {
      along.at[k] = sum.at[k] == 0 ? 0 : along.at[k] / sum.at[k];
      sum.at[k] = sum.at[k] == 0 ? 0 : 1 / sqrtf(sum.at[k]);
    }
#pragma unroll 4
    for (int coil = 0; coil < coils; coil++) {
      i64 j = coil * pixels + i * K;
      Complex<K> up = load<K>(g + j);
      Complex<K> z = load<K>(x + j);
      for (int k = 0; k < K; k++) z.at[k] = sum.at[k] * (up.at[k] - along.at[k] * z.at[k]);
      store(dx + j, z);
    }
  });
}

extern "C" __global__ void rss_normalize_grad(
    const float2 *g, const float2 *x, float2 *dx, i64 pixels, int coils) {
  pixels % 2 == 0 ? rss_normalize_grad_by<2>(g, x, dx, pixels, coils)
                  : rss_normalize_grad_by<1>(g, x, dx, pixels, coils);
}

// Images along an affine map. Places are in double, once for all coils: in float, those far from the
// corner would be off by 1e-4 of a pixel.

struct Axis {
  double start, down, right;
};

__device__ __forceinline__ float2 between(float2 a, float2 b, float part) {
  return (1 - part) * a + part * b;
}

// The place of pixel (row, column) on an axis of n, split: the pixel before it, and how far beyond.
__device__ __forceinline__ int place(Axis axis, int row, int column, int n, float &beyond) {
  double at = axis.start + axis.down * row + axis.right * column;
  at = at < 0 ? 0 : at > n - 1 ? n - 1 : at;
  int whole = (int)at;
  beyond = (float)(at - whole);
  return whole;
}

extern "C" __global__ void resample(
    const float2 *x, float2 *y, Axis rows, Axis columns, int coils, int h, int w) {
  int column = (int)thread_index();
  if (column >= w) return;
  each_row(h, [&](i64 row) {
    float down, right;
    int top = place(rows, (int)row, column, h, down);
    int left = place(columns, (int)row, column, w, right);
    i64 above = (i64)top * w + left;
    i64 below = top + 1 < h ? above + w : above;
    int next = left + 1 < w ? 1 : 0;
#pragma unroll 4
    for (int coil = 0; coil < coils; coil++) {
      const float2 *z = x + (i64)coil * h * w;
      float2 upper = between(z[above], z[above + next], right);
      float2 lower = between(z[below], z[below + next], right);
      y[((i64)coil * h + row) * w + column] = between(upper, lower, down);
    }
  });
}
