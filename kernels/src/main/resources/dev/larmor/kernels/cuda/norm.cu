// Instance normalisation and the moments it rests on.

// The mean of n elements and the sum of their squared deviations from it.
struct Moments {
  float n, mean, squares;
};

// Moments of two sets together (Chan, Golub and LeVeque 1979).
__device__ __forceinline__ Moments join(Moments a, Moments b) {
  if (b.n == 0) return a;
  Moments sum;
  sum.n = a.n + b.n;
  float d = b.mean - a.mean;
  float part = b.n / sum.n;
  sum.mean = a.mean + d * part;
  sum.squares = a.squares + b.squares + d * d * a.n * part;
  return sum;
}

// Moments of each share. A thread takes one element after the other (Welford 1962): what it squares
// are deviations, however far the mean is from zero.
extern "C" __global__ void share_moments(
    const element *__restrict__ x, Moments *__restrict__ part, Columns v) {
  sized(v, [&](auto size) {
    const int K = decltype(size)::K;
    sum_columns<K, Moments>(
        v, [&](i64 i) { return pack<K>(x, i); },
        [](Moments *own, const Pack<element, K> &p) {
          float n = own[0].n + 1;
          float weight = 1 / n;
#pragma unroll
          for (int k = 0; k < K; k++) {
            float d = value(p.at[k]) - own[k].mean;
            own[k].n = n;
            own[k].mean += d * weight;
            own[k].squares += d * (value(p.at[k]) - own[k].mean);
          }
        },
        join, [&](i64 i, Moments m) { part[i] = m; });
  });
}

// put(i, moments) for each sample and channel, from those of the shares.
template <class Put>
__device__ __forceinline__ void join_shares(const Moments *part, const Columns &v, Put put) {
  sum_columns<1, Moments>(
      v, [=](i64 i) { return part[i]; },
      [](Moments *own, const Moments &p) { *own = join(*own, p); }, join, put);
}

extern "C" __global__ void mean_and_variance(
    const Moments *__restrict__ part, float *__restrict__ mean, float *__restrict__ variance,
    int correction, Columns v) {
  join_shares(part, v, [=](i64 i, Moments m) {
    mean[i] = m.mean;
    variance[i] = m.squares / (m.n - correction);
  });
}

extern "C" __global__ void mean_and_rstd(
    const Moments *__restrict__ part, float *__restrict__ mean, float *__restrict__ rstd,
    float eps, Columns v) {
  join_shares(part, v, [=](i64 i, Moments m) {
    mean[i] = m.mean;
    rstd[i] = 1 / sqrtf(m.squares / m.n + eps);
  });
}

extern "C" __global__ void norm_act(
    const element *__restrict__ x, const float *__restrict__ mean, const float *__restrict__ rstd,
    element *__restrict__ y, float slope, Columns v) {
  map_columns(
      x, y, v, [=](int c) { return make_float2(mean[c], rstd[c]); },
      [=](float2 c, float p) {
        float normal = (p - c.x) * c.y;
        return normal >= 0 ? normal : slope * normal;
      });
}

// What the gradient is made of: g through the activation, and the normalised value, which is y with
// the activation undone.
struct Undo {
  float slope, inverse;

  __device__ __forceinline__ Undo(float slope) : slope(slope), inverse(1 / slope) {}

  __device__ __forceinline__ float2 operator()(float g, float y) const {
    return y >= 0 ? make_float2(g, y) : make_float2(slope * g, inverse * y);
  }
};

__device__ __forceinline__ float2 plus(float2 a, float2 b) { return a + b; }

// Σ g' and Σ g'·n of each share, n the normalised value.
extern "C" __global__ void norm_grad_sums(
    const element *__restrict__ g, const element *__restrict__ y, float2 *__restrict__ part,
    float slope, Columns v) {
  Undo undo(slope);
  sized(v, [&](auto size) {
    const int K = decltype(size)::K;
    sum_columns<K, float2>(
        v, [&](i64 i) { return packs<K>(g, y, i); },
        [&](float2 *own, const Packs<element, K> &p) {
#pragma unroll
          for (int k = 0; k < K; k++) {
            float2 u = undo(value(p.a.at[k]), value(p.b.at[k]));
            own[k] = own[k] + make_float2(u.x, u.x * u.y);
          }
        },
        plus, [&](i64 i, float2 s) { part[i] = s; });
  });
}

// mean(g') and mean(g'·n), from the sums of the shares.
extern "C" __global__ void norm_grad_means(
    const float2 *__restrict__ part, float2 *__restrict__ mean, float positions, Columns v) {
  sum_columns<1, float2>(
      v, [=](i64 i) { return part[i]; },
      [](float2 *own, const float2 &p) { *own = *own + p; }, plus,
      [=](i64 i, float2 s) { mean[i] = make_float2(s.x / positions, s.y / positions); });
}

