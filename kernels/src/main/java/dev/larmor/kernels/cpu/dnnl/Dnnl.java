package dev.larmor.kernels.cpu.dnnl;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Whether oneDNN can be used on this machine, and what it can do.
 *
 * <p>The library is unpacked and loaded on first use. {@code -Dlarmor.dnnl=off} keeps it out.
 */
@SuppressWarnings("restricted") // calling native code is the purpose
public final class Dnnl {

  /** Instruction-set bits of {@code dnnl_cpu_isa_t} that mean native bfloat16 dot products. */
  private static final int ISA_AVX512_BF16 = 0xe7;

  private static final SymbolLookup SYMBOLS;
  private static final String REASON;

  static {
    SymbolLookup symbols = null;
    String reason = null;
    try {
      symbols = NativeLibrary.load();
    } catch (UnavailableException e) {
      reason = e.getMessage();
    }
    SYMBOLS = symbols;
    REASON = reason;
  }

  /** Native objects created and not yet destroyed; back to its old value once all are closed. */
  static final AtomicLong LIVE_HANDLES = new AtomicLong();

  private Dnnl() {}

  /** Why oneDNN is not used, in one sentence; empty if it is available. */
  public static Optional<String> unavailableReason() {
    return Optional.ofNullable(REASON);
  }

  /** True if oneDNN is loaded. */
  public static boolean isAvailable() {
    return REASON == null;
  }

  /** True if this processor multiplies bfloat16 natively (AVX512-BF16 or AMX). */
  public static boolean hasBf16() {
    return isAvailable()
        && (Functions.EFFECTIVE_CPU_ISA.call() & ISA_AVX512_BF16) == ISA_AVX512_BF16;
  }

  /** Version of the loaded library, such as {@code 3.11.0}. */
  public static String version() {
    // dnnl_version_t: int major, minor, patch; const char* hash; unsigned cpu, gpu runtime
    MemorySegment version =
        MemorySegment.ofAddress(Functions.VERSION.call()).reinterpret(3 * Integer.BYTES);
    return version.getAtIndex(ValueLayout.JAVA_INT, 0)
        + "."
        + version.getAtIndex(ValueLayout.JAVA_INT, 1)
        + "."
        + version.getAtIndex(ValueLayout.JAVA_INT, 2);
  }

  /** Number of native oneDNN objects alive in this process, for leak checks. */
  public static long liveHandles() {
    return LIVE_HANDLES.get();
  }

  static SymbolLookup symbols() {
    if (SYMBOLS == null) {
      throw new IllegalStateException("[oneDNN] " + REASON);
    }
    return SYMBOLS;
  }
}
