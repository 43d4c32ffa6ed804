package dev.larmor.kernels.cuda;

import dev.larmor.engine.DeviceException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import jcuda.jcufft.JCufft;
import jcuda.jcufft.cufftHandle;
import jcuda.jcufft.cufftResult;
import jcuda.jcufft.cufftType;

/** cuFFT, with work areas from outside: it allocates nothing but its tables. */
final class CuFft implements FftLibrary {
  private final CardDriver driver;
  private final Set<Transform> open = new HashSet<>();

  CuFft(CardDriver driver) {
    this.driver = driver;
  }

  @Override
  public Plan plan(int batch, int height, int width) {
    return new Transform(batch, height, width);
  }

  void close() {
    List.copyOf(open).forEach(Transform::close);
  }

  private void check(int code, String call) {
    if (code != cufftResult.CUFFT_SUCCESS) {
      throw driver.libraryFailure(call, cufftResult.stringFor(code));
    }
  }

  private final class Transform implements Plan {
    private final cufftHandle handle = new cufftHandle();
    private final String size;
    private final long workspaceBytes;
    private long workArea;
    private boolean closed;

    Transform(int batch, int height, int width) {
      size = "cuFFT of %d x %d x %d".formatted(batch, height, width);
      check(JCufft.cufftCreate(handle), "cufftCreate");
      open.add(this);
      try {
        check(JCufft.cufftSetAutoAllocation(handle, 0), "cufftSetAutoAllocation");
        check(JCufft.cufftSetStream(handle, driver.computeStream()), "cufftSetStream");
        long[] bytes = {0};
        int[] extents = {height, width};
        // Without embedding the images lie one after another, row by row.
        check(
            JCufft.cufftMakePlanMany(
                handle, 2, extents, null, 1, 0, null, 1, 0, cufftType.CUFFT_C2C, batch, bytes),
            "planning a " + size);
        workspaceBytes = bytes[0];
      } catch (DeviceException e) {
        close();
        throw e;
      }
    }

    @Override
    public long workspaceBytes() {
      return workspaceBytes;
    }

    @Override
    public void run(long from, long to, boolean inverse, long workspace) {
      if (workspace != workArea && workspaceBytes > 0) {
        check(JCufft.cufftSetWorkArea(handle, CardDriver.pointer(workspace)), "cufftSetWorkArea");
        workArea = workspace;
      }
      check(
          JCufft.cufftExecC2C(
              handle,
              CardDriver.pointer(from),
              CardDriver.pointer(to),
              inverse ? JCufft.CUFFT_INVERSE : JCufft.CUFFT_FORWARD),
          size);
      driver.submitted(size);
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        open.remove(this);
        JCufft.cufftDestroy(handle);
      }
    }
  }
}
