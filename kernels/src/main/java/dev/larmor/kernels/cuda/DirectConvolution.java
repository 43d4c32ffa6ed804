package dev.larmor.kernels.cuda;

import dev.larmor.kernels.cuda.DnnLibrary.Problem;
import java.util.List;

/**
 * A convolution by its definition, one thread for each result: for the few that the library has no
 * deterministic algorithm for.
 */
record DirectConvolution(Kernels kernels, Problem problem) implements DnnLibrary.Plan {
  @Override
  public String algorithm() {
    return "direct";
  }

  @Override
  public long workspaceBytes() {
    return 0;
  }

  @Override
  public void run(long x, long w, long y, long workspace) {
    switch (problem.direction()) {
      case FORWARD -> launch("direct_forward", x, w, y).over(elements(problem.y()));
      case INPUT -> launch("direct_input", y, w, x).over(elements(problem.x()));
      case WEIGHT -> launch("direct_weight", x, y, w).blocks(elements(problem.w()));
    }
  }

  private Launch launch(String function, long a, long b, long result) {
    return kernels
        .start("convolution", function, problem.type())
        .at(a)
        .at(b)
        .at(result)
        .wholes(geometry(problem));
  }

  /** The struct {@code Geometry}: the number of groups, then five extents or three axes of each. */
  static int[] geometry(Problem problem) {
    int[] words = new int[25];
    words[0] = problem.groups();
    extents(problem.x(), words, 1);
    extents(problem.w(), words, 6);
    extents(problem.y(), words, 11);
    spatial(problem.stride(), words, 16, 1);
    spatial(problem.padding(), words, 19, 0);
    spatial(problem.dilation(), words, 22, 1);
    return words;
  }

  private static long elements(List<Integer> dims) {
    return dims.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
  }

  private static void extents(List<Integer> dims, int[] words, int at) {
    words[at] = dims.get(0);
    words[at + 1] = dims.get(1);
    spatial(dims.subList(2, dims.size()), words, at + 2, 1);
  }

  /** Two axes count as the last two of three. */
  private static void spatial(List<Integer> axes, int[] words, int at, int missing) {
    words[at] = missing;
    for (int i = 0; i < axes.size(); i++) {
      words[at + 3 - axes.size() + i] = axes.get(i);
    }
  }

  @Override
  public void close() {}
}
