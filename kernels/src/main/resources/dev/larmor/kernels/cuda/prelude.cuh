// What every kernel file starts with: the backend puts this text before it. No header is included:
// NVRTC compiles the result alone, and so does the tests' host compiler, which defines LARMOR_HOST
// and brings the few names below in its own way.
//
// A file is compiled for one element type (ELEMENT) and one layout of feature maps (CHANNELS_LAST):
//   ELEMENT        0 F32, 1 BF16, 2 F16
//   CHANNELS_LAST  0 [N][C][positions], 1 [N][positions][C]
// Arithmetic is F32 whatever the element. Sums are formed in an order that follows from the shape
// alone, so results have the same bits from run to run and from card to card.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

#ifndef LARMOR_HOST
// Shared memory of a block; a kernel declares it before anything that may differ between threads.
#define SHARED(type, name, count) __shared__ type name[count]

__device__ __forceinline__ float from_f16(u16 bits) {
  float x;
  asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
  return x;
}

__device__ __forceinline__ u16 to_f16(float x) {
  u16 bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return bits;
}
#endif

struct bf16 {
  u16 bits;
};

struct f16 {
  u16 bits;
};

#if ELEMENT == 0
typedef float element;
#elif ELEMENT == 1
typedef bf16 element;
#else
typedef f16 element;
#endif

__device__ __forceinline__ float value(float x) { return x; }
__device__ __forceinline__ float value(bf16 x) { return __uint_as_float((u32)x.bits << 16); }
__device__ __forceinline__ float value(f16 x) { return from_f16(x.bits); }

__device__ __forceinline__ void set(float &to, float x) { to = x; }

// Rounds to nearest, ties to even; a NaN stays one.
__device__ __forceinline__ void set(bf16 &to, float x) {
  u32 bits = __float_as_uint(x);
  u32 rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  to.bits = (bits & 0x7fffffff) > 0x7f800000 ? (u16)(bits >> 16 | 0x40) : (u16)rounded;
}

__device__ __forceinline__ void set(f16 &to, float x) { to.bits = to_f16(x); }

// Elements that a thread reads and writes at once: 16 bytes where nothing else is said.
template <class T, int K = 16 / sizeof(T)>
struct alignas(K * sizeof(T)) Pack {
  static const int SIZE = K;
  T at[K];
};

[[maybe_unused]] const int PACK = Pack<element>::SIZE;

__device__ __forceinline__ i64 thread_index() {
  return blockIdx.x * (i64)blockDim.x + threadIdx.x;
}

__device__ __forceinline__ i64 thread_count() { return gridDim.x * (i64)blockDim.x; }

// Calls f(i) for the thread's share of 0 ... n-1.
template <class F>
__device__ __forceinline__ void each(i64 n, F f) {
  for (i64 i = thread_index(); i < n; i += thread_count()) f(i);
}

// Calls f(row) for the rows 0 ... rows-1 that are the thread's: blocks are two-dimensional, and a
// thread keeps to its columns, from thread_index() on.
template <class F>
__device__ __forceinline__ void each_row(i64 rows, F f) {
  i64 step = gridDim.y * (i64)blockDim.y;
  for (i64 row = blockIdx.y * (i64)blockDim.y + threadIdx.y; row < rows; row += step) f(row);
}

// a / b of what is not negative, by the short division wherever that will do.
__device__ __forceinline__ i64 quotient(i64 a, i64 b) {
  return ((a | b) >> 32) == 0 ? (i64)((u32)a / (u32)b) : a / b;
}

// y[i] = f(x[i]) for all n elements, which start on 16 bytes.
template <class A, class Y, class F>
__device__ __forceinline__ void map(const A *a, Y *y, i64 n, F f) {
  // Packs of as many elements as the narrower type has in 16 bytes would not be 16 bytes of both;
  // so as many as the wider has.
  const int K = 16 / (sizeof(A) > sizeof(Y) ? sizeof(A) : sizeof(Y));
  struct alignas(K * sizeof(A)) PA { A at[K]; };
  struct alignas(K * sizeof(Y)) PY { Y at[K]; };
  i64 packs = n / K;
  each(packs, [&](i64 i) {
    PA p = ((const PA *)a)[i];
    PY q;
#pragma unroll
    for (int k = 0; k < K; k++) set(q.at[k], f(value(p.at[k])));
    ((PY *)y)[i] = q;
  });
  each(n - packs * K, [&](i64 i) { set(y[packs * K + i], f(value(a[packs * K + i]))); });
}

