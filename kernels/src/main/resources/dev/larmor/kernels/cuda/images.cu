// Real images [N, H, W]: anatomical masks, edges, structural similarity. `rows` are those of all
// images; a thread goes down one column of them.

// Along rows, or down columns: 1 where any pixel within `radius` exceeds the threshold, or else
// where all do. Pixels outside the image have no say.
extern "C" __global__ void any_or_all(
    const float *x, float *y, float threshold, int any, int radius, int down, i64 rows, int h,
    int w) {
  int column = (int)thread_index();
  if (column >= w) return;
  each_row(rows, [&](i64 all) {
    int row = (int)(all - quotient(all, h) * h);
    int place = down ? row : column;
    int extent = down ? h : w;
    i64 step = down ? w : 1;
    int first = place < radius ? -place : -radius;
    int last = extent - 1 - place < radius ? extent - 1 - place : radius;
    i64 i = all * w + column;
    bool decided = false;  // a pixel that settles it: above for any, not above for all
    for (int k = first; k <= last && !decided; k++) {
      decided = (x[i + k * step] > threshold) == (any != 0);
    }
    y[i] = decided == (any != 0) ? 1 : 0;
  });
}

// Sobel's kernels about a pixel, of at(row, column) relative to it.
template <class F>
__device__ __forceinline__ float sobel_x(F at) {
  return at(-1, 1) - at(-1, -1) + 2 * (at(0, 1) - at(0, -1)) + at(1, 1) - at(1, -1);
}

template <class F>
__device__ __forceinline__ float sobel_y(F at) {
  return at(1, -1) - at(-1, -1) + 2 * (at(1, 0) - at(-1, 0)) + at(1, 1) - at(-1, 1);
}

// Calls f(i, inside) for each pixel i of the thread's; inside(row, column) tells whether the image
// goes on there, relative to the pixel.
template <class F>
__device__ __forceinline__ void at_pixels(i64 rows, int h, int w, F f) {
  int column = (int)thread_index();
  if (column >= w) return;
  each_row(rows, [&](i64 all) {
    int row = (int)(all - quotient(all, h) * h);
    f(all * w + column, [=](int down, int right) {
      return row + down >= 0 && row + down < h && column + right >= 0 && column + right < w;
    });
  });
}

extern "C" __global__ void sobel(
    const float *x, float *y, float eps, i64 rows, int h, int w) {
  at_pixels(rows, h, w, [&](i64 i, auto inside) {
    auto at = [&](int r, int c) { return inside(r, c) ? x[i + r * (i64)w + c] : 0.0f; };
    float gx = sobel_x(at);
    float gy = sobel_y(at);
    y[i] = sqrtf(gx * gx + gy * gy + eps);
  });
}

// What reaches gx and gy at each pixel.
extern "C" __global__ void sobel_grad_edges(
    const float *g, const float *x, float2 *edges, float eps, i64 rows, int h, int w) {
  at_pixels(rows, h, w, [&](i64 i, auto inside) {
    auto at = [&](int r, int c) { return inside(r, c) ? x[i + r * (i64)w + c] : 0.0f; };
    float gx = sobel_x(at);
    float gy = sobel_y(at);
    edges[i] = g[i] / sqrtf(gx * gx + gy * gy + eps) * make_float2(gx, gy);
  });
}

// The adjoint of either kernel is its negative, since it is odd.
extern "C" __global__ void sobel_grad(
    const float2 *edges, float *dx, i64 rows, int h, int w) {
  at_pixels(rows, h, w, [&](i64 i, auto inside) {
    auto x = [&](int r, int c) { return inside(r, c) ? edges[i + r * (i64)w + c].x : 0.0f; };
    auto y = [&](int r, int c) { return inside(r, c) ? edges[i + r * (i64)w + c].y : 0.0f; };
    dx[i] = -sobel_x(x) - sobel_y(y);
  });
}

// Structural similarity. Windows are put together from their rows: means and sums of squares about
// them, first of n pixels side by side, then of n such rows; differences of large squares never
// occur. Each intermediate quantity is a plane.

enum { MEAN_X, MEAN_Y, SQUARES_X, SQUARES_Y, PRODUCTS };

extern "C" __global__ void ssim_rows(
    const float *x, const float *y, float *moments, i64 rows, int w, int n) {
  int across = w - n + 1;
  int column = (int)thread_index();
  if (column >= across) return;
  each_row(rows, [&](i64 row) {
    const float *p = x + row * w + column;
    const float *q = y + row * w + column;
    float mean_x = 0, mean_y = 0;
    for (int k = 0; k < n; k++) {
      mean_x += p[k];
      mean_y += q[k];
    }
    mean_x /= n;
    mean_y /= n;
    float squares_x = 0, squares_y = 0, products = 0;
    for (int k = 0; k < n; k++) {
      float a = p[k] - mean_x, b = q[k] - mean_y;
      squares_x += a * a;
      squares_y += b * b;
      products += a * b;
    }
    float *m = moments + row * across + column;
    i64 plane = rows * across;
    m[MEAN_X * plane] = mean_x;
    m[MEAN_Y * plane] = mean_y;
    m[SQUARES_X * plane] = squares_x;
    m[SQUARES_Y * plane] = squares_y;
    m[PRODUCTS * plane] = products;
  });
}

// A window's similarity is a1 a2 / (b1 b2).
struct Similarity {
  float mean_x, mean_y, a1, a2, b1, b2;
};

