// Random tensors: number i of the stream for the element that is i-th in row-major order.

// Each operation rounds, as on a CPU.
__device__ __forceinline__ float between(float low, float span, float u) {
  return __fadd_rn(low, __fmul_rn(span, u));
}

extern "C" __global__ void uniform_rows(Philox stream, float low, float span, float *y, i64 n) {
  each((n + 3) / 4, [&](i64 i) {
    uint4 bits = philox(stream, i);
    Pack<float> p;
    p.at[0] = between(low, span, uniform(bits.x));
    p.at[1] = between(low, span, uniform(bits.y));
    p.at[2] = between(low, span, uniform(bits.z));
    p.at[3] = between(low, span, uniform(bits.w));
    if (4 * i + 4 <= n) {
      ((Pack<float> *)y)[i] = p;
    } else {
#pragma unroll
      for (int k = 0; k < 4; k++) {
        if (4 * i + k < n) y[4 * i + k] = p.at[k];
      }
    }
  });
}

// Of a tensor that lies as [N][positions][C].
extern "C" __global__ void uniform_channels_last(
    Philox stream, float low, float span, float *y, int channels, int positions, i64 n) {
  each(n, [&](i64 i) {
    i64 rest = i;
    int c = split(rest, channels);
    int p = split(rest, positions);
    y[i] = between(low, span, uniform(stream, (rest * channels + c) * positions + p));
  });
}
