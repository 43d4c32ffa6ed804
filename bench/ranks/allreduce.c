/*
 * What our all-reduce is compared with: floats summed in place over all ranks of MPI_COMM_WORLD.
 *
 *   allreduce BYTES:TIMES...
 *
 * Rank 0 prints for each size the median of the slowest rank's seconds, of MPI_Allreduce ("c") and of MPI_Iallreduce
 * with MPI_Wait ("c-nonblocking"), as dev.larmor.bench.ranks.AllReduce does of ours.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define WARMUP 2

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void sum(float *data, int count, int blocking) {
  if (blocking) {
    MPI_Allreduce(MPI_IN_PLACE, data, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  } else {
    MPI_Request request;
    MPI_Iallreduce(MPI_IN_PLACE, data, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
  }
}

static double median(float *data, int count, int times, int blocking) {
  double *seconds = malloc(times * sizeof *seconds);
  for (int i = -WARMUP; i < times; i++) {
    MPI_Barrier(MPI_COMM_WORLD);
    double start = MPI_Wtime();
    sum(data, count, blocking);
    double own = MPI_Wtime() - start, slowest;
    MPI_Allreduce(&own, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    if (i >= 0) {
      seconds[i] = slowest;
    }
  }
  qsort(seconds, times, sizeof *seconds, by_size);
  double middle = (seconds[(times - 1) / 2] + seconds[times / 2]) / 2;
  free(seconds);
  return middle;
}

int main(int argc, char **argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (int i = 1; i < argc; i++) {
    long bytes;
    int times;
    float *data;
    if (sscanf(argv[i], "%ld:%d", &bytes, &times) != 2 || times < 1 || posix_memalign((void **)&data, 64, bytes)) {
      fprintf(stderr, "expected BYTES:TIMES, got %s\n", argv[i]);
      MPI_Abort(MPI_COMM_WORLD, 2);
      return 2;
    }
    for (long f = 0; f < bytes / 4; f++) {
      data[f] = 0;
    }
    for (int blocking = 1; blocking >= 0; blocking--) {
      double seconds = median(data, (int)(bytes / 4), times, blocking);
      if (rank == 0) {
        printf("result allreduce/%ld/%s %.9f\n", bytes, blocking ? "c" : "c-nonblocking", seconds);
        fflush(stdout);
      }
    }
    free(data);
  }
  MPI_Finalize();
  return 0;
}
