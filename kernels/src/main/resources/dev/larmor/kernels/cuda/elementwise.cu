// One result for each element. A complex tensor is twice as many reals where that is the same.

extern "C" __global__ void add(const element *a, const element *b, element *y, i64 n) {
  map(a, b, y, n, [](float p, float q) { return p + q; });
}

extern "C" __global__ void subtract(const element *a, const element *b, element *y, i64 n) {
  map(a, b, y, n, [](float p, float q) { return p - q; });
}

extern "C" __global__ void multiply(const element *a, const element *b, element *y, i64 n) {
  map(a, b, y, n, [](float p, float q) { return p * q; });
}

// a·b, or a·conj(b) where sign is -1; two complex numbers are 16 bytes.
extern "C" __global__ void multiply_complex(
    const float2 *a, const float2 *b, float2 *y, float sign, i64 n) {
  struct alignas(16) Two { float2 at[2]; };
  each(n / 2, [&](i64 i) {
    Two p = ((const Two *)a)[i];
    Two q = ((const Two *)b)[i];
    for (int k = 0; k < 2; k++) p.at[k] = p.at[k] * make_float2(q.at[k].x, sign * q.at[k].y);
    ((Two *)y)[i] = p;
  });
  if (n % 2 == 1 && thread_index() == 0) {
    y[n - 1] = a[n - 1] * make_float2(b[n - 1].x, sign * b[n - 1].y);
  }
}

extern "C" __global__ void affine(const element *x, element *y, float scale, float shift, i64 n) {
  map(x, y, n, [=](float p) { return scale * p + shift; });
}

// The shift goes to the real part.
extern "C" __global__ void affine_complex(
    const float2 *x, float2 *y, float scale, float shift, i64 n) {
  each(n, [&](i64 i) { y[i] = make_float2(scale * x[i].x + shift, scale * x[i].y); });
}

extern "C" __global__ void axpy(element *y, const element *x, float alpha, i64 n) {
  map(y, x, y, n, [=](float p, float q) { return p + alpha * q; });
}

extern "C" __global__ void scale_by(const element *x, const float *s, element *y, i64 n) {
  float factor = *s;
  map(x, y, n, [=](float p) { return factor * p; });
}

extern "C" __global__ void spread(const float *s, element *y, i64 n) {
  each(n, [&](i64 i) { set(y[i], *s); });
}

// Fills n elements of 1, 2, 4 or 8 bytes with the same bits: 16 bytes of them are given.
extern "C" __global__ void fill(u8 *y, u64 low, u64 high, i64 bytes) {
  struct alignas(16) Bits { u64 at[2]; };
  Bits bits = {{low, high}};
  each(bytes / 16, [&](i64 i) { ((Bits *)y)[i] = bits; });
  i64 done = bytes / 16 * 16;
  each(bytes - done, [&](i64 i) { y[done + i] = (u8)(bits.at[i / 8] >> i % 8 * 8); });
}

// Conversions to and from the file's element.
extern "C" __global__ void cast_from_float(const float *x, element *y, i64 n) {
  map(x, y, n, [](float p) { return p; });
}

extern "C" __global__ void cast_to_float(const element *x, float *y, i64 n) {
  map(x, y, n, [](float p) { return p; });
}

extern "C" __global__ void cast_from_bf16(const bf16 *x, element *y, i64 n) {
  map(x, y, n, [](float p) { return p; });
}

extern "C" __global__ void cast_from_f16(const f16 *x, element *y, i64 n) {
  map(x, y, n, [](float p) { return p; });
}

extern "C" __global__ void cast_from_double(const double *x, element *y, i64 n) {
  each(n, [&](i64 i) { set(y[i], (float)x[i]); });
}

extern "C" __global__ void cast_to_double(const element *x, double *y, i64 n) {
  each(n, [&](i64 i) { y[i] = value(x[i]); });
}

extern "C" __global__ void leaky_relu(const element *x, element *y, float slope, i64 n) {
  map(x, y, n, [=](float p) { return p >= 0 ? p : slope * p; });
}

extern "C" __global__ void leaky_relu_grad(
    const element *g, const element *x, element *y, float slope, i64 n) {
  map(g, x, y, n, [=](float p, float q) { return q >= 0 ? p : slope * p; });
}

#define UNARY(name, f, df)                                                                  \
  extern "C" __global__ void unary_##name(const element *x, element *y, i64 n) {            \
    map(x, y, n, [](float p) { return f; });                                                \
  }                                                                                         \
  extern "C" __global__ void unary_##name##_grad(                                           \
      const element *g, const element *x, element *y, i64 n) {                              \
    map(g, x, y, n, [](float u, float p) { return u * (df); });                             \
  }

UNARY(abs, fabsf(p), p > 0 ? 1.0f : p < 0 ? -1.0f : 0.0f)
UNARY(square, p *p, 2 * p)
UNARY(sqrt, sqrtf(p), 0.5f / sqrtf(p))
UNARY(rsqrt, 1 / sqrtf(p), -0.5f / (p * sqrtf(p)))
UNARY(exp, expf(p), expf(p))
UNARY(log, logf(p), 1 / p)
