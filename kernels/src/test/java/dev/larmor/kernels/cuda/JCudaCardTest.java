package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The card through JCuda and its natives, with {@link StandIn}s for NVIDIA's libraries behind them:
 * operands arrive in the right places, errors come back as sentences. Each test is a method of
 * {@link Program}, run in a process of its own, and what it prints.
 */
class JCudaCardTest {
  @TempDir static Path directory;

  private String run(String program, String... variables) throws Exception {
    var process = StandIn.card(directory);
    for (int i = 0; i < variables.length; i += 2) {
      if (variables[i].startsWith("-D")) {
        process.option(variables[i] + "=" + variables[i + 1]);
      } else {
        process.with(variables[i], variables[i + 1]);
      }
    }
    return process.run(Program.class, program);
  }

  @Test
  void kernelsGetTheirParameters() throws Exception {
    assertEquals("[12.0, 24.0, 36.0]", run("axpy"));
  }

  @Test
  void memoryThatIsNotThere() throws Exception {
    assertEquals(
        "cuda:0 has no 9.00 GiB left: 6.00 GiB of 8.00 GiB are free",
        run("allocateTooMuch", "STANDIN_FREE", Long.toString(6L << 30)));
  }

  @Test
  void kernelThatFails() throws Exception {
    String lost = "CUDA_ERROR_ILLEGAL_ADDRESS (what the driver says), and is lost to this process";
    String hint = "; the cause may be an earlier kernel, which -Dlarmor.cuda.sync=true finds";
    String late = "cuda:0 failed at waiting for a stream: " + lost + hint;
    assertEquals("launched\n" + late + "\n" + late, run("trap"));
    String named = "cuda:0 failed at kernel trap: " + lost;
    assertEquals(named + "\n" + named, run("trap", "-Dlarmor.cuda.sync", "true"));
  }

  @Test
  void kernelThatIsNotThere() throws Exception {
    assertEquals(
        "cuda:0 failed at looking for kernel nowhere: CUDA_ERROR_NOT_FOUND (what the driver says)",
        run("missingKernel"));
  }

  @Test
  void kernelThatDoesNotCompile() throws Exception {
    assertEquals(
        """
        kernel.cu does not compile with NVRTC 11.8 -DELEMENT=F32: kernel.cu(7): error: expected a ";"
        kernel.cu(3): warning: unused

        kernel.cu(7): error: expected a ";\"\
        """,
        run("brokenKernel"));
  }

  @Test
  void compilerMakesMachineCodeOrPtx() throws Exception {
    String options = " --std=c++17 --fmad=true -default-device -DX=1";
    assertEquals(
        "NVRTC 11.8 sm_61 driver 11080\ncode:kernel --gpu-architecture=sm_61" + options,
        run("compile"));
    assertEquals(
        "NVRTC 11.8 compute_80 driver 11080\ncode:kernel --gpu-architecture=compute_80"
            + options
            + "\0",
        run("compile", "STANDIN_CAPABILITY", "90") + "\0");
    assertEquals(
        "NVRTC 11.8 compiles for compute capability 6.1 and later, the card has 6.0",
        run("compile", "STANDIN_CAPABILITY", "60"));
  }

  @Test
  void productsAreRowMajor() throws Exception {
    assertEquals("", run("products"));
  }

  @Test
  void transformsOfABatch() throws Exception {
    assertEquals(
        "512 bytes\nplanning a cuFFT of 1001 x 2 x 3 failed on cuda:0 with CUFFT_ALLOC_FAILED,"
            + " 8.00 GiB of memory are free",
        run("transforms"));
  }

  @Test
  void convolutions() throws Exception {
    assertEquals("", run("convolutions"));
  }

  @Test
  void algorithmsThatAreTaken() throws Exception {
    assertEquals(
        """
        exact: CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, 32 bytes
        rounded: CUDNN_CONVOLUTION_FWD_ALGO_GEMM, 64 bytes
        rounded in 40 bytes: CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, 32 bytes
        in 16 bytes: none
        unknown to the library: none\
        """,
        run("algorithms"));
  }

