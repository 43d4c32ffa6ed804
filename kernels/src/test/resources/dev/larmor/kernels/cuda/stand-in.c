/*
 * What Larmor calls of NVIDIA's libraries, on the host: memory of the card is memory of the machine, streams run
 * at once. Built by StandIn.java once for each library name. Environment: STANDIN_INIT what cuInit returns,
 * STANDIN_DRIVER its version, STANDIN_CARDS, STANDIN_CAPABILITY (61), STANDIN_MEMORY and STANDIN_FREE in bytes,
 * STANDIN_TROUBLE the error that everything after the launch of kernel "trap" reports.
 */
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long Address;

#ifdef CUDA
static long variable(const char *name, long otherwise) {
  const char *value = getenv(name);
  return value ? atol(value) : otherwise;
}

static int trouble;

int cuInit(unsigned flags) { return variable("STANDIN_INIT", 0); }
int cuDriverGetVersion(int *v) { *v = variable("STANDIN_DRIVER", 11080); return 0; }
int cuDeviceGetCount(int *n) { *n = variable("STANDIN_CARDS", 1); return 0; }
int cuDeviceGet(int *device, int index) { *device = index; return index < variable("STANDIN_CARDS", 1) ? 0 : 101; }
int cuDeviceGetName(char *name, int n, int device) { snprintf(name, n, "Stand-in %d", device); return 0; }
int cuDeviceGetPCIBusId(char *id, int n, int device) {
  snprintf(id, n, "0000:%02x:00.0", variable("STANDIN_ONE_PLACE", 0) ? 0x3b : 0x3b + device);
  return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = variable("STANDIN_MEMORY", 8L << 30); return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  int capability = variable("STANDIN_CAPABILITY", 61);
  switch (attribute) {
    case 75: *value = capability / 10; return 0;
    case 76: *value = capability % 10; return 0;
    case 13: *value = 1733000; return 0; /* kHz */
    case 16: *value = 20; return 0;      /* multiprocessors */
    case 36: *value = 5005000; return 0; /* kHz of the memory */
    case 37: *value = 256; return 0;     /* bits of its bus */
    default: return 1;
  }
}
int cuDevicePrimaryCtxRetain(void **context, int device) { *context = (void *)0x11; return 0; }
int cuDevicePrimaryCtxRelease_v2(int device) { return 0; }
int cuCtxSetCurrent(void *context) { return context == (void *)0x11 ? trouble : 201; }
int cuCtxSynchronize(void) { return trouble; }
int cuMemAlloc_v2(Address *p, size_t bytes) {
  if (trouble) return trouble;
  if (bytes > (size_t)variable("STANDIN_FREE", 8L << 30)) return 2;
  *p = (Address)aligned_alloc(256, (bytes + 255) / 256 * 256);
  return 0;
}
int cuMemFree_v2(Address p) { free((void *)p); return trouble; }
int cuMemHostAlloc(void **p, size_t bytes, unsigned flags) { *p = malloc(bytes); return trouble; }
int cuMemFreeHost(void *p) { free(p); return trouble; }
int cuMemGetInfo_v2(size_t *available, size_t *total) {
  *available = variable("STANDIN_FREE", 8L << 30);
  *total = variable("STANDIN_MEMORY", 8L << 30);
  return trouble;
}
int cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t n, void *stream) { memcpy((void *)to, from, n); return trouble; }
int cuMemcpyDtoHAsync_v2(void *to, Address from, size_t n, void *stream) { memcpy(to, (void *)from, n); return trouble; }
/* Objects are blocks whose first int says what they are. */
static int make(void **object, int kind) { *object = malloc(4); *(int *)*object = kind; return trouble; }
static int is(void *object, int kind) { return object && *(int *)object == kind ? trouble : 400; }
static int end(void *object, int kind) { int code = is(object, kind); if (code != 400) free(object); return code; }
int cuStreamCreate(void **stream, unsigned flags) { return flags == 1 ? make(stream, 'S') : 1; }
int cuStreamDestroy_v2(void *stream) { return end(stream, 'S'); }
int cuStreamSynchronize(void *stream) { return is(stream, 'S'); }
int cuStreamWaitEvent(void *stream, void *event, unsigned flags) { return is(stream, 'S') ? is(stream, 'S') : is(event, 'E'); }
int cuEventCreate(void **event, unsigned flags) { return flags == 2 ? make(event, 'E') : 1; }
int cuEventDestroy_v2(void *event) { return end(event, 'E'); }
int cuEventRecord(void *event, void *stream) { return is(stream, 'S') ? is(stream, 'S') : is(event, 'E'); }
int cuEventSynchronize(void *event) { return is(event, 'E'); }
int cuModuleLoadData(void **module, const void *image) { return strncmp(image, "code:", 5) ? 200 : make(module, 'M'); }
int cuModuleUnload(void *module) { return end(module, 'M'); }
int cuModuleGetFunction(void **function, void *module, const char *name) {
  if (is(module, 'M')) return 400;
  if (!strcmp(name, "axpy")) return make(function, 'a');
  if (!strcmp(name, "trap")) return make(function, 't');
  return 500;
}
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **parameters, void **extra) {
  if (trouble) return trouble;
  if (is(stream, 'S') || gz != 1 || bz != 1 || shared || extra) return 1;
  if (!is(function, 't')) { trouble = variable("STANDIN_TROUBLE", 700); return 0; }
  if (is(function, 'a')) return 400;
  int n = *(int *)parameters[0];
  float a = *(float *)parameters[1], *x = *(float **)parameters[2], *y = *(float **)parameters[3];
  if ((unsigned)n > gx * gy * bx * by) return 1;
  for (int i = 0; i < n; i++) y[i] += a * x[i];
  return 0;
}
int cuGetErrorName(int code, const char **name) {
  *name = code == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS" : code == 803 ? "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"
        : code == 500 ? "CUDA_ERROR_NOT_FOUND" : "CUDA_ERROR_OF_THE_STAND_IN";
  return 0;
}
int cuGetErrorString(int code, const char **text) { *text = "what the driver says"; return 0; }
#endif

