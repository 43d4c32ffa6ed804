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

// 16 bytes of elements: what a thread reads and writes at once.
template <class T>
struct alignas(16) Pack {
  static const int SIZE = 16 / sizeof(T);
  T at[SIZE];
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
// gets it. May be called again at once.
template <class A, class F>
__device__ __forceinline__ A block_sum(A own, F plus) {
  SHARED(A, part, BLOCK);
  __syncthreads();
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
