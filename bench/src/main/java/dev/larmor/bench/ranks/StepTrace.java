package dev.larmor.bench.ranks;

import dev.larmor.bench.TimedEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * When a training step's gradients are complete.
 *
 * @param arrivals in their order
 * @param end of the step: gradients are clipped and the weights changed
 */
record StepTrace(List<Arrival> arrivals, double end) {
  private static final String END = "end";

  /**
   * One gradient.
   *
   * @param seconds since the step's start
   */
  record Arrival(String parameter, double seconds) {}

  StepTrace {
    arrivals = List.copyOf(arrivals);
  }

  /** When the last gradient is complete: seconds that grow with the images. */
  double backward() {
    return arrivals.getLast().seconds;
  }

  /** Clipping and the optimiser: seconds that do not. */
  double update() {
    return end - backward();
  }

  /** The same step from its first gradient on, at a speed that makes that last {@code seconds}. */
  StepTrace backwardIn(double seconds) {
    double first = arrivals.getFirst().seconds;
    return new StepTrace(
        arrivals.stream()
            .map(
                a -> new Arrival(a.parameter, (a.seconds - first) * seconds / (backward() - first)))
            .toList(),
        seconds);
  }

  /** The step of {@code factor} times as many images. */
  StepTrace times(double factor) {
    return new StepTrace(
        arrivals.stream().map(a -> new Arrival(a.parameter, a.seconds * factor)).toList(),
        backward() * factor + update());
  }

  /** That of one real step. */
  static StepTrace of(TimedEncoder encoder) {
    List<Arrival> arrivals = new ArrayList<>();
    long start = System.nanoTime();
    encoder.run(parameter -> {
      encoder.device().synchronize();
      arrivals.add(new Arrival(parameter.name(), since(start)));
    });
    return new StepTrace(arrivals, since(start));
  }

  private static double since(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }

  /** Writes lines of a name and seconds. */
  void write(Path file) {
    List<String> lines = new ArrayList<>();
    arrivals.forEach(a -> lines.add(line(a.parameter, a.seconds)));
    lines.add(line(END, end));
    try {
      Files.write(file, lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String line(String name, double seconds) {
    return String.format(Locale.ROOT, "%s %.6f", name, seconds);
  }

  /** Reads what {@link #write} wrote. */
  static StepTrace read(Path file) {
    try {
      List<Arrival> arrivals = new ArrayList<>();
      for (String line : Files.readAllLines(file)) {
        String[] words = line.split(" ", 2);
        arrivals.add(new Arrival(words[0], Double.parseDouble(words[1])));
      }
      Arrival last = arrivals.removeLast();
      if (!last.parameter.equals(END)) {
        throw new IllegalArgumentException(file + ": expected '" + END + "' in the last line");
      }
      return new StepTrace(arrivals, last.seconds);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