#ifdef NVRTC
static char source[4096];
static const char *log_text = "";
int nvrtcVersion(int *major, int *minor) { *major = 11; *minor = 8; return 0; }
int nvrtcGetNumSupportedArchs(int *n) { *n = 2; return 0; }
int nvrtcGetSupportedArchs(int *known) { known[0] = 61; known[1] = 80; return 0; }
const char *nvrtcGetErrorString(int code) { return code == 6 ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR"; }
int nvrtcCreateProgram(void **p, const char *text, const char *name, int n, const char *const *h, const char *const *i) {
  *p = source;
  snprintf(source, sizeof source, "code:%s", text);
  return 0;
}
int nvrtcDestroyProgram(void **p) { return *p == source ? 0 : 4; }
int nvrtcCompileProgram(void *p, int n, const char *const *options) {
  for (int i = 0; i < n; i++) { strcat(source, " "); strcat(source, options[i]); }
  log_text = strstr(source, "broken") ? "kernel.cu(3): warning: unused\n\nkernel.cu(7): error: expected a \";\"\n" : "";
  return *log_text ? 6 : 0;
}
int nvrtcGetProgramLogSize(void *p, size_t *n) { *n = strlen(log_text) + 1; return 0; }
int nvrtcGetProgramLog(void *p, char *log) { strcpy(log, log_text); return 0; }
int nvrtcGetCUBINSize(void *p, size_t *n) { *n = strlen(source) + 1; return 0; }
int nvrtcGetCUBIN(void *p, char *image) { strcpy(image, source); return 0; }
int nvrtcGetPTXSize(void *p, size_t *n) { *n = strlen(source) + 1; return 0; }
int nvrtcGetPTX(void *p, char *text) { strcpy(text, source); return 0; }
#endif

#ifdef CUFFT
static int height, width, batch, own = 1;
static void *area, *fft_stream;
int cufftCreate(int *plan) { *plan = 7; own = 1; return 0; }
int cufftDestroy(int plan) { return plan == 7 ? 0 : 1; }
int cufftSetAutoAllocation(int plan, int on) { own = on; return 0; }
int cufftSetStream(int plan, void *stream) { fft_stream = stream; return 0; }
int cufftMakePlanMany(int plan, int rank, int *n, int *ie, int is, int id, int *oe, int os, int od, int type, int count, size_t *bytes) {
  if (plan != 7 || rank != 2 || ie || oe || type != 0x29 || own) return 4;
  height = n[0], width = n[1], batch = count;
  *bytes = 512;
  return count > 1000 ? 2 : 0;
}
int cufftSetWorkArea(int plan, void *p) { area = p; return 0; }
int cufftExecC2C(int plan, float complex *from, float complex *to, int direction) {
  if (plan != 7 || !area || !fft_stream) return 6;
  int size = height * width;
  float complex *image = malloc(size * sizeof *image);
  for (int b = 0; b < batch; b++, from += size, to += size) {
    memcpy(image, from, size * sizeof *image);
    for (int u = 0; u < size; u++) {
      double complex sum = 0;
      for (int i = 0; i < size; i++) {
        double turns = (double)(u / width) * (i / width) / height + (double)(u % width) * (i % width) / width;
        sum += image[i] * cexp(direction * 2 * M_PI * I * turns);
      }
      to[u] = sum;
    }
  }
  free(image);
  return 0;
}
#endif

#ifdef CUBLAS
static void *blas_stream, *space;
static int blas_math;
int cublasCreate_v2(void **handle) { *handle = (void *)0x22; return 0; }
int cublasDestroy_v2(void *handle) { return 0; }
int cublasSetStream_v2(void *handle, void *stream) { blas_stream = stream; return 0; }
int cublasSetMathMode(void *handle, int mode) { blas_math = mode; return 0; }
int cublasSetWorkspace_v2(void *handle, void *p, size_t bytes) { space = p; return 0; }
/* c = op(a) op(b), all by columns; rounds like TF32 where the compute type lets it. */
static float factor(float value, int compute) {
  unsigned bits;
  memcpy(&bits, &value, 4);
  if (compute == 77) bits &= ~0x1fffu;
  memcpy(&value, &bits, 4);
  return value;
}
int cublasGemmEx(void *handle, int ta, int tb, int m, int n, int k, const float *alpha, const float *a, int at, int lda,
                 const float *b, int bt, int ldb, const float *beta, float *c, int ct, int ldc, int compute, int algorithm) {
  if (handle != (void *)0x22 || !blas_stream || !space || blas_math != 16 || at || bt || ct || *beta || algorithm != -1) return 7;
  if (lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m || (compute != 69 && compute != 77)) return 7;
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int l = 0; l < k; l++)
        sum += (double)factor(ta ? a[l + i * lda] : a[i + l * lda], compute) * factor(tb ? b[j + l * ldb] : b[l + j * ldb], compute);
      c[i + j * ldc] = *alpha * sum;
    }
  return 0;
}
#endif

