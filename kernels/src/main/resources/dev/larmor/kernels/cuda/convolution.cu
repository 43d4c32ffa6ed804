// What surrounds the library's convolutions, and the few that it does not compute.

// Where weight (o, i, t) of a tensor with I inputs and K taps is.
__device__ __forceinline__ i64 weight_place(i64 o, int i, int t, int I, int K) {
  return CHANNELS_LAST ? (o * K + t) * I + i : (o * I + i) * K + t;
}

// A complex weight a + ib as the real block [[a, -b], [b, a]] that multiplies (re, im).
extern "C" __global__ void expand_weights(const float2 *w, float *block, int O, int I, int K) {
  each((i64)O * I * K, [&](i64 at) {
    int t = at % K, i = at / K % I;
    i64 o = at / K / I;
    float2 v = w[weight_place(o, i, t, I, K)];
    block[weight_place(2 * o, 2 * i, t, 2 * I, K)] = v.x;
    block[weight_place(2 * o, 2 * i + 1, t, 2 * I, K)] = -v.y;
    block[weight_place(2 * o + 1, 2 * i, t, 2 * I, K)] = v.y;
    block[weight_place(2 * o + 1, 2 * i + 1, t, 2 * I, K)] = v.x;
  });
}

// The gradient of a + ib from its block's.
extern "C" __global__ void fold_weights(const float *block, float2 *w, int O, int I, int K) {
  each((i64)O * I * K, [&](i64 at) {
    int t = at % K, i = at / K % I;
    i64 o = at / K / I;
    float a = block[weight_place(2 * o, 2 * i, t, 2 * I, K)];
    float b = block[weight_place(2 * o, 2 * i + 1, t, 2 * I, K)];
    float c = block[weight_place(2 * o + 1, 2 * i, t, 2 * I, K)];
    float d = block[weight_place(2 * o + 1, 2 * i + 1, t, 2 * I, K)];
    w[weight_place(o, i, t, I, K)] = make_float2(a + d, c - b);
  });
}

// Extents N C D H W, O I D H W and N O D H W.
struct Geometry {
  int groups;
  int x[5], w[5], y[5];
  int stride[3], padding[3], dilation[3];
};

// An element's place in a tensor, taken apart in the order of memory.
struct Place {
  int n, c, at[3];
};

__device__ __forceinline__ Place place_of(i64 index, const int *dims) {
  Place p;
  if (CHANNELS_LAST) {
    p.c = index % dims[1];
    index /= dims[1];
  }
  for (int i = 2; i >= 0; i--) {
    p.at[i] = index % dims[i + 2];
    index /= dims[i + 2];
  }
  if (!CHANNELS_LAST) {
    p.c = index % dims[1];
    index /= dims[1];
  }
  p.n = (int)index;
  return p;
}

__device__ __forceinline__ i64 index_of(int n, int c, const int *at, const int *dims) {
  i64 position = ((i64)at[0] * dims[3] + at[1]) * dims[4] + at[2];
  i64 positions = (i64)dims[2] * dims[3] * dims[4];
  return CHANNELS_LAST ? (n * positions + position) * dims[1] + c
                       : ((i64)n * dims[1] + c) * positions + position;
}

extern "C" __global__ void direct_forward(
    const element *x, const element *w, element *y, Geometry k) {
  i64 count = (i64)k.y[0] * k.y[1] * k.y[2] * k.y[3] * k.y[4];
  each(count, [&](i64 index) {
    Place p = place_of(index, k.y);
    int first = p.c / (k.w[0] / k.groups) * k.w[1];
    float sum = 0;
    int tap[3], at[3];
    for (tap[0] = 0; tap[0] < k.w[2]; tap[0]++)
      for (tap[1] = 0; tap[1] < k.w[3]; tap[1]++)
        for (tap[2] = 0; tap[2] < k.w[4]; tap[2]++) {
          bool inside = true;
          for (int i = 0; i < 3; i++) {
            at[i] = p.at[i] * k.stride[i] - k.padding[i] + tap[i] * k.dilation[i];
            inside = inside && at[i] >= 0 && at[i] < k.x[i + 2];
          }
          for (int c = 0; inside && c < k.w[1]; c++) {
            sum += value(x[index_of(p.n, first + c, at, k.x)]) *
                   value(w[index_of(p.c, c, tap, k.w)]);
          }
        }
    set(y[index], sum);
  });
}

extern "C" __global__ void direct_input(
    const element *y, const element *w, element *x, Geometry k) {
  i64 count = (i64)k.x[0] * k.x[1] * k.x[2] * k.x[3] * k.x[4];
  int outputs = k.w[0] / k.groups;
  each(count, [&](i64 index) {
    Place p = place_of(index, k.x);
    int first = p.c / k.w[1] * outputs;
    float sum = 0;
    int tap[3], at[3];
    for (tap[0] = 0; tap[0] < k.w[2]; tap[0]++)
      for (tap[1] = 0; tap[1] < k.w[3]; tap[1]++)
        for (tap[2] = 0; tap[2] < k.w[4]; tap[2]++) {
          bool inside = true;
          for (int i = 0; i < 3; i++) {
            int stretched = p.at[i] + k.padding[i] - tap[i] * k.dilation[i];
            at[i] = stretched / k.stride[i];
            inside = inside && stretched >= 0 && stretched % k.stride[i] == 0 && at[i] < k.y[i + 2];
          }
          for (int o = first; inside && o < first + outputs; o++) {
            sum += value(y[index_of(p.n, o, at, k.y)]) *
                   value(w[index_of(o, p.c % k.w[1], tap, k.w)]);
          }
        }
    set(x[index], sum);
  });
}

// A block for each weight.
extern "C" __global__ void direct_weight(
    const element *x, const element *y, element *w, Geometry k) {
  Place p = place_of(blockIdx.x, k.w);
  int channel = p.n / (k.w[0] / k.groups) * k.w[1] + p.c;
  i64 positions = (i64)k.y[2] * k.y[3] * k.y[4];
  float sum = 0;
  for (i64 i = threadIdx.x; i < k.y[0] * positions; i += BLOCK) {
    i64 rest = i;
    int out[3], at[3];
    bool inside = true;
    for (int a = 2; a >= 0; a--) {
      out[a] = rest % k.y[a + 2];
      rest /= k.y[a + 2];
      at[a] = out[a] * k.stride[a] - k.padding[a] + p.at[a] * k.dilation[a];
      inside = inside && at[a] >= 0 && at[a] < k.x[a + 2];
    }
    if (inside) {
      sum += value(x[index_of((int)rest, channel, at, k.x)]) *
             value(y[index_of((int)rest, p.n, out, k.y)]);
    }
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) set(w[blockIdx.x], sum);
}
