package dev.larmor.kernels.cuda;

import dev.larmor.engine.DeviceException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.nvrtc.nvrtcResult;

/**
 * NVRTC: machine code for the card where it knows its architecture, else PTX for the latest one
 * before, which the driver translates.
 */
final class NvrtcCompiler implements KernelCompiler {
  private final String version;
  private final int architecture;
  private final boolean machineCode;
  private final String identity;

  /**
   * Chooses the code to make.
   *
   * @param capability compute capability of the card, as {@link CardFacts#capability}
   * @param driver version of the card's driver
   * @throws DeviceException if the card is older than NVRTC knows
   */
  NvrtcCompiler(int capability, int driver) {
    int[] major = {0};
    int[] minor = {0};
    check(JNvrtc.nvrtcVersion(major, minor), "nvrtcVersion");
    version = "NVRTC " + major[0] + "." + minor[0];
    int[] known = architectures();
    architecture =
        Arrays.stream(known)
            .filter(a -> a <= capability)
            .max()
            .orElseThrow(() ->
                new DeviceException(
                    String.format(
                        Locale.ROOT,
                        "%s compiles for compute capability %.1f and later, the card has %.1f",
                        version,
                        Arrays.stream(known).min().orElse(0) / 10.0,
                        capability / 10.0)));
    machineCode = architecture == capability;
    identity =
        version
            + (machineCode ? " sm_" + architecture : " compute_" + architecture)
            + " driver "
            + driver;
  }

  private static int[] architectures() {
    int[] count = {0};
    check(JNvrtc.nvrtcGetNumSupportedArchs(count), "nvrtcGetNumSupportedArchs");
    int[] known = new int[count[0]];
    check(JNvrtc.nvrtcGetSupportedArchs(known), "nvrtcGetSupportedArchs");
    return known;
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public byte[] compile(String name, String source, List<String> options) {
    nvrtcProgram program = new nvrtcProgram();
    check(
        JNvrtc.nvrtcCreateProgram(program, source, name, 0, null, null),
        "nvrtcCreateProgram for " + name);
    try {
      List<String> all =
          new ArrayList<>(
              List.of(
                  "--gpu-architecture=" + (machineCode ? "sm_" : "compute_") + architecture,
                  "--std=c++17",
                  "--fmad=true",
                  "-default-device"));
      all.addAll(options);
      int code = JNvrtc.nvrtcCompileProgram(program, all.size(), all.toArray(String[]::new));
      if (code != nvrtcResult.NVRTC_SUCCESS) {
        throw new DeviceException(failure(name, options, code, log(program)));
      }
      return machineCode ? machineCode(program) : ptx(program);
    } finally {
      JNvrtc.nvrtcDestroyProgram(program);
    }
  }

  private static String log(nvrtcProgram program) {
    String[] log = {null};
    return JNvrtc.nvrtcGetProgramLog(program, log) == nvrtcResult.NVRTC_SUCCESS && log[0] != null
        ? log[0].strip()
        : "";
  }

  /** The first error, which has file and line, in a sentence; the whole log below it. */
  private String failure(String name, List<String> options, int code, String log) {
    Optional<String> first = log.lines().filter(line -> line.contains("error")).findFirst();
    return name
        + " does not compile with "
        + version
        + (options.isEmpty() ? "" : " " + String.join(" ", options))
        + ": "
        + first.orElse(JNvrtc.nvrtcGetErrorString(code))
        + (log.isEmpty() ? "" : System.lineSeparator() + log);
  }

  private static byte[] machineCode(nvrtcProgram program) {
    long[] bytes = {0};
    check(JNvrtc.nvrtcGetCUBINSize(program, bytes), "nvrtcGetCUBINSize");
    byte[] image = new byte[Math.toIntExact(bytes[0])];
    check(JNvrtc.nvrtcGetCUBIN(program, image), "nvrtcGetCUBIN");
    return image;
  }

  /** The driver wants a zero at the end. */
  private static byte[] ptx(nvrtcProgram program) {
    String[] text = {null};
    check(JNvrtc.nvrtcGetPTX(program, text), "nvrtcGetPTX");
    byte[] bytes = text[0].getBytes(StandardCharsets.US_ASCII);
    return Arrays.copyOf(bytes, bytes.length + 1);
  }

  private static void check(int code, String call) {
    if (code != nvrtcResult.NVRTC_SUCCESS) {
      throw new DeviceException(call + " failed: " + JNvrtc.nvrtcGetErrorString(code));
    }
  }
}