#ifdef CUDNN
typedef struct { int type, rank, extents[5], strides[5]; } Tensor;
typedef struct { int rank, padding[3], stride[3], dilation[3], groups, math, compute; } Convolution;
typedef struct { int algorithm, status; float time; size_t memory; int determinism, math, reserved[3]; } Candidate;
static void *dnn_stream;
size_t cudnnGetVersion(void) { return 90501; }
const char *cudnnGetErrorString(int code) { return code == 2000 ? "CUDNN_STATUS_BAD_PARAM" : "CUDNN_STATUS"; }
int cudnnCreate(void **handle) { *handle = (void *)0x33; return 0; }
int cudnnDestroy(void *handle) { return 0; }
int cudnnSetStream(void *handle, void *stream) { dnn_stream = stream; return 0; }
int cudnnCreateTensorDescriptor(Tensor **t) { *t = calloc(1, sizeof **t); return 0; }
int cudnnCreateFilterDescriptor(Tensor **t) { *t = calloc(1, sizeof **t); return 0; }
int cudnnCreateConvolutionDescriptor(Convolution **c) { *c = calloc(1, sizeof **c); return 0; }
int cudnnDestroyTensorDescriptor(Tensor *t) { free(t); return 0; }
int cudnnDestroyFilterDescriptor(Tensor *t) { free(t); return 0; }
int cudnnDestroyConvolutionDescriptor(Convolution *c) { free(c); return 0; }
int cudnnSetTensorNdDescriptor(Tensor *t, int type, int rank, const int *extents, const int *strides) {
  t->type = type, t->rank = rank;
  memcpy(t->extents, extents, rank * sizeof(int));
  memcpy(t->strides, strides, rank * sizeof(int));
  return 0;
}
int cudnnSetFilterNdDescriptor(Tensor *t, int type, int format, int rank, const int *extents) {
  int strides[5], next = 1;
  if (format == 1) strides[1] = 1, next = extents[1];
  for (int axis = rank - 1; axis >= 0; axis--)
    if (format == 0 || axis != 1) strides[axis] = next, next *= extents[axis];
  return cudnnSetTensorNdDescriptor(t, type, rank, extents, strides);
}
int cudnnSetConvolutionNdDescriptor(Convolution *c, int rank, const int *padding, const int *stride, const int *dilation, int mode, int compute) {
  if (mode != 1) return 2000;
  c->rank = rank, c->groups = 1, c->compute = compute;
  memcpy(c->padding, padding, rank * sizeof(int));
  memcpy(c->stride, stride, rank * sizeof(int));
  memcpy(c->dilation, dilation, rank * sizeof(int));
  return 0;
}
int cudnnSetConvolutionGroupCount(Convolution *c, int groups) { c->groups = groups; return 0; }
int cudnnSetConvolutionMathType(Convolution *c, int math) { c->math = math; return 0; }
static int list(Convolution *c, int asked, int *count, Candidate *found) {
  static const Candidate all[] = { /* 2 needs tensor cores */
    {7, 3000, 0, 0, 1}, {0, 0, 1, 0, 0}, {5, 0, 2, 1L << 30, 1}, {1, 0, 4, 32, 1}, {2, 0, 3, 64, 1}, {1, 0, 4, 32, 1}};
  if (c->compute || c->groups == 1000) return 3000;
  if (c->math != 3 && c->math != 1) return 2000;
  *count = c->math == 3 ? 4 : 6;
  if (asked < *count) return 2000;
  memcpy(found, all, *count * sizeof *found);
  if (c->math == 1) found[3] = all[4];
  return 0;
}
int cudnnGetConvolutionForwardAlgorithm_v7(void *h, Tensor *x, Tensor *w, Convolution *c, Tensor *y, int asked, int *count, Candidate *found) { return list(c, asked, count, found); }
int cudnnGetConvolutionBackwardDataAlgorithm_v7(void *h, Tensor *w, Tensor *y, Convolution *c, Tensor *x, int asked, int *count, Candidate *found) { return list(c, asked, count, found); }
int cudnnGetConvolutionBackwardFilterAlgorithm_v7(void *h, Tensor *x, Tensor *y, Convolution *c, Tensor *w, int asked, int *count, Candidate *found) { return list(c, asked, count, found); }
static int needs(int algorithm, size_t *bytes) { *bytes = algorithm == 2 ? 64 : 32; return 0; }
int cudnnGetConvolutionForwardWorkspaceSize(void *h, Tensor *x, Tensor *w, Convolution *c, Tensor *y, int algorithm, size_t *bytes) { return needs(algorithm, bytes); }
int cudnnGetConvolutionBackwardDataWorkspaceSize(void *h, Tensor *w, Tensor *y, Convolution *c, Tensor *x, int algorithm, size_t *bytes) { return needs(algorithm, bytes); }
int cudnnGetConvolutionBackwardFilterWorkspaceSize(void *h, Tensor *x, Tensor *y, Convolution *c, Tensor *w, int algorithm, size_t *bytes) { return needs(algorithm, bytes); }
static int extent(const Tensor *t, int axis) { return axis < t->rank ? t->extents[axis] : 1; }
static int at(const Tensor *t, int a, int b, const int *where) {
  int offset = a * t->strides[0] + b * t->strides[1];
  for (int i = 0; i < t->rank - 2; i++) offset += where[i] * t->strides[i + 2];
  return offset;
}
/* Every product of a convolution once; 'target' says which of the three is the sum. */
static int run(void *h, int target, const float *alpha, const float *beta, Tensor *tx, float *x, Tensor *tw, float *w, Convolution *c,
               int algorithm, void *workspace, size_t bytes, Tensor *ty, float *y) {
  if (h != (void *)0x33 || !dnn_stream || *alpha != 1 || *beta || !workspace || bytes != (algorithm == 2 ? 64 : 32)) return 2000;
  if (c->math != 3 || algorithm != 1 || tx->type || c->groups * tw->extents[1] != tx->extents[1]) return 2000;
  Tensor *t = target == 0 ? tx : target == 1 ? tw : ty;
  float *sum = target == 0 ? x : target == 1 ? w : y;
  int elements = 1;
  for (int i = 0; i < t->rank; i++) elements *= t->extents[i];
  memset(sum, 0, elements * sizeof *sum);
  int perGroup = tw->extents[0] / c->groups, o[3], k[3], in[3];
  for (int n = 0; n < ty->extents[0]; n++)
    for (int f = 0; f < ty->extents[1]; f++)
      for (int d = 0; d < tw->extents[1]; d++)
        for (o[0] = 0; o[0] < extent(ty, 2); o[0]++) for (o[1] = 0; o[1] < extent(ty, 3); o[1]++) for (o[2] = 0; o[2] < extent(ty, 4); o[2]++)
          for (k[0] = 0; k[0] < extent(tw, 2); k[0]++) for (k[1] = 0; k[1] < extent(tw, 3); k[1]++) for (k[2] = 0; k[2] < extent(tw, 4); k[2]++) {
            int inside = 1;
            for (int i = 0; i < c->rank; i++) {
              in[i] = o[i] * c->stride[i] - c->padding[i] + k[i] * c->dilation[i];
              inside &= in[i] >= 0 && in[i] < tx->extents[i + 2];
            }
            if (!inside) continue;
            float *px = x + at(tx, n, f / perGroup * tw->extents[1] + d, in), *pw = w + at(tw, f, d, k), *py = y + at(ty, n, f, o);
            if (target == 0) *px += *pw * *py; else if (target == 1) *pw += *px * *py; else *py += *px * *pw;
          }
  return 0;
}
int cudnnConvolutionForward(void *h, const float *alpha, Tensor *tx, float *x, Tensor *tw, float *w, Convolution *c, int algorithm,
                            void *space, size_t bytes, const float *beta, Tensor *ty, float *y) {
  return run(h, 2, alpha, beta, tx, x, tw, w, c, algorithm, space, bytes, ty, y);
}
int cudnnConvolutionBackwardData(void *h, const float *alpha, Tensor *tw, float *w, Tensor *ty, float *y, Convolution *c, int algorithm,
                                 void *space, size_t bytes, const float *beta, Tensor *tx, float *x) {
  return run(h, 0, alpha, beta, tx, x, tw, w, c, algorithm, space, bytes, ty, y);
}
int cudnnConvolutionBackwardFilter(void *h, const float *alpha, Tensor *tx, float *x, Tensor *ty, float *y, Convolution *c, int algorithm,
                                   void *space, size_t bytes, const float *beta, Tensor *tw, float *w) {
  return run(h, 1, alpha, beta, tx, x, tw, w, c, algorithm, space, bytes, ty, y);
}
#endif