extern "C" __global__ void norm_grad(
    const element *__restrict__ g, const element *__restrict__ y, const float *__restrict__ rstd,
    const float2 *__restrict__ mean, element *__restrict__ dx, float slope, Columns v) {
  Undo undo(slope);
  struct Coefficients { float rstd; float2 mean; };
  map_columns(
      g, y, dx, v, [=](int c) { return Coefficients{rstd[c], mean[c]}; },
      [=](Coefficients c, float p, float q) {
        float2 u = undo(p, q);
        return c.rstd * (u.x - c.mean.x - u.y * c.mean.y);
      });
}

extern "C" __global__ void moments_grad(
    const element *__restrict__ x, const float *__restrict__ mean,
    const float *__restrict__ g_mean, const float *__restrict__ g_variance,
    element *__restrict__ dx, float positions, float degrees, Columns v) {
  struct Coefficients { float mean, scale, shift; };
  map_columns(
      x, dx, v,
      [=](int c) {
        return Coefficients{mean[c], 2 * g_variance[c] / degrees, g_mean[c] / positions};
      },
      [](Coefficients c, float p) { return c.scale * (p - c.mean) + c.shift; });
}

// A channel of a sample with its affine part.
struct Channel {
  float mean, rstd, gamma, beta;

  __device__ __forceinline__ float normal(float x) const { return (x - mean) * rstd; }

  __device__ __forceinline__ float line(float normal) const { return gamma * normal + beta; }

  // What the gradient is made of: g through the activation, and the normalised value.
  __device__ __forceinline__ float2 undo(float g, float x, float slope) const {
    float n = normal(x);
    return make_float2(line(n) >= 0 ? g : slope * g, n);
  }
};

// All samples have the gammas and betas of the same `channels` channels.
extern "C" __global__ void norm_affine_act(
    const element *__restrict__ x, const float *__restrict__ mean, const float *__restrict__ rstd,
    const float *__restrict__ gamma, const float *__restrict__ beta, element *__restrict__ y,
    float slope, int channels, Columns v) {
  map_columns(
      x, y, v,
      [=](int c) { return Channel{mean[c], rstd[c], gamma[c % channels], beta[c % channels]}; },
      [=](const Channel &c, float p) {
        float line = c.line(c.normal(p));
        return line >= 0 ? line : slope * line;
      });
}

// Σ g' and Σ g'·n of each share.
extern "C" __global__ void norm_affine_grad_sums(
    const element *__restrict__ g, const element *__restrict__ x, const float *__restrict__ mean,
    const float *__restrict__ rstd, const float *__restrict__ gamma,
    const float *__restrict__ beta, float2 *__restrict__ part, float slope, int channels,
    Columns v) {
  sized(v, [&](auto size) {
    const int K = decltype(size)::K;
    sum_columns<K, float2>(
        v,
        [=](int c) { return Channel{mean[c], rstd[c], gamma[c % channels], beta[c % channels]}; },
        [&](i64 i) { return packs<K>(g, x, i); },
        [&](float2 *own, const Packs<element, K> &p, const Channel *c) {
#pragma unroll
          for (int k = 0; k < K; k++) {
            float2 u = c[k].undo(value(p.a.at[k]), value(p.b.at[k]), slope);
            own[k] = own[k] + make_float2(u.x, u.x * u.y);
          }
        },
        plus, [&](i64 i, float2 s) { part[i] = s; });
  });
}

// Gradients of gamma and beta: sums over the samples, from mean(g') and mean(g'·n) of each.
extern "C" __global__ void norm_affine_totals(
    const float2 *__restrict__ mean, float *__restrict__ d_gamma, float *__restrict__ d_beta,
    float positions, int samples, int channels) {
  each(channels, [=](i64 c) {
    float2 sum = make_float2(0, 0);
    for (int n = 0; n < samples; n++) sum = sum + mean[n * (i64)channels + c];
    d_gamma[c] = positions * sum.y;
    d_beta[c] = positions * sum.x;
  });
}

extern "C" __global__ void norm_affine_grad(
    const element *__restrict__ g, const element *__restrict__ x, const float *__restrict__ mean,
    const float *__restrict__ rstd, const float *__restrict__ gamma,
    const float *__restrict__ beta, const float2 *__restrict__ means, element *__restrict__ dx,
    float slope, int channels, Columns v) {
  struct Coefficients { Channel channel; float2 mean; };
  map_columns(
      g, x, dx, v,
      [=](int c) {
        Channel channel{mean[c], rstd[c], gamma[c % channels], beta[c % channels]};
        return Coefficients{channel, means[c]};
      },
      [=](const Coefficients &c, float p, float q) {
        float2 u = c.channel.undo(p, q, slope);
        return c.channel.gamma * c.channel.rstd * (u.x - c.mean.x - u.y * c.mean.y);
      });
}
