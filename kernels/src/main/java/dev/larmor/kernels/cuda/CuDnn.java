package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgo;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgo;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgo;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnDeterminism;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnTensorFormat;

/**
 * cuDNN. Of the algorithms that its heuristics list for a problem, the fastest first, the first one
 * is taken that gives the same bits each time and fits the workspace.
 *
 * <p>Whether F32 may be rounded to TF32 is said by the math type of the convolution, for heuristics
 * and run alike. The math type in the heuristics' answer is no help: JCuda 11.7 leaves it 0 in two
 * of the three directions.
 *
 * <p>Status codes are those of the library that is loaded, which may be cuDNN 9 under the name of
 * cuDNN 8: anything but 0 is an error, and the library names it.
 */
final class CuDnn implements DnnLibrary {
  /** More than there are algorithms for any direction. */
  private static final int MOST_ALGORITHMS = 16;

  private final CardDriver driver;
  private final cudnnHandle handle = new cudnnHandle();
  private final Arena arena = Arena.ofShared();
  private final Pointer one = new Address(arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1).address());
  private final Pointer zero = new Address(arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0).address());

  CuDnn(CardDriver driver) {
    this.driver = driver;
    check(JCudnn.cudnnCreate(handle), "cudnnCreate");
    check(JCudnn.cudnnSetStream(handle, driver.computeStream()), "cudnnSetStream");
  }

  @Override
  public Optional<Plan> plan(Problem problem, long workspaceBytes) {
    Convolution convolution = new Convolution(problem);
    boolean found = false;
    try {
      found = convolution.choose(workspaceBytes);
    } finally {
      if (!found) {
        convolution.close();
      }
    }
    return found ? Optional.of(convolution) : Optional.empty();
  }

  void close() {
    JCudnn.cudnnDestroy(handle);
    arena.close();
  }

  private void check(int code, String call) {
    if (code != 0) {
      throw driver.libraryFailure(call, JCudnn.cudnnGetErrorString(code));
    }
  }

  /** An algorithm as the heuristics of any direction describe it. */
  private record Candidate(int algorithm, int status, long memory, int determinism) {}

  /** The operands of a problem as cuDNN describes them. Host memory alone, made without a card. */
  static final class Operands implements AutoCloseable {
    final cudnnTensorDescriptor x = new cudnnTensorDescriptor();
    final cudnnFilterDescriptor w = new cudnnFilterDescriptor();
    final cudnnTensorDescriptor y = new cudnnTensorDescriptor();
    final cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();

    /** The first status that is not 0, if one is; then the problem is not for cuDNN. */
    final int status;

    Operands(Problem problem) {
      int[] wExtents = ints(problem.w());
      int type = dataType(problem.type());
      status =
          first(
              JCudnn.cudnnCreateTensorDescriptor(x),
              JCudnn.cudnnCreateFilterDescriptor(w),
              JCudnn.cudnnCreateTensorDescriptor(y),
              JCudnn.cudnnCreateConvolutionDescriptor(convolution),
              describe(x, type, ints(problem.x()), problem.channelsLast()),
              JCudnn.cudnnSetFilterNdDescriptor(
                  w,
                  type,
                  problem.channelsLast()
                      ? cudnnTensorFormat.CUDNN_TENSOR_NHWC
                      : cudnnTensorFormat.CUDNN_TENSOR_NCHW,
                  wExtents.length,
                  wExtents),
              describe(y, type, ints(problem.y()), problem.channelsLast()),
              JCudnn.cudnnSetConvolutionNdDescriptor(
                  convolution,
                  problem.stride().size(),
                  ints(problem.padding()),
                  ints(problem.stride()),
                  ints(problem.dilation()),
                  cudnnConvolutionMode.CUDNN_CROSS_CORRELATION,
                  cudnnDataType.CUDNN_DATA_FLOAT),
              JCudnn.cudnnSetConvolutionGroupCount(convolution, problem.groups()),
              // The default would let cuDNN round F32 to TF32.
              JCudnn.cudnnSetConvolutionMathType(
                  convolution,
                  isExact(problem)
                      ? cudnnMathType.CUDNN_FMA_MATH
                      : cudnnMathType.CUDNN_TENSOR_OP_MATH));
    }

    private static int describe(
        cudnnTensorDescriptor tensor, int type, int[] extents, boolean channelsLast) {
      return JCudnn.cudnnSetTensorNdDescriptor(
          tensor, type, extents.length, extents, strides(extents, channelsLast));
    }

    @Override
    public void close() {
      JCudnn.cudnnDestroyConvolutionDescriptor(convolution);
      JCudnn.cudnnDestroyTensorDescriptor(y);
      JCudnn.cudnnDestroyFilterDescriptor(w);
      JCudnn.cudnnDestroyTensorDescriptor(x);
    }
  }

  private final class Convolution implements Plan {
    private final Problem problem;
    private final Operands of;
    private Candidate chosen;
    private long workspaceBytes;
    private boolean closed;

    Convolution(Problem problem) {
      this.problem = problem;
      this.of = new Operands(problem);
    }

    boolean choose(long limit) {
      if (of.status != 0) {
        return false;
      }
      for (Candidate candidate : candidates()) {
        if (candidate.status == 0
            && candidate.determinism == cudnnDeterminism.CUDNN_DETERMINISTIC
            && candidate.memory <= limit
            && prepare(candidate, limit)) {
          return true;
        }
      }
      return false;
    }

    /** Sets the candidate up; false if it wants more memory than it said. */
    private boolean prepare(Candidate candidate, long limit) {
      long[] bytes = {0};
      int algorithm = candidate.algorithm;
      int status =
          switch (problem.direction()) {
            case FORWARD ->
                JCudnn.cudnnGetConvolutionForwardWorkspaceSize(
                    handle, of.x, of.w, of.convolution, of.y, algorithm, bytes);
            case INPUT ->
                JCudnn.cudnnGetConvolutionBackwardDataWorkspaceSize(
                    handle, of.w, of.y, of.convolution, of.x, algorithm, bytes);
            case WEIGHT ->
                JCudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize(
                    handle, of.x, of.y, of.convolution, of.w, algorithm, bytes);
          };
      if (status != 0 || bytes[0] > limit) {
        return false;
      }
      chosen = candidate;
      workspaceBytes = bytes[0];
      return true;
    }

    private List<Candidate> candidates() {
      return switch (problem.direction()) {
        case FORWARD -> forwardCandidates();
        case INPUT -> inputCandidates();
        case WEIGHT -> weightCandidates();
      };
    }

    private List<Candidate> forwardCandidates() {
      cudnnConvolutionFwdAlgoPerf[] found = new cudnnConvolutionFwdAlgoPerf[MOST_ALGORITHMS];
      Arrays.setAll(found, _ -> new cudnnConvolutionFwdAlgoPerf());
      int[] count = {0};
      int status =
          JCudnn.cudnnGetConvolutionForwardAlgorithm_v7(
              handle, of.x, of.w, of.convolution, of.y, found.length, count, found);
      List<Candidate> candidates = new ArrayList<>();
      for (int i = 0; status == 0 && i < count[0]; i++) {
        var f = found[i];
        candidates.add(new Candidate(f.algo, f.status, f.memory, f.determinism));
      }
      return candidates;
    }

    private List<Candidate> inputCandidates() {
      cudnnConvolutionBwdDataAlgoPerf[] found =
          new cudnnConvolutionBwdDataAlgoPerf[MOST_ALGORITHMS];
      Arrays.setAll(found, _ -> new cudnnConvolutionBwdDataAlgoPerf());
      int[] count = {0};
      int status =
          JCudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(
              handle, of.w, of.y, of.convolution, of.x, found.length, count, found);
      List<Candidate> candidates = new ArrayList<>();
      for (int i = 0; status == 0 && i < count[0]; i++) {
        var f = found[i];
        candidates.add(new Candidate(f.algo, f.status, f.memory, f.determinism));
      }
      return candidates;
    }

    private List<Candidate> weightCandidates() {
      cudnnConvolutionBwdFilterAlgoPerf[] found =
          new cudnnConvolutionBwdFilterAlgoPerf[MOST_ALGORITHMS];
      Arrays.setAll(found, _ -> new cudnnConvolutionBwdFilterAlgoPerf());
      int[] count = {0};
      int status =
          JCudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7(
              handle, of.x, of.y, of.convolution, of.w, found.length, count, found);
      List<Candidate> candidates = new ArrayList<>();
      for (int i = 0; status == 0 && i < count[0]; i++) {
        var f = found[i];
        candidates.add(new Candidate(f.algo, f.status, f.memory, f.determinism));
      }
      return candidates;
    }

    @Override
    public String algorithm() {
      return switch (problem.direction()) {
        case FORWARD -> cudnnConvolutionFwdAlgo.stringFor(chosen.algorithm);
        case INPUT -> cudnnConvolutionBwdDataAlgo.stringFor(chosen.algorithm);
        case WEIGHT -> cudnnConvolutionBwdFilterAlgo.stringFor(chosen.algorithm);
      };
    }

    @Override
    public long workspaceBytes() {
      return workspaceBytes;
    }

    @Override
    public void run(long x, long w, long y, long workspace) {
      Pointer px = CardDriver.pointer(x);
      Pointer pw = CardDriver.pointer(w);
      Pointer py = CardDriver.pointer(y);
      Pointer area = CardDriver.pointer(workspace);
      long bytes = workspaceBytes;
      int algorithm = chosen.algorithm;
      int status =
          switch (problem.direction()) {
            case FORWARD ->
                JCudnn.cudnnConvolutionForward(
                    handle,
                    one,
                    of.x,
                    px,
                    of.w,
                    pw,
                    of.convolution,
                    algorithm,
                    area,
                    bytes,
                    zero,
                    of.y,
                    py);
            case INPUT ->
                JCudnn.cudnnConvolutionBackwardData(
                    handle,
                    one,
                    of.w,
                    pw,
                    of.y,
                    py,
                    of.convolution,
                    algorithm,
                    area,
                    bytes,
                    zero,
                    of.x,
                    px);
            case WEIGHT ->
                JCudnn.cudnnConvolutionBackwardFilter(
                    handle,
                    one,
                    of.x,
                    px,
                    of.y,
                    py,
                    of.convolution,
                    algorithm,
                    area,
                    bytes,
                    zero,
                    of.w,
                    pw);
          };
      if (status != 0) {
        check(status, toString());
      }
      driver.submitted("a cuDNN convolution");
    }

    @Override
    public String toString() {
      return algorithm() + " for " + problem;
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        of.close();
      }
    }
  }

  private static boolean isExact(Problem problem) {
    return problem.type() == DType.F32 && !problem.rounds();
  }

  private static int dataType(DType type) {
    return switch (type) {
      case F32 -> cudnnDataType.CUDNN_DATA_FLOAT;
      case BF16 -> cudnnDataType.CUDNN_DATA_BFLOAT16;
      case F16 -> cudnnDataType.CUDNN_DATA_HALF;
      default -> throw new IllegalArgumentException("no convolutions of " + type);
    };
  }

  /** Elements from one index to the next, for extents {@code [N, C, spatial…]}. */
  static int[] strides(int[] extents, boolean channelsLast) {
    int[] strides = new int[extents.length];
    int next = 1;
    if (channelsLast) {
      strides[1] = 1;
      next = extents[1];
    }
    for (int axis = extents.length - 1; axis >= 0; axis--) {
      if (channelsLast && axis == 1) {
        continue;
      }
      strides[axis] = next;
      next = Math.multiplyExact(next, extents[axis]);
    }
    return strides;
  }

  private static int first(int... statuses) {
    return Arrays.stream(statuses).filter(status -> status != 0).findFirst().orElse(0);
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }
}
