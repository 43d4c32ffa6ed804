package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.CollectiveException;
import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceException;
import dev.larmor.kernels.ChildProcess;
import java.nio.charset.StandardCharsets;
import java.util.List;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcufft.JCufft;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * NVIDIA's own libraries, as far as they work without a card: profile {@code cuda}. In processes of
 * their own, since a cuDNN that misses a part ends the process.
 */
@Tag("cuda-libraries")
class CudaLibrariesTest {
  /** Loads everything and asks each library for its version. */
  static final class Versions {
    private Versions() {}

    public static void main(String[] args) {
      String from = CudaLibraries.load();
      System.out.println(from.substring(from.lastIndexOf('/') + 1));
      int[] fft = {0};
      JCufft.cufftGetVersion(fft);
      System.out.println("cuFFT " + fft[0]);
      System.out.println("cuDNN " + JCudnn.cudnnGetVersion());
      // Without a driver they say so, and the process goes on. With one they just work.
      System.out.println(JCublas2.cublasCreate(new cublasHandle()) <= 1);
      System.out.println(JCudnn.cudnnCreate(new cudnnHandle()) <= 1);
    }
  }

  @Test
  void librariesLoad() throws Exception {
    assertEquals(
        """
        cuda-11.8-8.6-1.5.8-linux-x86_64
        cuFFT 10900
        cuDNN 8600
        true
        true\
        """,
        new ChildProcess().run(Versions.class));
  }

  /** Compiles a kernel for a card of the capability named, with the options that follow. */
  static final class Compiler {
    private Compiler() {}

    public static void main(String[] args) {
      CudaLibraries.load();
      KernelCompiler compiler = new NvrtcCompiler(Integer.parseInt(args[0]), 12040);
      System.out.println(compiler.identity());
      String source =
          """
          template <typename T> T twice(T x) { return x + x; } // on the card without being told
          extern "C" __global__ void kernel(float* x) {
            x[threadIdx.x] = twice(x[threadIdx.x]) MISTAKE;
          }
          """;
      try {
        byte[] image = compiler.compile("twice.cu", source, List.of("-DMISTAKE=" + args[1]));
        System.out.println(
            image[0] == 0x7f
                ? "machine code"
                : new String(image, 0, 20, StandardCharsets.US_ASCII)
                    .lines()
                    .findFirst()
                    .orElse(""));
      } catch (DeviceException e) {
        System.out.println(e.getMessage().lines().findFirst().orElse(""));
      }
    }
  }

  @Test
  void kernelsCompileForPascalAndHopper() throws Exception {
    for (String capability : List.of("61", "90")) {
      assertEquals(
          "NVRTC 11.8 sm_" + capability + " driver 12040\nmachine code",
          new ChildProcess().run(Compiler.class, capability, ""));
    }
  }

  /** Compiles every kernel file in every variant and prints how many there were. */
  static final class EveryKernel {
    private EveryKernel() {}

    public static void main(String[] args) {
      CudaLibraries.load();
      KernelCompiler compiler = new NvrtcCompiler(Integer.parseInt(args[0]), 12040);
      int compiled = 0;
      for (String file : KernelFiles.names()) {
        for (DType element : List.of(DType.F32, DType.BF16, DType.F16)) {
          for (boolean channelsLast : new boolean[] {false, true}) {
            String source = Kernels.source(file, Kernels.class);
            compiler.compile(file + ".cu", source, Kernels.options(element, channelsLast));
            compiled++;
          }
        }
      }
      System.out.println(compiled);
    }
  }

  /** As on a card: NVRTC brings no header, and 6.1 is the GTX 1080. */
  @ParameterizedTest
  @ValueSource(strings = {"61", "90"})
  void everyKernelFileCompiles(String capability) throws Exception {
    assertEquals(
        String.valueOf(6 * KernelFiles.names().size()),
        new ChildProcess().run(EveryKernel.class, capability));
  }

  @Test
  void cardsAfterTheCompilersTimeGetPtx() throws Exception {
    String output = new ChildProcess().run(Compiler.class, "100", "");
    assertTrue(output.startsWith("NVRTC 11.8 compute_90 driver 12040\n//"), output);
  }

  @Test
  void mistakeIsReportedWithFileAndLine() throws Exception {
    assertEquals(
        "NVRTC 11.8 sm_61 driver 12040\n"
            + "twice.cu does not compile with NVRTC 11.8 -DMISTAKE=+nothing: twice.cu(3): error:"
            + " identifier \"nothing\" is undefined",
        new ChildProcess().run(Compiler.class, "61", "+nothing"));
  }

  /** Asks NCCL for what it gives without a card, and for what it does not. */
  static final class Bootstrap {
    private Bootstrap() {}

    public static void main(String[] args) {
      NcclLibrary nccl = Nccl.find(0);
      System.out.println(nccl.version());
      byte[] id = nccl.uniqueId();
      System.out.println(id.length + " bytes");
      try {
        nccl.join(id, 1, 1);
      } catch (CollectiveException e) {
        System.out.println(e.getMessage());
      }
      System.exit(0); // NCCL waits for ranks to join, on a thread of its own
    }
  }

  @Test
  void ncclSaysWhatItMisses() throws Exception {
    String output = new ChildProcess().run(Bootstrap.class);
    assertTrue(output.startsWith("NCCL 2.15.5\n128 bytes\nncclCommInitRank failed: "), output);
    assertTrue(output.endsWith("; NCCL_DEBUG=WARN tells more"), output);
  }

  /** Describes convolutions to cuDNN and prints the output's extents. */
  static final class Extents {
    private Extents() {}

    public static void main(String[] args) {
      CudaLibraries.load();
      for (boolean channelsLast : new boolean[] {false, true}) {
        print(problem(channelsLast, List.of(2, 4, 9, 8), List.of(6, 2, 3, 3), List.of(2, 6, 5, 8)));
        print(
            problem(
                channelsLast,
                List.of(2, 4, 9, 8, 7),
                List.of(6, 2, 3, 3, 3),
                List.of(2, 6, 5, 8, 7)));
      }
    }

    private static DnnLibrary.Problem problem(
        boolean channelsLast, List<Integer> x, List<Integer> w, List<Integer> y) {
      int rank = x.size() - 2;
      return new DnnLibrary.Problem(
          DnnLibrary.Direction.FORWARD,
          DType.F32,
          false,
          channelsLast,
          x,
          w,
          y,
          List.of(2, 1, 1).subList(0, rank),
          List.of(1, 1, 1).subList(0, rank),
          List.of(1, 1, 1).subList(0, rank),
          2);
    }

    private static void print(DnnLibrary.Problem problem) {
      int[] extents = new int[problem.x().size()];
      try (CuDnn.Operands operands = new CuDnn.Operands(problem)) {
        assertEquals(0, operands.status);
        assertEquals(
            0,
            JCudnn.cudnnGetConvolutionNdForwardOutputDim(
                operands.convolution, operands.x, operands.w, extents.length, extents));
      }
      assertArrayEquals(problem.y().stream().mapToInt(Integer::intValue).toArray(), extents);
      System.out.print(extents.length + " ");
    }
  }

  @Test
  void descriptorsAreUnderstood() throws Exception {
    assertEquals("4 5 4 5", new ChildProcess().run(Extents.class));
  }
}