  /** What runs in the child. */
  static final class Program {
    private final JCudaCard card;
    private final Driver driver;

    private Program() {
      Cards.count();
      card = new JCudaCard(0);
      driver = card.driver();
    }

    public static void main(String[] args) throws Exception {
      try {
        Program program = new Program();
        Program.class.getDeclaredMethod(args[0]).invoke(program);
        program.card.close();
        program.card.close();
      } catch (InvocationTargetException e) {
        System.out.println(e.getCause().getMessage());
      } catch (DeviceException e) {
        System.out.println(e.getMessage());
      }
    }

    /** Floats to the card, by way of pinned memory. */
    private long upload(float... values) {
      MemorySegment pinned = driver.allocatePinned(4L * values.length);
      pinned.copyFrom(MemorySegment.ofArray(values));
      long address = driver.allocate(pinned.byteSize());
      long event = driver.createEvent();
      driver.upload(pinned, address, Driver.Stream.UPLOAD);
      driver.record(event, Driver.Stream.UPLOAD);
      driver.await(event, Driver.Stream.COMPUTE);
      driver.await(event);
      driver.destroyEvent(event);
      driver.freePinned(pinned);
      return address;
    }

    private float[] download(long address, int count) {
      driver.synchronize(Driver.Stream.COMPUTE);
      MemorySegment pinned = driver.allocatePinned(4L * count);
      driver.download(address, pinned, Driver.Stream.DOWNLOAD);
      driver.synchronize(Driver.Stream.DOWNLOAD);
      return pinned.toArray(ValueLayout.JAVA_FLOAT); // the block is left to the card's close
    }

    private long kernel(String name) {
      byte[] image = card.compiler().compile("kernel.cu", "kernel", List.of());
      return driver.function(driver.loadModule(image), name);
    }

    void axpy() {
      long x = upload(1, 2, 3);
      long y = upload(10, 20, 30);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment values = arena.allocate(32, 8);
        values.set(ValueLayout.JAVA_INT, 0, 3);
        values.set(ValueLayout.JAVA_FLOAT, 8, 2f);
        values.set(ValueLayout.JAVA_LONG, 16, x);
        values.set(ValueLayout.JAVA_LONG, 24, y);
        MemorySegment parameters = arena.allocate(ValueLayout.ADDRESS, 4);
        for (int i = 0; i < 4; i++) {
          parameters.setAtIndex(ValueLayout.ADDRESS, i, values.asSlice(8L * i));
        }
        driver.launch(kernel("axpy"), 2, 1, 2, 1, parameters);
      }
      System.out.println(Arrays.toString(download(y, 3)));
      driver.free(x);
    }

    void allocateTooMuch() {
      try {
        driver.allocate(9L << 30);
      } catch (OutOfMemoryError e) {
        System.out.println(e.getMessage());
      }
    }

    void trap() {
      long block = driver.allocate(64);
      long event = driver.createEvent();
      try {
        driver.launch(kernel("trap"), 1, 1, 1, 1, MemorySegment.NULL);
        System.out.println("launched");
        driver.synchronize(Driver.Stream.COMPUTE);
      } catch (DeviceException e) {
        System.out.println(e.getMessage());
      }
      driver.free(block); // is quiet: the first error is the one to report
      driver.destroyEvent(event);
      driver.allocate(64);
    }

    void missingKernel() {
      kernel("nowhere");
    }

    void brokenKernel() {
      card.compiler().compile("kernel.cu", "broken", List.of("-DELEMENT=F32"));
    }

    void compile() {
      System.out.println(card.compiler().identity());
      byte[] image = card.compiler().compile("kernel.cu", "kernel", List.of("-DX=1"));
      System.out.println(new String(image, StandardCharsets.US_ASCII).replace("\0", ""));
    }