#ifdef NCCL
/* Ranks are threads of one process. They meet by all 128 bytes of the id; a group of calls is done at its end. A sum
 * of 666 elements is refused. A rank that aborts is an error for the others, and so is one that does not come. */
#include <errno.h>
#include <pthread.h>
#include <time.h>
#define GROUP 2048 /* calls, as the documentation has it */
typedef struct { char bytes[128]; } Id;
typedef struct { int kind; const char *from; char *to; size_t bytes; int root; char *result; } Call;
typedef struct Comm { struct World *world; int rank, calls; Call call[GROUP]; } Comm;
typedef struct World {
  Id id;
  int size, waiting, meetings, aborted;
  Comm *ranks[16];
  struct World *next;
} World;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static World *worlds;
static __thread int depth, refused;
static __thread Comm *current;
static __thread char last[128];

static int meet(World *world) {
  pthread_mutex_lock(&lock);
  int meeting = world->meetings;
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_sec += 5;
  if (++world->waiting == world->size) {
    world->waiting = 0;
    world->meetings++;
    pthread_cond_broadcast(&change);
  }
  while (world->meetings == meeting && !world->aborted)
    if (pthread_cond_timedwait(&change, &lock, &end) == ETIMEDOUT) world->aborted = 1;
  int code = world->meetings == meeting ? 6 : 0;
  pthread_mutex_unlock(&lock);
  return code;
}

