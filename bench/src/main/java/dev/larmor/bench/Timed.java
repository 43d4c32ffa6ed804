package dev.larmor.bench;

import dev.larmor.engine.Device;
import java.util.Locale;

/** A piece of work that can be run again and again. */
public interface Timed extends AutoCloseable {
  /** The device that ops and models are timed on: {@code -Dlarmor.device}, by default the CPU. */
  String DEVICE = System.getProperty("larmor.device", "cpu");

  String name();

  /** Runs the work once and waits for its end. */
  void run();

  /** Where it runs; the ledger's peak is this work's. */
  Device device();

  /**
   * The least time that a run can take, op by op, by what the device does at best in F32; NaN where
   * that is not known.
   */
  double leastSeconds();

  /**
   * What a run of {@code seconds} is beside the roofline, or nothing where the device's is not
   * known. On a dry run only the roofline is worth telling.
   */
  default String besideRoofline(double seconds) {
    double least = leastSeconds();
    String card = device().capabilities().description();
    if (Double.isNaN(least)) {
      return "";
    }
    if (device().name().startsWith("meta")) {
      return String.format(
          Locale.ROOT,
          "%s: modelled, at least %.4f ms, peak %.1f MiB (%s)",
          name(),
          1e3 * least,
          device().ledger().peak() / 0x1p20,
          card);
    }
    return String.format(
        Locale.ROOT,
        "%s: %.4f ms, at least %.4f ms by the fp32 roofline, achieved %.3f of it (%s)",
        name(),
        1e3 * seconds,
        1e3 * least,
        least / seconds,
        card);
  }

  @Override
  void close();
}
