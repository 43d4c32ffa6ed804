// Sums over the positions of channels, and elements changed by numbers of their channel.

__device__ __forceinline__ float plus(float a, float b) { return a + b; }

extern "C" __global__ void channel_sums(
    const element *__restrict__ x, float *__restrict__ sum, Columns v) {
  sized(v, [&](auto size) {
    const int K = decltype(size)::K;
    sum_columns<K, float>(
        v,
        [&](i64 i, float *own) {
          Pack<element, K> p = ((const Pack<element, K> *)x)[i];
#pragma unroll
          for (int k = 0; k < K; k++) own[k] += value(p.at[k]);
        },
        plus, [&](i64 i, float s) { sum[i] = s; });
  });
}

extern "C" __global__ void channel_dots(
    const element *__restrict__ x, const element *__restrict__ y, float *__restrict__ sum,
    Columns v) {
  sized(v, [&](auto size) {
    const int K = decltype(size)::K;
    sum_columns<K, float>(
        v,
        [&](i64 i, float *own) {
          Pack<element, K> p = ((const Pack<element, K> *)x)[i];
          Pack<element, K> q = ((const Pack<element, K> *)y)[i];
#pragma unroll
          for (int k = 0; k < K; k++) own[k] += value(p.at[k]) * value(q.at[k]);
        },
        plus, [&](i64 i, float s) { sum[i] = s; });
  });
}

// There are `count` biases, then they begin anew.
extern "C" __global__ void add_bias(
    const element *__restrict__ x, const float *__restrict__ bias, element *__restrict__ y,
    int count, Columns v) {
  map_columns(
      x, y, v, [=](int c) { return bias[c % count]; }, [](float b, float p) { return p + b; });
}

extern "C" __global__ void channel_scale(
    const element *__restrict__ x, const float *__restrict__ a, element *__restrict__ y,
    Columns v) {
  map_columns(x, y, v, [=](int c) { return a[c]; }, [](float s, float p) { return s * p; });
}

extern "C" __global__ void channel_affine(
    const element *__restrict__ x, const float *__restrict__ a, const float *__restrict__ b,
    element *__restrict__ y, Columns v) {
  map_columns(
      x, y, v, [=](int c) { return make_float2(a[c], b[c]); },
      [](float2 s, float p) { return s.x * p + s.y; });
}

// A dropped channel has the factor 0, and becomes 0 whatever is in it.
extern "C" __global__ void channel_dropout(
    const element *__restrict__ x, element *__restrict__ y, Philox stream, float probability,
    float factor, Columns v) {
  map_columns(
      x, y, v, [=](int c) { return uniform(stream, c) < probability ? 0 : factor; },
      [](float s, float p) { return s == 0 ? 0 : s * p; });
}