// Of the window whose first row has its moments at m, those of the next row w further.
__device__ __forceinline__ Similarity similarity(
    const float *m, i64 plane, int w, int n, float c1, float c2) {
  Similarity s;
  s.mean_x = s.mean_y = 0;
  for (int k = 0; k < n; k++) {
    s.mean_x += m[MEAN_X * plane + (i64)k * w];
    s.mean_y += m[MEAN_Y * plane + (i64)k * w];
  }
  s.mean_x /= n;
  s.mean_y /= n;
  float squares = 0, products = 0;
  for (int k = 0; k < n; k++) {
    const float *row = m + (i64)k * w;
    float a = row[MEAN_X * plane] - s.mean_x, b = row[MEAN_Y * plane] - s.mean_y;
    squares += row[SQUARES_X * plane] + row[SQUARES_Y * plane] + n * (a * a + b * b);
    products += row[PRODUCTS * plane] + n * (a * b);
  }
  float less = (float)n * n - 1;
  s.a1 = 2 * s.mean_x * s.mean_y + c1;
  s.b1 = s.mean_x * s.mean_x + s.mean_y * s.mean_y + c1;
  s.a2 = 2 * products / less + c2;
  s.b2 = squares / less + c2;
  return s;
}

// Calls f(i, similarity) for each window i of images of h by w pixels.
template <class F>
__device__ __forceinline__ void at_windows(
    const float *moments, const float *range, int images, int h, int w, int n, float k1, float k2,
    F f) {
  int across = w - n + 1;
  int down = h - n + 1;
  i64 plane = (i64)images * h * across;
  int column = (int)thread_index();
  if (column >= across) return;
  each_row((i64)images * down, [&](i64 row) {
    i64 image = quotient(row, down);
    const float *m = moments + (row + image * (n - 1)) * across + column;
    float c1 = k1 * range[image], c2 = k2 * range[image];
    f(row * across + column, similarity(m, plane, across, n, c1 * c1, c2 * c2));
  });
}

extern "C" __global__ void ssim(
    const float *moments, const float *range, float *map, int images, int h, int w, int n,
    float k1, float k2) {
  at_windows(moments, range, images, h, w, n, k1, k2, [&](i64 i, Similarity s) {
    map[i] = s.a1 * s.a2 / (s.b1 * s.b2);
  });
}

// The gradient: window v adds constant + by_x (x - mean_x) + by_y (y - mean_y) to each of its pixels.
enum { WINDOW_X, WINDOW_Y, BY_X, BY_Y, CONSTANT };

extern "C" __global__ void ssim_grad_windows(
    const float *g, const float *moments, const float *range, float *windows, int images, int h,
    int w, int n, float k1, float k2) {
  i64 plane = (i64)images * (h - n + 1) * (w - n + 1);
  at_windows(moments, range, images, h, w, n, k1, k2, [&](i64 i, Similarity s) {
    float pixels = (float)n * n;
    float scale = 2 * g[i] / (s.b1 * s.b2);
    float value = s.a1 * s.a2 / (s.b1 * s.b2);
    windows[WINDOW_X * plane + i] = s.mean_x;
    windows[WINDOW_Y * plane + i] = s.mean_y;
    windows[BY_X * plane + i] = -value * s.b1 * scale / (pixels - 1);
    windows[BY_Y * plane + i] = s.a1 * scale / (pixels - 1);
    windows[CONSTANT * plane + i] = (s.mean_y * s.a2 - value * s.mean_x * s.b2) * scale / pixels;
  });
}

// The window about whose means the sums at a pixel's column are taken: it is one of theirs.
__device__ __forceinline__ int nearest(int column, int windows) {
  return column < windows ? column : windows - 1;
}

// Sums over the windows of each row that hold a pixel's column: constant, by_x, by_y.
extern "C" __global__ void ssim_grad_rows(
    const float *windows, float *sums, i64 rows, int w, int n) {
  int across = w - n + 1;
  i64 plane = rows * across;
  int column = (int)thread_index();
  if (column >= w) return;
  int first = column < n ? 0 : column - n + 1;
  int last = nearest(column, across);
  each_row(rows, [&](i64 row) {
    const float *v = windows + row * across;
    float x = v[WINDOW_X * plane + last], y = v[WINDOW_Y * plane + last];
    float by_x = 0, by_y = 0, constant = 0;
    for (int k = first; k <= last; k++) {
      float p = v[BY_X * plane + k], q = v[BY_Y * plane + k];
      by_x += p;
      by_y += q;
      constant += v[CONSTANT * plane + k] - p * (v[WINDOW_X * plane + k] - x) -
                  q * (v[WINDOW_Y * plane + k] - y);
    }
    float *s = sums + row * w + column;
    s[0] = constant;
    s[rows * w] = by_x;
    s[2 * rows * w] = by_y;
  });
}

extern "C" __global__ void ssim_grad(
    const float *x, const float *y, const float *windows, const float *sums, float *dx, int images,
    int h, int w, int n) {
  int across = w - n + 1;
  int down = h - n + 1;
  i64 plane = (i64)images * down * across;
  i64 wide = (i64)images * down * w;
  int column = (int)thread_index();
  if (column >= w) return;
  each_row((i64)images * h, [&](i64 all) {
    i64 image = quotient(all, h);
    int row = (int)(all - image * h);
    i64 i = all * w + column;
    float sum = 0;
    for (int k = row < n ? 0 : row - n + 1; k <= nearest(row, down); k++) {
      const float *s = sums + (image * down + k) * w + column;
      const float *v = windows + (image * down + k) * across + nearest(column, across);
      sum += s[0] + s[wide] * (x[i] - v[WINDOW_X * plane]) + s[2 * wide] * (y[i] - v[WINDOW_Y * plane]);
    }
    dx[i] = sum;
  });
}
