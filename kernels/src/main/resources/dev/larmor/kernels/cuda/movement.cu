// Elements moved from one order of axes to another, with what lies between left out, filled with
// zeros or reflected. No kernel knows what the elements are: they are 1 to 16 bytes of anything.

// `extent` places to fill, of which `kept` from `before` on are the source's; strides in elements.
struct Axis {
  i64 extent, before, kept, to, from;
};

const int AXES = 6;

// Axis 0 is the innermost of what is written; `rows` counts the places on all others.
struct Movement {
  Axis axis[AXES];
  i64 axes, rows, reflects;
};

struct alignas(16) Bits16 {
  u64 low, high;
};

// Where on the source's axis place i comes from; -1 where it is new.
__device__ __forceinline__ i64 origin(const Axis &x, i64 i, i64 reflects) {
  i -= x.before;
  if (i >= 0 && i < x.kept) return i;
  if (!reflects) return -1;
  return i < 0 ? -i : 2 * (x.kept - 1) - i;
}

// Divides a row's number into its places on the axes from `first` on; f(axis, place).
template <class F>
__device__ __forceinline__ void places(const Movement &m, int first, i64 row, F f) {
#pragma unroll 1
  for (int a = first; a < m.axes; a++) {
    i64 next = a + 1 < m.axes ? quotient(row, m.axis[a].extent) : 0;
    f(m.axis[a], row - next * m.axis[a].extent);
    row = next;
  }
}

// A thread moves few elements, so that many threads, each with few registers, wait for memory.
template <class T>
__device__ __forceinline__ void copy(
    const T *__restrict__ from, T *__restrict__ to, const Movement &m) {
  each_row(m.rows, [&](i64 row) {
    i64 source = 0;
    i64 target = 0;
    bool inside = true;
    places(m, 1, row, [&](const Axis &x, i64 i) {
      i64 o = origin(x, i, m.reflects);
      inside &= o >= 0;
      source += o * x.from;
      target += i * x.to;
    });
    const Axis &inner = m.axis[0];
#pragma unroll 1
    for (i64 i = thread_index(); i < inner.extent; i += thread_count()) {
      i64 o = origin(inner, i, m.reflects);
      to[target + i * inner.to] = inside && o >= 0 ? from[source + o * inner.from] : T{};
    }
  });
}

extern "C" __global__ void copy_1(const u8 *from, u8 *to, Movement m) { copy(from, to, m); }
extern "C" __global__ void copy_2(const u16 *from, u16 *to, Movement m) { copy(from, to, m); }
extern "C" __global__ void copy_4(const u32 *from, u32 *to, Movement m) { copy(from, to, m); }
extern "C" __global__ void copy_8(const u64 *from, u64 *to, Movement m) { copy(from, to, m); }
extern "C" __global__ void copy_16(const Bits16 *from, Bits16 *to, Movement m) {
  copy(from, to, m);
}

// Where axis 0 is contiguous in what is written and axis 1 in what is read: through tiles of shared
// memory, so that both are read and written along their rows. Blocks of 32 by 8.
const int TILE = 32;

template <class T>
__device__ __forceinline__ void transpose(const T *from, T *to, const Movement &m) {
  SHARED(T, tile, TILE * (TILE + 1));
  const Axis &inner = m.axis[0];
  const Axis &outer = m.axis[1];
  i64 across = (inner.extent + TILE - 1) / TILE;
  i64 tiles_before = quotient(blockIdx.x, across);
  i64 i0 = (blockIdx.x - tiles_before * across) * TILE;
  i64 i1 = tiles_before * TILE;
  for (i64 row = blockIdx.y; row < m.rows; row += gridDim.y) {
    i64 source = 0;
    i64 target = 0;
    places(m, 2, row, [&](const Axis &x, i64 i) {
      source += i * x.from;
      target += i * x.to;
    });
    for (int k = threadIdx.y; k < TILE; k += blockDim.y) {
      i64 a = i0 + k, b = i1 + threadIdx.x;
      if (a < inner.extent && b < outer.extent) {
        tile[k * (TILE + 1) + threadIdx.x] = from[source + a * inner.from + b];
      }
    }
    __syncthreads();
    for (int k = threadIdx.y; k < TILE; k += blockDim.y) {
      i64 a = i0 + threadIdx.x, b = i1 + k;
      if (a < inner.extent && b < outer.extent) {
        to[target + b * outer.to + a] = tile[threadIdx.x * (TILE + 1) + k];
      }
    }
    __syncthreads();
  }
}

