// Sums over whole tensors, in two passes: each block sums a share that follows from n alone, then
// one block adds up the shares. In double: losses and norms are sums of many terms that may cancel,
// and memory is the bound all the same.

// The block's part of the sum of f over 0 ... n-1; `share` is a multiple of BLOCK.
template <class F>
__device__ __forceinline__ void share_sum(i64 n, i64 share, double *partial, F f) {
  i64 first = blockIdx.x * share;
  i64 last = first + share < n ? first + share : n;
  double sum = 0;
  for (i64 i = first + threadIdx.x; i < last; i += BLOCK) sum += f(i);
  sum = block_sum(sum, [](double a, double b) { return a + b; });
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

extern "C" __global__ void sum_shares(const element *x, double *partial, i64 share, i64 n) {
  share_sum(n, share, partial, [&](i64 i) { return (double)value(x[i]); });
}

// The real inner product; of complex tensors too, as twice as many reals.
extern "C" __global__ void dot_shares(
    const element *x, const element *y, double *partial, i64 share, i64 n) {
  share_sum(n, share, partial, [&](i64 i) { return (double)value(x[i]) * value(y[i]); });
}

// One block.
extern "C" __global__ void sum_of_shares(const double *partial, float *y, int count) {
  double sum = 0;
  for (int i = threadIdx.x; i < count; i += BLOCK) sum += partial[i];
  sum = block_sum(sum, [](double a, double b) { return a + b; });
  if (threadIdx.x == 0) *y = (float)sum;
}