// y[i] = f(a[i], b[i]) for all n elements, which start on 16 bytes; y may be a or b.
template <class T, class F>
__device__ __forceinline__ void map(const T *a, const T *b, T *y, i64 n, F f) {
  const int K = Pack<T>::SIZE;
  i64 packs = n / K;
  each(packs, [&](i64 i) {
    Pack<T> p = ((const Pack<T> *)a)[i];
    Pack<T> q = ((const Pack<T> *)b)[i];
#pragma unroll
    for (int k = 0; k < K; k++) set(p.at[k], f(value(p.at[k]), value(q.at[k])));
    ((Pack<T> *)y)[i] = p;
  });
  each(n - packs * K, [&](i64 i) {
    i64 j = packs * K + i;
    set(y[j], f(value(a[j]), value(b[j])));
  });
}

// Threads of a block that sums: the order of its sum follows from this number.
[[maybe_unused]] const int BLOCK = 256;

// The sum over a block of BLOCK threads, combined by `plus` in a tree of fixed shape; only thread 0
// gets it. Once in a kernel.
template <class A, class F>
__device__ __forceinline__ A block_sum(A own, F plus) {
  SHARED(A, part, BLOCK);
  part[threadIdx.x] = own;
  for (int half = BLOCK / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) part[threadIdx.x] = plus(part[threadIdx.x], part[threadIdx.x + half]);
  }
  return part[0];
}

__device__ __forceinline__ float block_sum(float own) {
  return block_sum(own, [](float a, float b) { return a + b; });
}

__device__ __forceinline__ float2 operator+(float2 a, float2 b) {
  return make_float2(a.x + b.x, a.y + b.y);
}

__device__ __forceinline__ float2 operator-(float2 a, float2 b) {
  return make_float2(a.x - b.x, a.y - b.y);
}

__device__ __forceinline__ float2 operator*(float s, float2 a) {
  return make_float2(s * a.x, s * a.y);
}

