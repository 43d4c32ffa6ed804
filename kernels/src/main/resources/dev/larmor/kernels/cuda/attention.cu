// Attention among the chunks of a row: the pixels at place p of each chunk attend to each other.
// Scores, weights and their gradients are kept as [N][key chunk][H][W], column W being the query's
// pixel, in either layout of the features.

// Chunks that a thread takes at once.
const int TILE = 4;

struct Features {
  int samples, channels, height, width, chunks;

  __device__ __forceinline__ int length() const { return width / chunks; }

  __device__ __forceinline__ int tiles() const { return (chunks + TILE - 1) / TILE; }

  // Where channel 0 of a pixel lies, chunk i's or, where there is none, the last chunk's.
  __device__ __forceinline__ i64 pixel(i64 n, int h, int p, int i) const {
    i64 row = CHANNELS_LAST ? n * height + h : n * channels * height + h;
    i64 at = row * width + column(p, i);
    return CHANNELS_LAST ? at * channels : at;
  }

  __device__ __forceinline__ i64 channel_step() const {
    return CHANNELS_LAST ? 1 : (i64)height * width;
  }

  // Where the score of a query in chunk i and a key in chunk j lies.
  __device__ __forceinline__ i64 score(i64 n, int h, int p, int i, int j) const {
    int key = j < chunks ? j : chunks - 1;
    return ((n * chunks + key) * height + h) * width + column(p, i);
  }

  __device__ __forceinline__ int column(int p, int i) const {
    return (i < chunks ? i : chunks - 1) * length() + p;
  }
};

// K channels of a pixel; channels-first, some beyond the last are the last again.
template <int K>
__device__ __forceinline__ Pack<float, K> channels_at(
    const float *x, const Features &f, i64 pixel, int c) {
  if constexpr (CHANNELS_LAST != 0) {
    return *(const Pack<float, K> *)(x + pixel + c);
  } else {
    Pack<float, K> p;
#pragma unroll
    for (int k = 0; k < K; k++) {
      int channel = c + k < f.channels ? c + k : f.channels - 1;
      p.at[k] = x[pixel + channel * f.channel_step()];
    }
    return p;
  }
}

// Lanes of a warp that share a pixel's channels, where those are neighbours in memory.
const int LANES = CHANNELS_LAST ? 8 : 1;

// Scores q·k of tiles of queries and keys.
template <int K>
__device__ __forceinline__ void dots(
    const float *q, const float *k, float *scores, const Features &f) {
  const int ITEMS = 32 / LANES;  // of a warp, whose lanes stay together
  int tiles = f.tiles();
  i64 n = (i64)f.samples * f.height * f.length() * tiles * tiles;
  int lane = threadIdx.x % LANES;
  for (i64 warp = thread_index() / 32; warp * ITEMS < n; warp += thread_count() / 32) {
    i64 item = warp * ITEMS + threadIdx.x % 32 / LANES;
    i64 rest = item < n ? item : n - 1;
    int p = split(rest, f.length());
    int j0 = split(rest, tiles) * TILE;
    int i0 = split(rest, tiles) * TILE;
    int h = split(rest, f.height);
    i64 query[TILE], key[TILE];
    float sum[TILE][TILE] = {};
#pragma unroll
    for (int t = 0; t < TILE; t++) {
      query[t] = f.pixel(rest, h, p, i0 + t);
      key[t] = f.pixel(rest, h, p, j0 + t);
    }
#pragma unroll 2
    for (int c = lane * K; c < f.channels; c += LANES * K) {
      Pack<float, K> a[TILE], b[TILE];
#pragma unroll
      for (int t = 0; t < TILE; t++) {
        a[t] = channels_at<K>(q, f, query[t], c);
        b[t] = channels_at<K>(k, f, key[t], c);
      }
#pragma unroll
      for (int i = 0; i < TILE; i++) {
#pragma unroll
        for (int j = 0; j < TILE; j++) {
#pragma unroll
          for (int e = 0; e < K; e++) sum[i][j] += a[i].at[e] * b[j].at[e];
        }
      }
    }
#pragma unroll
    for (int i = 0; i < TILE; i++) {
#pragma unroll
      for (int j = 0; j < TILE; j++) {
#pragma unroll
        for (int half = LANES / 2; half > 0; half /= 2) {
          sum[i][j] += __shfl_xor_sync(0xffffffff, sum[i][j], half);
        }
        if (item < n && lane == 0 && i0 + i < f.chunks && j0 + j < f.chunks) {
          scores[f.score(rest, h, p, i0 + i, j0 + j)] = sum[i][j];
        }
      }
    }
  }
}

