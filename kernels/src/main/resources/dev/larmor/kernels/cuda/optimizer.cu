// One step of an optimiser for many parameters at once.

const int TENSORS = 80;       // so that the table fits into a kernel's parameters
const int CHUNK = 16 * BLOCK; // elements of a parameter that a block takes

// A parameter, its gradient and what the optimiser keeps beside it: Adam's first and second moment,
// or a velocity alone.
struct Parameter {
  float *p;
  const float *g;
  float *m;
  float *v;
  i64 count;
  i64 first_block;
};

// Those that are not there start behind the last block.
struct Parameters {
  Parameter at[TENSORS];
};

// Constants of the step, made in double by the host.
struct Adam {
  static const bool SECOND = true;

  float keep, decay, beta1, gain1, beta2, gain2, rate, debias, eps;

  __device__ __forceinline__ void step(float &p, float g, float &m, float &v) const {
    float kept = p * keep;
    float gradient = g + decay * kept;
    m = m * beta1 + gradient * gain1;
    v = v * beta2 + gradient * gradient * gain2;
    p = kept - m * rate / (sqrtf(v) / debias + eps);
  }
};

struct Sgd {
  static const bool SECOND = false;

  float rate, momentum, decay, nesterov;

  __device__ __forceinline__ void step(float &p, float g, float &m, float &) const {
    float gradient = g + decay * p;
    m = m * momentum + gradient;
    p = p - (nesterov != 0 ? m * momentum + gradient : m) * rate;
  }
};

template <typename Step>
__device__ __forceinline__ void update(const Parameters &parameters, const Step &constants) {
  int low = 0;
  for (int half = 64; half > 0; half /= 2) {
    int next = low + half;
    if (next < TENSORS && parameters.at[next].first_block <= blockIdx.x) low = next;
  }
  const Parameter &of = parameters.at[low];
  i64 first = (blockIdx.x - of.first_block) * CHUNK;
  i64 last = first + CHUNK < of.count ? first + CHUNK : of.count;
  for (i64 i = first + 4 * threadIdx.x; i < last; i += 4 * BLOCK) {
    if (i + 4 <= last) {
      Pack<float> p = *(const Pack<float> *)(of.p + i);
      Pack<float> g = *(const Pack<float> *)(of.g + i);
      Pack<float> m = *(const Pack<float> *)(of.m + i);
      Pack<float> v = Step::SECOND ? *(const Pack<float> *)(of.v + i) : m;
#pragma unroll
      for (int k = 0; k < 4; k++) constants.step(p.at[k], g.at[k], m.at[k], v.at[k]);
      *(Pack<float> *)(of.p + i) = p;
      *(Pack<float> *)(of.m + i) = m;
      if (Step::SECOND) *(Pack<float> *)(of.v + i) = v;
    } else {
      for (i64 k = i; k < last; k++) {
        float none = 0;
        constants.step(of.p[k], of.g[k], of.m[k], Step::SECOND ? of.v[k] : none);
      }
    }
  }
}

extern "C" __global__ void adam(const Parameters parameters, Adam constants) {
  update(parameters, constants);
}

extern "C" __global__ void sgd(const Parameters parameters, Sgd constants) {
  update(parameters, constants);
}
