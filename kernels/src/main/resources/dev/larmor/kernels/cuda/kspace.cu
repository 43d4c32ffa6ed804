// k-space and a sampling mask, which has one number for each column. A thread goes down K columns,
// as many complex numbers as it reads at once, and keeps their part of the mask.

// y = f(m, x ...) for all rows of w columns.
template <int K, class F, class... X>
__device__ __forceinline__ void in_columns(
    F f, const float *mask, float2 *y, i64 rows, int w, const X *...x) {
  i64 column = thread_index() * K;
  if (column >= w) return;
  float m[K];
  for (int k = 0; k < K; k++) m[k] = mask[column + k];
  each_row(rows, [&](i64 row) {
    i64 i = row * w + column;
    auto all = [&](Complex<K> first, auto... rest) {
      for (int k = 0; k < K; k++) first.at[k] = f(m[k], first.at[k], rest.at[k]...);
      store(y + i, first);
    };
    all(load<K>(x + i)...);
  });
}

// Rows of an even number of columns start on 16 bytes.
template <class F, class... X>
__device__ __forceinline__ void masked(
    F f, const float *mask, float2 *y, i64 rows, int w, const X *...x) {
  if (w % 2 == 0) {
    in_columns<2>(f, mask, y, rows, w, x...);
  } else {
    in_columns<1>(f, mask, y, rows, w, x...);
  }
}

extern "C" __global__ void mask_columns(
    const float2 *k, const float *mask, float2 *y, i64 rows, int w) {
  masked([](float m, float2 k) { return m * k; }, mask, y, rows, w, k);
}

extern "C" __global__ void masked_residual(
    const float2 *k, const float2 *reference, const float *mask, float2 *y, i64 rows, int w) {
  masked([](float m, float2 k, float2 r) { return m * (k - r); }, mask, y, rows, w, k, reference);
}

extern "C" __global__ void soft_data_consistency(
    const float2 *k, const float2 *reference, const float2 *refinement, const float *mask,
    const float *weight, float2 *y, i64 rows, int w) {
  float s = *weight;
  auto soft = [=](float m, float2 k, float2 r, float2 refined) {
    return k - s * m * (k - r) - refined;
  };
  masked(soft, mask, y, rows, w, k, reference, refinement);
}

extern "C" __global__ void soft_grad(
    const float2 *g, const float *mask, const float *weight, float2 *y, i64 rows, int w) {
  float s = *weight;
  masked([=](float m, float2 g) { return (1 - s * m) * g; }, mask, y, rows, w, g);
}