static int perform(Comm *comm) {
  World *world = comm->world;
  int code = meet(world);
  for (int c = 0; !code && c < comm->calls; c++) {
    Call *call = &comm->call[c], *first = &world->ranks[0]->call[c];
    if (world->ranks[0]->calls != comm->calls || call->kind != first->kind || call->bytes != first->bytes
        || call->root != first->root) {
      snprintf(last, sizeof last, "ranks 0 and %d call different things", comm->rank);
      code = 5;
      break;
    }
    call->result = malloc(call->bytes);
    if (call->kind == 'b') memcpy(call->result, world->ranks[call->root]->call[c].from, call->bytes);
    else
      for (size_t i = 0; i < call->bytes / 4; i++) {
        double sum = 0;
        for (int r = 0; r < world->size; r++) sum += ((const float *)world->ranks[r]->call[c].from)[i];
        ((float *)call->result)[i] = sum;
      }
  }
  if (!code) code = meet(world);
  for (int c = 0; !code && c < comm->calls; c++) {
    Call *call = &comm->call[c];
    if (call->kind != 'r' || call->root == comm->rank) memcpy(call->to, call->result, call->bytes);
    free(call->result);
  }
  if (!code) code = meet(world);
  comm->calls = 0;
  return code;
}

static int submit(Comm *comm, void *stream, Call call) {
  if (!stream || *(int *)stream != 'S') return refused = 4;
  if (call.kind != 'b' && call.bytes == 4 * 666) { snprintf(last, sizeof last, "666 elements"); return refused = 4; }
  if (comm->calls == GROUP || (current && current != comm)) return refused = 3;
  comm->call[comm->calls++] = call;
  current = comm;
  if (depth) return 0;
  current = 0;
  return perform(comm);
}