__device__ __forceinline__ float2 operator*(float2 a, float2 b) {
  return make_float2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

__device__ __forceinline__ float2 conj(float2 a) { return make_float2(a.x, -a.y); }

// K complex numbers that lie side by side, read and written at once: 2 are 16 bytes.
template <int K>
struct alignas(8 * K) Complex {
  float2 at[K];
};

template <int K>
__device__ __forceinline__ Complex<K> load(const float2 *x) {
  return *(const Complex<K> *)x;
}

template <int K>
__device__ __forceinline__ void store(float2 *y, Complex<K> x) {
  *(Complex<K> *)y = x;
}

// The remainder of i by n; i becomes the quotient.
__device__ __forceinline__ int split(i64 &i, int n) {
  i64 whole = quotient(i, n);
  int rest = (int)(i - whole * n);
  i = whole;
  return rest;
}

// Number i of a random stream, uniform in [0, 1) on a grid of 2^-24: Philox4x32-10.
struct Philox {
  u64 key, high;
};

// Numbers 4·block to 4·block + 3, as bits.
__device__ __forceinline__ uint4 philox(Philox stream, u64 block) {
  u32 c0 = (u32)block, c1 = (u32)(block >> 32);
  u32 c2 = (u32)stream.high, c3 = (u32)(stream.high >> 32);
  u32 k0 = (u32)stream.key, k1 = (u32)(stream.key >> 32);
#pragma unroll
  for (int round = 0; round < 10; round++) {
    u32 n0 = __umulhi(0xCD9E8D57u, c2) ^ c1 ^ k0;
    u32 n2 = __umulhi(0xD2511F53u, c0) ^ c3 ^ k1;
    c1 = 0xCD9E8D57u * c2;
    c3 = 0xD2511F53u * c0;
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  uint4 bits;
  bits.x = c0;
  bits.y = c1;
  bits.z = c2;
  bits.w = c3;
  return bits;
}

__device__ __forceinline__ float uniform(u32 bits) { return (bits >> 8) * 0x1p-24f; }

__device__ __forceinline__ float uniform(Philox stream, u64 i) {
  uint4 bits = philox(stream, i >> 2);
  u32 lane = (u32)i & 3;
  return uniform(lane == 0 ? bits.x : lane == 1 ? bits.y : lane == 2 ? bits.z : bits.w);
}

// A tensor as the kernels of channels see it: samples of rows × columns elements, each column a
// channel. Channels-first, each channel of a sample is a sample of its own with one column.
//
// A sample is read in packs of `pack` elements. The columns of a pack come again after `period`
// packs, so a thread that steps by a multiple of it stays with its columns. A block takes `tile`
// packs of the period, and of those the ones in `share` packs of the sample; y counts the samples.
struct Columns {
  i64 samples, packs, share, period, tile, columns, pack;

  __device__ __forceinline__ int tiles() const { return ((int)period + (int)tile - 1) / (int)tile; }
  __device__ __forceinline__ int first_phase() const { return blockIdx.x % tiles() * (int)tile; }
};

// A thread's way through a sample: every step-th pack; and that pack's place in the period.
struct Walk {
  i64 first, last;
  int step, phase;

  __device__ __forceinline__ Walk(const Columns &v) {
    int tile = (int)v.tile;
    int period = (int)v.period;
    int rows = BLOCK / tile;
    int row = threadIdx.x / tile;
    i64 share = blockIdx.x / v.tiles() * v.share;
    phase = v.first_phase() + threadIdx.x % tile;
    step = rows * period;
    first = share + row * period + phase;
    last = row < rows && phase < period ? share + v.share : 0;
    if (last > v.packs) last = v.packs;
  }

  // Calls use(i, load(i)) for each pack of the sample that starts at pack `sample`. Some are loaded
  // before the first is used: memory is far away.
  template <class Load, class Use>
  __device__ __forceinline__ void each(i64 sample, Load load, Use use) const {
    const int AHEAD = 4;
    for (i64 i = first; i < last; i += AHEAD * step) {
      decltype(load(i)) loaded[AHEAD];
#pragma unroll
      for (int k = 0; k < AHEAD; k++) {
        if (i + k * step < last) loaded[k] = load(sample + i + k * step);
      }
#pragma unroll
      for (int k = 0; k < AHEAD; k++) {
        if (i + k * step < last) use(sample + i + k * step, loaded[k]);
      }
    }
  }
};

// The i-th pack of K elements.
template <int K, class T>
__device__ __forceinline__ Pack<T, K> pack(const T *x, i64 i) {
  return ((const Pack<T, K> *)x)[i];
}

// The same of two tensors.
template <class T, int K>
struct Packs {
  Pack<T, K> a, b;
};

template <int K, class T>
__device__ __forceinline__ Packs<T, K> packs(const T *a, const T *b, i64 i) {
  return Packs<T, K>{pack<K>(a, i), pack<K>(b, i)};
}

// The coefficients of the columns that the elements of a thread's packs are in, in sample s:
// coefficient(sample·columns + column) for each of the K.
template <int K, class Coefficient, class C>
__device__ __forceinline__ void coefficients(
    const Columns &v, const Walk &walk, i64 s, Coefficient coefficient, C *c) {
  int columns = (int)v.columns;
#pragma unroll
  for (int k = 0; k < K; k++) {
    bool same = k > 0 && columns == 1;
    c[k] = same ? c[0] : coefficient((int)s * columns + (walk.phase * K + k) % columns);
  }
}

// Sums each column over the block's share by `plus`, in a tree whose shape follows from the
// tensor's: add(own, load(i), c) adds pack i to a thread's sums, one for each of the pack's K
// elements, which start as zeros, c as in each_pack; put(i, sum) takes the results, numbered
// [share][sample][column].
template <int K, class A, class Coefficient, class Load, class Add, class Plus, class Put>
__device__ __forceinline__ void sum_columns(
    const Columns &v, Coefficient coefficient, Load load, Add add, Plus plus, Put put) {
  SHARED(A, part, K * BLOCK);
  Walk walk(v);
  int columns = (int)v.columns;
  int tile = (int)v.tile;
  int rows = BLOCK / tile;
  int row = threadIdx.x / tile;
  for (i64 s = blockIdx.y; s < v.samples; s += gridDim.y) {
    A own[K] = {};
    decltype(coefficient(0)) c[K];
    coefficients<K>(v, walk, s, coefficient, c);
    walk.each(s * v.packs, load, [&](i64 i, const auto &p) { add(own, p, c); });
    int lanes = K;
    if (columns == 1) {
#pragma unroll
      for (int half = K / 2; half > 0; half /= 2) {
#pragma unroll
        for (int k = 0; k < half; k++) own[k] = plus(own[k], own[k + half]);
      }
      lanes = 1;
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < K; k++) {
      if (k < lanes) part[k * BLOCK + threadIdx.x] = own[k];
    }
    for (int half = BLOCK / 2; half > 0; half /= 2) {
      if (half >= rows) continue;
      __syncthreads();
      if (row < half && row + half < rows) {
        for (int k = 0; k < lanes; k++) {
          A *at = part + k * BLOCK + threadIdx.x;
          *at = plus(*at, at[half * tile]);
        }
      }
    }
    __syncthreads();
    // Columns that are fewer than the period's elements come in it several times.
    int first = v.first_phase() * K;
    int width = tile * lanes;
    i64 to = ((i64)(blockIdx.x / v.tiles()) * v.samples + s) * columns + first;
    for (int c = threadIdx.x; c < width && first + c < columns; c += BLOCK) {
      A sum = part[c % lanes * BLOCK + c / lanes];
      for (int e = c + columns; e < width; e += columns) {
        sum = plus(sum, part[e % lanes * BLOCK + e / lanes]);
      }
      put(to + c, sum);
    }
  }
}

struct Nothing {};

// The same where nothing is known of a column: add(own, load(i)).
template <int K, class A, class Load, class Add, class Plus, class Put>
__device__ __forceinline__ void sum_columns(
    const Columns &v, Load load, Add add, Plus plus, Put put) {
  sum_columns<K, A>(
      v, [](int) { return Nothing(); }, load,
      [&](A *own, const auto &p, const Nothing *) { add(own, p); }, plus, put);
}

// Calls use(i, load(i), c) for each pack i of the block's share, c[k] being the coefficient of the
// column that the pack's element k is in.
template <int K, class Coefficient, class Load, class Use>
__device__ __forceinline__ void each_pack(
    const Columns &v, Coefficient coefficient, Load load, Use use) {
  Walk walk(v);
  if (walk.first >= walk.last) return;
  for (i64 s = blockIdx.y; s < v.samples; s += gridDim.y) {
    decltype(coefficient(0)) c[K];
    coefficients<K>(v, walk, s, coefficient, c);
    walk.each(s * v.packs, load, [&](i64 i, const auto &p) { use(i, p, c); });
  }
}

// Elements of a pack, as a type.
template <int N>
struct Size {
  static const int K = N;
};

// Calls f with the size of packs.
template <class F>
__device__ __forceinline__ void sized(const Columns &v, F f) {
  if (v.pack == 1) {
    f(Size<1>());
  } else {
    f(Size<PACK>());
  }
}

// y = f(c, x), c the coefficients of the element's column.
template <class Coefficient, class F>
__device__ __forceinline__ void map_columns(
    const element *x, element *y, const Columns &v, Coefficient coefficient, F f) {
  sized(v, [&](auto size) {
    const int K = decltype(size)::K;
    each_pack<K>(
        v, coefficient, [&](i64 i) { return pack<K>(x, i); },
        [&](i64 i, const Pack<element, K> &p, const auto *c) {
          Pack<element, K> q;
#pragma unroll
          for (int k = 0; k < K; k++) set(q.at[k], f(c[k], value(p.at[k])));
          ((Pack<element, K> *)y)[i] = q;
        });
  });
}

// y = f(c, a, b).
template <class Coefficient, class F>
__device__ __forceinline__ void map_columns(
    const element *a, const element *b, element *y, const Columns &v, Coefficient coefficient,
    F f) {
  sized(v, [&](auto size) {
    const int K = decltype(size)::K;
    each_pack<K>(
        v, coefficient, [&](i64 i) { return packs<K>(a, b, i); },
        [&](i64 i, const Packs<element, K> &p, const auto *c) {
          Pack<element, K> q;
#pragma unroll
          for (int k = 0; k < K; k++) {
            set(q.at[k], f(c[k], value(p.a.at[k]), value(p.b.at[k])));
          }
          ((Pack<element, K> *)y)[i] = q;
        });
  });
}
