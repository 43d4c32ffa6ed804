// What NVIDIA's libraries compute, said plainly, in double: one thread, no haste.

struct Geometry {
  int groups;
  int x[5], w[5], y[5];  // N C D H W, O I D H W, N O D H W
  int stride[3], padding[3], dilation[3];
};

__device__ inline i64 place(const int *dims, int channels_last, int n, int c, i64 p) {
  i64 positions = (i64)dims[2] * dims[3] * dims[4];
  return channels_last ? (n * positions + p) * dims[1] + c : ((i64)n * dims[1] + c) * positions + p;
}

__device__ inline i64 channel_step(const int *dims, int channels_last) {
  return channels_last ? 1 : (i64)dims[2] * dims[3] * dims[4];
}

// direction: 0 forward, 1 input, 2 weight.
extern "C" __global__ void convolve(
    const element *a, const element *b, element *to, Geometry k, int direction, int channels_last) {
  const int *result = direction == 0 ? k.y : direction == 1 ? k.x : k.w;
  i64 count = (i64)result[0] * result[1] * result[2] * result[3] * result[4];
  double *sum = new double[count]();
  int in = k.w[1], out = k.y[1] / k.groups;
  for (int n = 0; n < k.y[0]; n++)
    for (int g = 0; g < k.groups; g++)
      for (int p = 0; p < k.y[2] * k.y[3] * k.y[4]; p++) {
        int at[3] = {p / (k.y[3] * k.y[4]), p / k.y[4] % k.y[3], p % k.y[4]};
        for (int t = 0; t < k.w[2] * k.w[3] * k.w[4]; t++) {
          int tap[3] = {t / (k.w[3] * k.w[4]), t / k.w[4] % k.w[3], t % k.w[4]};
          i64 q = 0;
          bool inside = true;
          for (int i = 0; i < 3; i++) {
            int at_x = at[i] * k.stride[i] - k.padding[i] + tap[i] * k.dilation[i];
            inside &= at_x >= 0 && at_x < k.x[i + 2];
            q = q * k.x[i + 2] + at_x;
          }
          if (!inside) continue;
          // Steps from channel to channel; the innermost loop is all the time there is.
          i64 taps = (i64)k.w[2] * k.w[3] * k.w[4];
          i64 x0 = place(k.x, channels_last, n, g * in, q), xc = channel_step(k.x, channels_last);
          i64 y0 = place(k.y, channels_last, n, g * out, p), yo = channel_step(k.y, channels_last);
          i64 w0 = place(k.w, channels_last, g * out, 0, t), wc = channel_step(k.w, channels_last);
          i64 wo = in * taps;
          for (int c = 0; c < in; c++) {
            i64 ix = x0 + c * xc;
            for (int o = 0; o < out; o++) {
              i64 iw = w0 + c * wc + o * wo, iy = y0 + o * yo;
              if (direction == 0) sum[iy] += (double)value(a[ix]) * value(b[iw]);
              else if (direction == 1) sum[ix] += (double)value(a[iy]) * value(b[iw]);
              else sum[iw] += (double)value(a[ix]) * value(b[iy]);
            }
          }
        }
      }
  for (i64 i = 0; i < count; i++) set(to[i], (float)sum[i]);
  delete[] sum;
}

extern "C" __global__ void matrix_product(
    const element *a, const element *b, element *c, int ta, int tb, int m, int n, int k) {
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int l = 0; l < k; l++) {
        sum += (double)value(a[ta ? (i64)l * m + i : (i64)i * k + l]) *
               value(b[tb ? (i64)j * k + l : (i64)l * n + j]);
      }
      set(c[(i64)i * n + j], (float)sum);
    }
}

// Along an axis of n elements `step` apart, of a whole batch of lines; sign -1 is forward.
__device__ inline void transform_line(double *line, double *turns, double *result, int n, int sign) {
  for (int k = 0; k < n; k++) {
    double re = 0, im = 0;
    for (int i = 0, t = 0; i < n; i++) {
      double c = turns[2 * t], s = sign * turns[2 * t + 1];
      re += line[2 * i] * c - line[2 * i + 1] * s;
      im += line[2 * i] * s + line[2 * i + 1] * c;
      t += k;
      if (t >= n) t -= n;
    }
    result[2 * k] = re;
    result[2 * k + 1] = im;
  }
}

extern "C" __global__ void fourier(
    const float2 *from, float2 *to, int batch, int h, int w, int sign) {
  int most = h > w ? h : w;
  double *line = new double[2 * most], *result = new double[2 * most], *turns = new double[2 * most];
  double *all = new double[2 * (i64)h * w];
  for (int b = 0; b < batch; b++) {
    for (int i = 0; i < w; i++) turns[2 * i] = cos(2 * M_PI * i / w), turns[2 * i + 1] = sin(2 * M_PI * i / w);
    for (int r = 0; r < h; r++) {
      for (int i = 0; i < w; i++) {
        float2 z = from[((i64)b * h + r) * w + i];
        line[2 * i] = z.x, line[2 * i + 1] = z.y;
      }
      transform_line(line, turns, all + 2 * (i64)r * w, w, sign);
    }
    for (int i = 0; i < h; i++) turns[2 * i] = cos(2 * M_PI * i / h), turns[2 * i + 1] = sin(2 * M_PI * i / h);
    for (int c = 0; c < w; c++) {
      for (int i = 0; i < h; i++) line[2 * i] = all[2 * ((i64)i * w + c)], line[2 * i + 1] = all[2 * ((i64)i * w + c) + 1];
      transform_line(line, turns, result, h, sign);
      for (int i = 0; i < h; i++) {
        to[((i64)b * h + i) * w + c] = make_float2((float)result[2 * i], (float)result[2 * i + 1]);
      }
    }
  }
  delete[] line;
  delete[] result;
  delete[] turns;
  delete[] all;
}