extern "C" __global__ void chunk_dots(
    const float *__restrict__ q, const float *__restrict__ k, float *__restrict__ scores,
    Features f) {
  if (CHANNELS_LAST && f.channels % 4 == 0) {
    dots<4>(q, k, scores, f);
  } else {
    dots<1>(q, k, scores, f);
  }
}

// Scores q·k become weights, softmax(scale·q·k) over the keys; and the gradients of the weights, if
// any, become those of q·k.
extern "C" __global__ void chunk_softmax(float *a, float *da, float scale, Features f) {
  int pixels = f.height * f.width;
  each((i64)f.samples * pixels, [&](i64 i) {
    i64 rest = i;
    int pixel = split(rest, pixels);
    i64 first = rest * f.chunks * pixels + pixel;
    i64 last = first + (i64)f.chunks * pixels;
    float largest = scale * a[first];
    for (i64 j = first + pixels; j < last; j += pixels) largest = fmaxf(largest, scale * a[j]);
    float sum = 0;
    for (i64 j = first; j < last; j += pixels) {
      a[j] = expf(scale * a[j] - largest);
      sum += a[j];
    }
    for (i64 j = first; j < last; j += pixels) a[j] = a[j] / sum;
    if (da == nullptr) return;
    float mean = 0;
    for (i64 j = first; j < last; j += pixels) mean += a[j] * da[j];
    for (i64 j = first; j < last; j += pixels) da[j] = scale * a[j] * (da[j] - mean);
  });
}

// y of a pixel is the sum of x over the chunks: weighted by its row of the weights, or where
// transposed by its column.
template <int K>
__device__ __forceinline__ void mix(
    const float *weights, const float *x, float *y, int transposed, const Features &f) {
  int groups = (f.channels + K - 1) / K;
  each((i64)f.samples * f.height * f.length() * f.tiles() * groups, [&](i64 i) {
    i64 rest = i;
    int p, c, i0;
    if (CHANNELS_LAST) {
      c = split(rest, groups) * K;
      i0 = split(rest, f.tiles()) * TILE;
      p = split(rest, f.length());
    } else {
      p = split(rest, f.length());
      c = split(rest, groups) * K;
      i0 = split(rest, f.tiles()) * TILE;
    }
    int h = split(rest, f.height);
    float sum[TILE][K] = {};
    for (int j = 0; j < f.chunks; j++) {
      Pack<float, K> v = channels_at<K>(x, f, f.pixel(rest, h, p, j), c);
#pragma unroll
      for (int t = 0; t < TILE; t++) {
        float w = weights[transposed ? f.score(rest, h, p, j, i0 + t)
                                     : f.score(rest, h, p, i0 + t, j)];
#pragma unroll
        for (int k = 0; k < K; k++) sum[t][k] += w * v.at[k];
      }
    }
#pragma unroll
    for (int t = 0; t < TILE; t++) {
      if (i0 + t >= f.chunks) break;
      i64 to = f.pixel(rest, h, p, i0 + t);
#pragma unroll
      for (int k = 0; k < K; k++) {
        if (c + k < f.channels) y[to + (c + k) * f.channel_step()] = sum[t][k];
      }
    }
  });
}

extern "C" __global__ void chunk_mix(
    const float *__restrict__ weights, const float *__restrict__ x, float *__restrict__ y,
    int transposed, Features f) {
  if (CHANNELS_LAST && f.channels % 4 != 0) {
    mix<1>(weights, x, y, transposed, f);
  } else {
    mix<4>(weights, x, y, transposed, f);
  }
}
