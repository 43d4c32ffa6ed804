// Softmax over the classes of each place – a position of a sample – and the cross-entropy.

// Some lanes of a warp share a place, where its classes are neighbours in memory.
struct Logits {
  i64 places, positions, classes, lanes;
};

// A lane's part of a place: every lanes-th class, the first of them at element `first`.
struct Place {
  i64 number, first, step;
  int classes, lane, lanes;

  __device__ __forceinline__ Place(const Logits &l, i64 number)
      : number(number), classes((int)l.classes), lane(threadIdx.x % (int)l.lanes),
        lanes((int)l.lanes) {
    i64 sample = quotient(number, l.positions);
    step = CHANNELS_LAST ? 1 : l.positions;
    first = CHANNELS_LAST ? number * l.classes
                          : sample * l.classes * l.positions + number - sample * l.positions;
  }

  // Calls f(element, class) for the lane's classes.
  template <class F>
  __device__ __forceinline__ void each(F f) const {
    for (int c = lane; c < classes; c += lanes) f(first + c * step, c);
  }

  // The sum of f(element) over all classes; every lane gets it.
  template <class F>
  __device__ __forceinline__ float sum(F f) const {
    float sum = 0;
    each([&](i64 i, int) { sum += f(i); });
    for (int half = lanes / 2; half > 0; half /= 2) sum += __shfl_xor_sync(0xffffffff, sum, half);
    return sum;
  }

  __device__ __forceinline__ float largest(const float *x) const {
    float most = x[first];
    each([&](i64 i, int) { most = fmaxf(most, x[i]); });
    for (int half = lanes / 2; half > 0; half /= 2) {
      most = fmaxf(most, __shfl_xor_sync(0xffffffff, most, half));
    }
    return most;
  }
};

// Calls use(place, there) for each place. A warp stays together: lanes beyond the last place go
// through that one again, and must not write.
template <class Use>
__device__ __forceinline__ void each_place(const Logits &l, Use use) {
  i64 together = 32 / l.lanes;
  for (i64 warp = thread_index() / 32; warp * together < l.places; warp += thread_count() / 32) {
    i64 number = warp * together + threadIdx.x % 32 / (int)l.lanes;
    bool there = number < l.places;
    use(Place(l, there ? number : l.places - 1), there);
  }
}

extern "C" __global__ void softmax(const float *__restrict__ x, float *__restrict__ y, Logits l) {
  each_place(l, [&](const Place &place, bool there) {
    float largest = place.largest(x);
    float sum = place.sum([&](i64 i) { return expf(x[i] - largest); });
    if (there) place.each([&](i64 i, int) { y[i] = expf(x[i] - largest) / sum; });
  });
}

extern "C" __global__ void softmax_grad(
    const float *__restrict__ g, const float *__restrict__ y, float *__restrict__ dx, Logits l) {
  each_place(l, [&](const Place &place, bool there) {
    float mean = place.sum([&](i64 i) { return g[i] * y[i]; });
    if (there) place.each([&](i64 i, int) { dx[i] = y[i] * (g[i] - mean); });
  });
}

// The loss of each place, times `scale`.
extern "C" __global__ void cross_entropy(
    const float *__restrict__ x, const int *__restrict__ labels, float *__restrict__ loss,
    float smoothing, float scale, Logits l) {
  each_place(l, [&](const Place &place, bool there) {
    float largest = place.largest(x);
    float sum = logf(place.sum([&](i64 i) { return expf(x[i] - largest); }));
    // A part that has no weight may be infinite.
    if (smoothing > 0) {
      sum -= smoothing * place.sum([&](i64 i) { return x[i] - largest; }) / place.classes;
    }
    int label = labels[place.number];
    if (label < 0 || label >= place.classes) {
      sum = __uint_as_float(0x7fc00000);  // NaN
    } else if (smoothing < 1) {
      sum -= (1 - smoothing) * (x[place.first + label * place.step] - largest);
    }
    if (there && place.lane == 0) loss[place.number] = scale * sum;
  });
}

extern "C" __global__ void cross_entropy_grad(
    const float *__restrict__ g, const float *__restrict__ x, const int *__restrict__ labels,
    float *__restrict__ dx, float smoothing, float scale, Logits l) {
  float upstream = *g * scale;
  float shared = smoothing / (float)l.classes;
  each_place(l, [&](const Place &place, bool there) {
    float largest = place.largest(x);
    float sum = place.sum([&](i64 i) { return expf(x[i] - largest); });
    int label = labels[place.number];
    if (!there) return;
    place.each([&](i64 i, int c) {
      float share = c == label ? 1 - smoothing + shared : shared;
      dx[i] = upstream * (expf(x[i] - largest) / sum - share);
    });
  });
}