    void products() {
      int m = 2;
      int n = 3;
      int k = 4;
      long workspace = driver.allocate(256);
      for (int variant = 0; variant < 8; variant++) {
        boolean ta = (variant & 1) != 0;
        boolean tb = (variant & 2) != 0;
        boolean rounds = (variant & 4) != 0;
        float[] a = ramp(m * k);
        float[] b = ramp(k * n);
        float[] expected = new float[m * n];
        for (int i = 0; i < m; i++) {
          for (int j = 0; j < n; j++) {
            for (int l = 0; l < k; l++) {
              expected[i * n + j] += a[ta ? l * m + i : i * k + l] * b[tb ? j * k + l : l * n + j];
            }
          }
        }
        long c = driver.allocate(4L * m * n);
        card.blas()
            .multiply(DType.F32, rounds, ta, tb, m, n, k, upload(a), upload(b), c, workspace, 256);
        compare("product " + variant, expected, download(c, m * n), rounds ? 1e-2f : 1e-5f);
      }
    }

    private static float[] ramp(int count) {
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = 1.001f + i * i % 7;
      }
      return values;
    }

    private static void compare(String what, float[] expected, float[] actual, float tolerance) {
      for (int i = 0; i < expected.length; i++) {
        if (!(Math.abs(expected[i] - actual[i]) <= tolerance * Math.abs(expected[i]))) {
          System.out.println(
              what + ": " + Arrays.toString(expected) + " but " + Arrays.toString(actual));
          return;
        }
      }
    }

    void transforms() {
      int height = 2;
      int width = 3;
      float[] images = ramp(2 * 2 * height * width);
      long from = upload(images);
      long to = driver.allocate(4L * images.length);
      try (FftLibrary.Plan plan = card.fft().plan(2, height, width)) {
        System.out.println(plan.workspaceBytes() + " bytes");
        long workspace = driver.allocate(plan.workspaceBytes());
        plan.run(from, to, false, workspace);
        float[] sums = new float[4];
        for (int i = 0; i < 2 * height * width; i++) {
          sums[i / (height * width) * 2] += images[2 * i];
          sums[i / (height * width) * 2 + 1] += images[2 * i + 1];
        }
        float[] spectrum = download(to, images.length);
        compare(
            "means",
            sums,
            new float[] {spectrum[0], spectrum[1], spectrum[12], spectrum[13]},
            1e-5f);
        plan.run(to, to, true, workspace);
        for (int i = 0; i < images.length; i++) {
          images[i] *= height * width;
        }
        compare("there and back", images, download(to, images.length), 1e-4f);
      }
      card.fft().plan(1001, height, width).close();
    }

    void convolutions() {
      for (DnnLibrary.Direction direction : DnnLibrary.Direction.values()) {
        for (boolean channelsLast : new boolean[] {false, true}) {
          for (int rank = 2; rank <= 3; rank++) {
            convolution(direction, channelsLast, rank);
          }
        }
      }
    }

    /** Two groups, and other strides, paddings and dilations in each direction. */
    private static DnnLibrary.Problem problem(
        DnnLibrary.Direction direction, boolean channelsLast, int rank, boolean rounds) {
      List<Integer> x = List.of(5, 7, 6);
      List<Integer> k = List.of(3, 2, 1);
      List<Integer> stride = List.of(2, 1, 3);
      List<Integer> padding = List.of(1, 0, 2);
      List<Integer> dilation = List.of(1, 2, 1);
      List<Integer> y = new ArrayList<>(List.of(2, 6));
      for (int i = 0; i < rank; i++) {
        y.add(
            (x.get(i) + 2 * padding.get(i) - dilation.get(i) * (k.get(i) - 1) - 1) / stride.get(i)
                + 1);
      }
      return new DnnLibrary.Problem(
          direction,
          DType.F32,
          rounds,
          channelsLast,
          join(List.of(2, 4), x.subList(0, rank)),
          join(List.of(6, 2), k.subList(0, rank)),
          y,
          stride.subList(0, rank),
          padding.subList(0, rank),
          dilation.subList(0, rank),
          2);
    }

    private static List<Integer> join(List<Integer> first, List<Integer> second) {
      List<Integer> all = new ArrayList<>(first);
      all.addAll(second);
      return all;
    }

    private static int elements(List<Integer> extents) {
      return extents.stream().reduce(1, (a, b) -> a * b);
    }

    private void convolution(DnnLibrary.Direction direction, boolean channelsLast, int rank) {
      DnnLibrary.Problem problem = problem(direction, channelsLast, rank, false);
      float[] x = ramp(elements(problem.x()));
      float[] w = ramp(elements(problem.w()));
      float[] y = ramp(elements(problem.y()));
      float[] expected =
          switch (direction) {
            case FORWARD -> new float[y.length];
            case INPUT -> new float[x.length];
            case WEIGHT -> new float[w.length];
          };
      int[] sx = CuDnn.strides(ints(problem.x()), channelsLast);
      int[] sw = CuDnn.strides(ints(problem.w()), channelsLast);
      int[] sy = CuDnn.strides(ints(problem.y()), channelsLast);
      int kernel = elements(problem.w().subList(2, 2 + rank));
      int positions = elements(problem.y().subList(2, 2 + rank));
      for (int n = 0; n < 2; n++) {
        for (int o = 0; o < 6; o++) {
          for (int c = 0; c < 2; c++) {
            for (int p = 0; p < positions * kernel; p++) {
              int ix = n * sx[0] + (o / 3 * 2 + c) * sx[1];
              int iw = o * sw[0] + c * sw[1];
              int iy = n * sy[0] + o * sy[1];
              int out = p / kernel;
              int tap = p % kernel;
              boolean inside = true;
              for (int i = rank - 1; i >= 0; i--) {
                int at = out % problem.y().get(i + 2);
                int k = tap % problem.w().get(i + 2);
                out /= problem.y().get(i + 2);
                tap /= problem.w().get(i + 2);
                int in =
                    at * problem.stride().get(i)
                        - problem.padding().get(i)
                        + k * problem.dilation().get(i);
                inside &= in >= 0 && in < problem.x().get(i + 2);
                ix += in * sx[i + 2];
                iw += k * sw[i + 2];
                iy += at * sy[i + 2];
              }
              if (inside) {
                switch (direction) {
                  case FORWARD -> expected[iy] += x[ix] * w[iw];
                  case INPUT -> expected[ix] += y[iy] * w[iw];
                  case WEIGHT -> expected[iw] += x[ix] * y[iy];
                }
              }
            }
          }
        }
      }
      long px = upload(x);
      long pw = upload(w);
      long py = upload(y);
      long workspace = driver.allocate(64);
      try (DnnLibrary.Plan plan = card.dnn().plan(problem, 64).orElseThrow()) {
        plan.run(px, pw, py, workspace);
      }
      long sum =
          switch (direction) {
            case FORWARD -> py;
            case INPUT -> px;
            case WEIGHT -> pw;
          };
      compare(problem.toString(), expected, download(sum, expected.length), 1e-5f);
    }

    private static int[] ints(List<Integer> list) {
      return list.stream().mapToInt(Integer::intValue).toArray();
    }

    void algorithms() {
      var exact = problem(DnnLibrary.Direction.FORWARD, false, 2, false);
      var rounded = problem(DnnLibrary.Direction.FORWARD, false, 2, true);
      tell("exact", card.dnn().plan(exact, 1 << 20));
      tell("rounded", card.dnn().plan(rounded, 1 << 20));
      tell("rounded in 40 bytes", card.dnn().plan(rounded, 40));
      tell("in 16 bytes", card.dnn().plan(exact, 16));
      tell(
          "unknown to the library",
          card.dnn()
              .plan(
                  new DnnLibrary.Problem(
                      exact.direction(),
                      exact.type(),
                      false,
                      false,
                      exact.x(),
                      exact.w(),
                      exact.y(),
                      exact.stride(),
                      exact.padding(),
                      exact.dilation(),
                      1000),
                  1 << 20));
    }

    private static void tell(String what, Optional<DnnLibrary.Plan> plan) {
      System.out.println(
          what
              + ": "
              + plan.map(p -> p.algorithm() + ", " + p.workspaceBytes() + " bytes").orElse("none"));
      plan.ifPresent(DnnLibrary.Plan::close);
    }
  }
}
