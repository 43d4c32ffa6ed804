package dev.larmor.kernels.meta;

import dev.larmor.engine.Roofline;
import java.util.Locale;

/** Graphics cards that a dry run can stand for; figures from the makers' data sheets. */
enum Card {
  /** GeForce GTX 1080: 8 GiB GDDR5X, 320 GB/s, 8.9 TFLOP/s in F32. */
  GTX1080("GeForce GTX 1080", 61, 8L << 30, new Roofline(8.9e12, 320e9)),
  /** H200 SXM: 141 GB HBM3e, 4.8 TB/s, 67 TFLOP/s in F32 (outside the tensor cores). */
  H200("H200", 90, 141_000_000_000L, new Roofline(67e12, 4.8e12));

  final String title;

  /** Times ten, as in {@code sm_61}. */
  final int computeCapability;

  final long memoryBytes;
  final Roofline roofline;

  Card(String title, int computeCapability, long memoryBytes, Roofline roofline) {
    this.title = title;
    this.computeCapability = computeCapability;
    this.memoryBytes = memoryBytes;
    this.roofline = roofline;
  }

  /** As in {@code meta:gtx1080}. */
  String device() {
    return "meta:" + name().toLowerCase(Locale.ROOT);
  }
}