int ncclGetVersion(int *version) { *version = 22105; return 0; }
const char *ncclGetErrorString(int code) {
  return code == 4 ? "invalid argument" : code == 5 ? "invalid usage" : code == 6 ? "remote process exited" : "error";
}
const char *ncclGetLastError(Comm *comm) { return last; }
int ncclGetUniqueId(Id *id) {
  static unsigned char salt;
  for (int i = 0; i < 128; i++) id->bytes[i] = (char)(i * 37 + 11);
  pthread_mutex_lock(&lock);
  id->bytes[127] = (char)++salt; /* at the far end of the struct */
  pthread_mutex_unlock(&lock);
  return 0;
}
int ncclCommInitRank(Comm **comm, int size, Id id, int rank) {
  if (size > 16 || rank < 0 || rank >= size) return 4;
  pthread_mutex_lock(&lock);
  World *world = worlds;
  while (world && memcmp(&world->id, &id, sizeof id)) world = world->next;
  if (!world) {
    world = calloc(1, sizeof *world);
    world->id = id;
    world->size = size;
    world->next = worlds;
    worlds = world;
  }
  int taken = world->size != size || world->ranks[rank];
  if (!taken) {
    *comm = world->ranks[rank] = calloc(1, sizeof **comm);
    (*comm)->world = world;
    (*comm)->rank = rank;
  }
  pthread_mutex_unlock(&lock);
  return taken ? 5 : meet(world);
}
int ncclCommGetAsyncError(Comm *comm, int *error) { *error = comm->world->aborted ? 6 : 0; return 0; }
int ncclCommAbort(Comm *comm) {
  pthread_mutex_lock(&lock);
  comm->world->aborted = 1;
  pthread_cond_broadcast(&change);
  pthread_mutex_unlock(&lock);
  free(comm);
  return 0;
}
int ncclCommDestroy(Comm *comm) { free(comm); return 0; }
int ncclGroupStart(void) { depth++; return 0; }
int ncclGroupEnd(void) {
  Comm *comm = current;
  if (--depth) return 0;
  if (!comm) { int code = refused; refused = 0; return code; }
  current = 0;
  if (!refused) return perform(comm);
  int code = refused;
  comm->calls = refused = 0;
  return code;
}
int ncclAllReduce(const void *from, void *to, size_t n, int type, int op, Comm *comm, void *stream) {
  return type != 7 || op ? 4 : submit(comm, stream, (Call){'a', from, to, 4 * n});
}
int ncclReduce(const void *from, void *to, size_t n, int type, int op, int root, Comm *comm, void *stream) {
  return type != 7 || op ? 4 : submit(comm, stream, (Call){'r', from, to, 4 * n, root});
}
int ncclBroadcast(const void *from, void *to, size_t n, int type, int root, Comm *comm, void *stream) {
  return type != 1 ? 4 : submit(comm, stream, (Call){'b', from, to, n, root});
}
#endif