extern "C" __global__ void transpose_2(const u16 *from, u16 *to, Movement m) {
  transpose(from, to, m);
}

extern "C" __global__ void transpose_4(const u32 *from, u32 *to, Movement m) {
  transpose(from, to, m);
}

extern "C" __global__ void transpose_8(const u64 *from, u64 *to, Movement m) {
  transpose(from, to, m);
}

// A channels-last tensor in another channels-last shape, of which no order of axes is common to
// both: through the row-major place of each element.
template <class T>
__device__ __forceinline__ void regroup(
    const T *from, T *to, i64 n, i64 from_channels, i64 from_positions, i64 to_channels,
    i64 to_positions) {
  each(n, [&](i64 i) {
    i64 pixel = quotient(i, to_channels);
    i64 sample = quotient(pixel, to_positions);
    i64 c = i - pixel * to_channels;
    i64 p = pixel - sample * to_positions;
    i64 place = (sample * to_channels + c) * to_positions + p;
    i64 plane = quotient(place, from_positions);
    sample = quotient(plane, from_channels);
    p = place - plane * from_positions;
    c = plane - sample * from_channels;
    to[i] = from[(sample * from_positions + p) * from_channels + c];
  });
}

extern "C" __global__ void regroup_2(
    const u16 *from, u16 *to, i64 n, i64 c, i64 p, i64 to_c, i64 to_p) {
  regroup(from, to, n, c, p, to_c, to_p);
}

extern "C" __global__ void regroup_4(
    const u32 *from, u32 *to, i64 n, i64 c, i64 p, i64 to_c, i64 to_p) {
  regroup(from, to, n, c, p, to_c, to_p);
}

extern "C" __global__ void regroup_8(
    const u64 *from, u64 *to, i64 n, i64 c, i64 p, i64 to_c, i64 to_p) {
  regroup(from, to, n, c, p, to_c, to_p);
}

// The k-th of the padded places that place i of the source was copied to: its own, its reflections
// about the first and about the last place; -1 where there is none.
__device__ __forceinline__ i64 image(const Axis &x, i64 i, int k) {
  i64 last = x.kept - 1;
  i64 place = x.before + (k == 0 ? i : k == 1 ? -i : 2 * last - i);
  bool twice = k > 0 && i == (k == 1 ? 0 : last);
  return twice || place >= x.extent ? -1 : place;
}

// The sum over all images of a place, given on axes 0 ... A.
template <int A>
struct Images {
  static __device__ __forceinline__ float sum(const element *g, const Movement &m, const i64 *at) {
    float sum = 0;
#pragma unroll 1
    for (int k = 0; k < 3; k++) {
      i64 place = image(m.axis[A], at[A], k);
      if (place >= 0) sum += Images<A - 1>::sum(g + place * m.axis[A].to, m, at);
    }
    return sum;
  }
};

template <>
struct Images<-1> {
  static __device__ __forceinline__ float sum(const element *g, const Movement &, const i64 *) {
    return value(*g);
  }
};

// The adjoint of padding by reflection m: what it wrote is read, what it read is written. Axes that
// m does without have an extent of one; `rows` counts places of the source.
extern "C" __global__ void fold(const element *g, element *x, Movement m) {
  each_row(m.rows, [&](i64 row) {
    i64 at[AXES];
    i64 target = 0;
#pragma unroll
    for (int a = 1; a < AXES; a++) {
      i64 next = quotient(row, m.axis[a].kept);
      at[a] = row - next * m.axis[a].kept;
      target += at[a] * m.axis[a].from;
      row = next;
    }
    for (at[0] = thread_index(); at[0] < m.axis[0].kept; at[0] += thread_count()) {
      set(x[target + at[0] * m.axis[0].from], Images<AXES - 1>::sum(g, m, at));
    }
  });
}
