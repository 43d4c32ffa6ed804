// Runs CUDA kernels on the host, for tests: the grid's blocks one after the other, the threads of a
// block as coroutines that change places at barriers and warp operations. Strict where a card may
// let things pass: a barrier that not all threads of the block reach is an error, and shared memory
// starts as NaN. Threads run in ascending or, to find what a missing barrier hides, descending order.
#pragma once
#include <ucontext.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

#define LARMOR_HOST 1
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __restrict__
#define __grid_constant__

struct float2 { float x, y; };
struct float4 { float x, y, z, w; };
struct uint4 { unsigned x, y, z, w; };
struct alignas(8) int2 { int x, y; };
static inline float2 make_float2(float x, float y) { return {x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

namespace emulator {

struct Index { unsigned x, y, z; };

enum State { READY, BARRIER, WARP, FINISHED };

const int MOST_THREADS = 1024;
const int STACK = 64 << 10;
const int WARP_SIZE = 32;

struct Thread {
  State state;
  Index index;
  uint64_t gives;     // what a warp operation exchanges
  void *stack_pointer;
};

static Thread threads[MOST_THREADS];
static Thread *current;
static void *scheduler;
static char *stacks;
static Index grid, block, block_index;
alignas(64) static unsigned char shared_memory[48 << 10];
static struct {
  const void *declaration;
  void *at;
} array[16];
const int MOST_ARRAYS = 16;
static int arrays;
static size_t shared_used;
static char error[256];
static void (*body)();

static void fail(const char *what) {
  if (!error[0]) snprintf(error, sizeof error, "%s in block (%u, %u)", what, block_index.x, block_index.y);
}

// Saves the callee's registers on the stack, swaps stacks.
#if defined(__x86_64__)
extern "C" void larmor_switch(void **from, void *to);
asm(R"(
.text
.type larmor_switch,@function
larmor_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");

static void run_body() {
  body();
  current->state = FINISHED;
  void *unused;
  larmor_switch(&unused, scheduler);
  __builtin_unreachable();
}

static void prepare(Thread &t, int i) {
  void **top = (void **)(stacks + (size_t)(i + 1) * STACK);
  *--top = nullptr;           // keeps the stack aligned as after a call
  *--top = (void *)run_body;  // where the first switch returns to
  for (int r = 0; r < 6; r++) *--top = nullptr;
  t.stack_pointer = top;
}

static void resume(Thread &t) {
  current = &t;
  larmor_switch(&scheduler, t.stack_pointer);
}

static void leave(State state) {
  Thread *self = current;
  self->state = state;
  larmor_switch(&self->stack_pointer, scheduler);
}
#else
static ucontext_t contexts[MOST_THREADS], main_context;

static void run_body() {
  body();
  current->state = FINISHED;
}

static void prepare(Thread &t, int i) {
  getcontext(&contexts[i]);
  contexts[i].uc_stack.ss_sp = stacks + (size_t)i * STACK;
  contexts[i].uc_stack.ss_size = STACK;
  contexts[i].uc_link = &main_context;
  makecontext(&contexts[i], run_body, 0);
}

static void resume(Thread &t) {
  current = &t;
  swapcontext(&main_context, &contexts[&t - threads]);
}

static void leave(State state) {
  Thread *self = current;
  self->state = state;
  swapcontext(&contexts[self - threads], &main_context);
}
#endif

// Where the block's array of one declaration is: the same for every thread and every time.
static inline void *shared_array(const void *declaration, size_t bytes) {
  for (int i = 0; i < arrays; i++) {
    if (array[i].declaration == declaration) return array[i].at;
  }
  size_t first = (shared_used + 15) / 16 * 16;
  if (first + bytes > sizeof shared_memory || arrays == MOST_ARRAYS) {
    fail("more than 48 KiB of shared memory");
    first = 0;
  } else {
    shared_used = first + bytes;
    array[arrays++] = {declaration, shared_memory + first};
  }
  return shared_memory + first;
}

static inline uint64_t exchange(uint64_t gives, int from_lane) {
  Thread *self = current;
  self->gives = gives;
  leave(WARP);
  int warp = (int)(self - threads) / WARP_SIZE * WARP_SIZE;
  uint64_t got = threads[warp + from_lane].gives;
  // Nobody gives again before all have taken.
  leave(WARP);
  return got;
}

static void run_block(int count, bool descending) {
  memset(shared_memory, 0xff, sizeof shared_memory);
  arrays = 0;
  shared_used = 0;
  for (int i = 0; i < count; i++) {
    Thread &t = threads[i];
    t.state = READY;
    t.index = {i % block.x, i / block.x % block.y, i / (block.x * block.y)};
    prepare(t, i);
  }
  for (;;) {
    int finished = 0;
    int warps = (count + WARP_SIZE - 1) / WARP_SIZE;
    for (int w = 0; w < warps; w++) {
      int warp = descending ? warps - 1 - w : w;
      int first = warp * WARP_SIZE;
      int last = first + WARP_SIZE < count ? first + WARP_SIZE : count;
      for (;;) {
        int waiting = 0;
        for (int k = first; k < last; k++) {
          Thread &t = threads[descending ? first + last - 1 - k : k];
          if (t.state == READY) resume(t);
          waiting += t.state == WARP;
        }
        if (waiting == 0) break;
        if (waiting != last - first) return fail("a warp operation that not all lanes reach");
        for (int k = first; k < last; k++) threads[k].state = READY;
      }
      for (int k = first; k < last; k++) finished += threads[k].state == FINISHED;
    }
    if (finished == count) return;
    if (finished != 0) return fail("a barrier that not all threads reach");
    for (int i = 0; i < count; i++) threads[i].state = READY;
  }
}

template <class... A, size_t... I>
static void call(void (*kernel)(A...), void **p, std::index_sequence<I...>) {
  kernel(*(std::remove_cv_t<std::remove_reference_t<A>> *)p[I]...);
}

// geometry: grid x, y, block x, y, and 1 if the first block's threads run in descending order;
// blocks take turns.
template <class... A>
static const char *launch(void (*kernel)(A...), const unsigned *geometry, void **parameters) {
  static void (*k)(A...);
  static void **p;
  k = kernel;
  p = parameters;
  body = [] { call(k, p, std::index_sequence_for<A...>{}); };
  grid = {geometry[0], geometry[1], 1};
  block = {geometry[2], geometry[3], 1};
  error[0] = 0;
  unsigned count = block.x * block.y;
  if (count == 0 || count > MOST_THREADS || grid.x == 0 || grid.y == 0 || grid.y > 65535) {
    return "a grid or block that no card has";
  }
  if (!stacks) stacks = (char *)malloc((size_t)MOST_THREADS * STACK);
  for (unsigned y = 0; y < grid.y && !error[0]; y++) {
    for (unsigned x = 0; x < grid.x && !error[0]; x++) {
      block_index = {x, y, 0};
      run_block((int)count, (geometry[4] + x + y) % 2 != 0);
    }
  }
  return error[0] ? error : nullptr;
}

}  // namespace emulator

#define threadIdx (emulator::current->index)
#define blockIdx emulator::block_index
#define blockDim emulator::block
#define gridDim emulator::grid
#define SHARED(type, name, count)      \
  static const char declared_##name = 0; \
  type *name = (type *)emulator::shared_array(&declared_##name, sizeof(type) * (count))

static inline void __syncthreads() { emulator::leave(emulator::BARRIER); }

template <class T>
static inline T __shfl_xor_sync(unsigned, T v, int mask) {
  uint64_t bits = 0;
  memcpy(&bits, &v, sizeof v);
  bits = emulator::exchange(bits, (int)(emulator::current - emulator::threads) % 32 ^ mask);
  memcpy(&v, &bits, sizeof v);
  return v;
}

static inline float __uint_as_float(unsigned bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

static inline unsigned __float_as_uint(float x) {
  unsigned bits;
  memcpy(&bits, &x, 4);
  return bits;
}

// Operations that a compiler may not join into one rounding.
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fadd_rn(float a, float b) { return a + b; }

static inline unsigned __umulhi(unsigned a, unsigned b) {
  return (unsigned)((unsigned long long)a * b >> 32);
}

static inline void sincospif(float x, float *s, float *c) {
  *s = (float)sin(M_PI * (double)x);
  *c = (float)cos(M_PI * (double)x);
}

static inline float from_f16(unsigned short bits) {
  int exponent = bits >> 10 & 31;
  int mantissa = bits & 1023;
  float magnitude = exponent == 31 ? (mantissa ? NAN : INFINITY)
                    : exponent     ? ldexpf(1024 + mantissa, exponent - 25)
                                   : ldexpf(mantissa, -24);
  return bits & 0x8000 ? -magnitude : magnitude;
}

static inline unsigned short to_f16(float x) {
  unsigned short sign = __float_as_uint(x) >> 16 & 0x8000;
  double m = fabs((double)x);
  if (std::isnan(x)) return sign | 0x7e00;
  if (m >= 65520) return sign | 0x7c00;
  int exponent;
  frexp(m, &exponent);
  int shift = m < 0x1p-14 ? 24 : 10 - (exponent - 1);
  long rounded = lrint(ldexp(m, shift));  // to nearest, ties to even
  if (shift == 24) return sign | (unsigned short)rounded;
  return sign | (unsigned short)(((exponent - 1 + 15) << 10) + (rounded - 1024));
}

namespace emulator {

// How a parameter is passed: r a pointer to what is only read, w another pointer, s a struct, whose
// words may be pointers, v a number.
template <class A>
static char kind() {
  using T = std::remove_cv_t<std::remove_reference_t<A>>;
  if (std::is_pointer_v<T>) return std::is_const_v<std::remove_pointer_t<T>> ? 'r' : 'w';
  return std::is_class_v<T> ? 's' : 'v';
}

struct Signature {
  char kinds[64];
  int sizes[64];
};

template <class... A>
static Signature signature(void (*)(A...)) {
  Signature s = {};
  int i = 0;
  ((s.kinds[i] = kind<A>(), s.sizes[i++] = (int)sizeof(A)), ...);
  return s;
}

}  // namespace emulator

#define ENTRY(name)                                                                      \
  extern "C" const char *emulate_##name(const unsigned *geometry, void **parameters) {   \
    return emulator::launch(name, geometry, parameters);                                 \
  }                                                                                      \
  extern "C" void *signature_##name() {                                                  \
    static emulator::Signature s = emulator::signature(name);                            \
    return &s;                                                                           \
  }
