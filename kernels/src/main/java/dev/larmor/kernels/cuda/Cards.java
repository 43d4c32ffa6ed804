package dev.larmor.kernels.cuda;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;

import dev.larmor.engine.DeviceException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** The cards of this machine, as NVIDIA's driver lists them. */
final class Cards {
  /** The first driver that runs what is compiled for CUDA 11.8 says 11.0. */
  private static final int OLDEST_DRIVER = 11_000;

  private Cards() {}

  /**
   * How many there are, at least one.
   *
   * @throws DeviceException in one sentence why there is none, or none that can be used
   */
  static int count() {
    CudaLibraries.loadDriver();
    int code = JCudaDriver.cuInit(0);
    if (code == CUresult.CUDA_ERROR_NO_DEVICE) {
      throw new DeviceException(noCard());
    }
    if (code != CUresult.CUDA_SUCCESS) {
      throw new DeviceException("NVIDIA's driver does not start: " + error(code));
    }
    int driver = driverVersion();
    if (driver < OLDEST_DRIVER) {
      throw new DeviceException(
          String.format(
              Locale.ROOT,
              "NVIDIA's driver is too old: it knows CUDA %d.%d, and CUDA 11.8 needs driver"
                  + " 450.80.02 or later",
              driver / 1000,
              driver % 1000 / 10));
    }
    int[] count = {0};
    check(JCudaDriver.cuDeviceGetCount(count), "counts its cards");
    if (count[0] == 0) {
      throw new DeviceException(noCard());
    }
    return count[0];
  }

  private static String noCard() {
    String visible = System.getenv("CUDA_VISIBLE_DEVICES");
    return "NVIDIA's driver finds no card"
        + (visible == null ? "" : " (CUDA_VISIBLE_DEVICES is '" + visible + "')");
  }

  static CUdevice device(int index) {
    CUdevice device = new CUdevice();
    check(JCudaDriver.cuDeviceGet(device, index), "opens card " + index);
    return device;
  }

  static CardFacts facts(int index) {
    CUdevice device = device(index);
    byte[] name = new byte[256];
    check(JCudaDriver.cuDeviceGetName(name, name.length, device), "names card " + index);
    long[] memory = {0};
    check(JCudaDriver.cuDeviceTotalMem(memory, device), "tells the memory of card " + index);
    return new CardFacts(
        new String(name, StandardCharsets.UTF_8).trim(),
        attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device),
        attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device),
        memory[0],
        attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device),
        1e3 * attribute(CU_DEVICE_ATTRIBUTE_CLOCK_RATE, device),
        // Two transfers a clock, a bit on each wire of the bus.
        2e3
            * attribute(CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE, device)
            * attribute(CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH, device)
            / 8,
        driverVersion());
  }

  /** A card's place on its host's bus, as {@code 0000:3b:00.0}. */
  static String busId(CUdevice device) {
    String[] busId = {null};
    check(JCudaDriver.cuDeviceGetPCIBusId(busId, 32, device), "tells where a card is");
    return busId[0];
  }

  /** Bytes of a card's memory that nobody holds; the context made for asking takes its share. */
  static long freeBytes(int index) {
    CUdevice device = device(index);
    CUcontext context = new CUcontext();
    check(JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "opens card " + index);
    try {
      check(JCudaDriver.cuCtxSetCurrent(context), "opens card " + index);
      long[] free = {0};
      check(JCudaDriver.cuMemGetInfo(free, new long[1]), "tells the memory of card " + index);
      return free[0];
    } finally {
      JCudaDriver.cuDevicePrimaryCtxRelease(device);
    }
  }

  private static int driverVersion() {
    int[] version = {0};
    check(JCudaDriver.cuDriverGetVersion(version), "tells its version");
    return version[0];
  }

  private static int attribute(int attribute, CUdevice device) {
    int[] value = {0};
    check(JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "describes a card");
    return value[0];
  }

  /** As in {@code CUDA_ERROR_LAUNCH_FAILED (unspecified launch failure)}. */
  static String error(int code) {
    String[] name = {null};
    String[] text = {null};
    JCudaDriver.cuGetErrorName(code, name);
    JCudaDriver.cuGetErrorString(code, text);
    return name[0] == null ? "error " + code : name[0] + " (" + text[0] + ")";
  }

  private static void check(int code, String what) {
    if (code != CUresult.CUDA_SUCCESS) {
      throw new DeviceException("NVIDIA's driver fails where it " + what + ": " + error(code));
    }
  }
}
