package dev.larmor.models.picture;

import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/** An axis from {@code low} to {@code high} in data, {@code from} to {@code to} in the picture. */
record Axis(double low, double high, int from, int to) {
  /** Roughly so many ticks to an axis. */
  private static final int TICKS = 6;

  /** Where a value lies in the picture. */
  double place(double value) {
    return from + (value - low) / (high - low) * (to - from);
  }

  /** The values to be marked: round ones. */
  DoubleStream ticks() {
    double step = step();
    long first = (long) Math.ceil(low / step - 1e-9);
    long last = (long) Math.floor(high / step + 1e-9);
    return LongStream.rangeClosed(first, last).mapToDouble(i -> i * step);
  }

  /** A round distance between ticks: 1, 2 or 5 times a power of ten. */
  private double step() {
    double raw = (high - low) / TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    double mantissa = raw / power;
    return power * (mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10);
  }

  /** A value as it is written beside its tick. */
  String label(double value) {
    int digits = (int) Math.max(0, -Math.floor(Math.log10(step()) + 1e-9));
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
