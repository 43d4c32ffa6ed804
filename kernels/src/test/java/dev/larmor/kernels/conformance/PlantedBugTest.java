package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Precision;
import dev.larmor.kernels.conformance.DeviceAgainstRefTest.Result;
import dev.larmor.kernels.cuda.EmulatedCard;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The suite on the emulated card finds mistakes in kernels: each barrier is left out in turn, and
 * bounds are moved by one.
 */
class PlantedBugTest {
  private static final Pattern BARRIER = Pattern.compile("__syncthreads\\(\\);");

  private static final Pattern FUNCTION = Pattern.compile("__forceinline__ \\w+ (\\w+)\\(");

  /**
   * A mistake in a file.
   *
   * @param file where it is planted; a kernel of this file must fail
   */
  record Bug(String file, String what, int start, int end, String instead) {
    String plant(String source) {
      return source.substring(0, start) + instead + source.substring(end);
    }

    @Override
    public String toString() {
      return file + ": " + what;
    }
  }

  private static Device ref;
  private static final Map<OpCase, List<Result>> EXPECTED = new HashMap<>();

  /** The cases that start a kernel of each file, in both layouts. */
  private static final Map<Precision, Map<String, List<OpCase>>> CASES = new TreeMap<>();

  @BeforeAll
  static void findCases() {
    assumeTrue(EmulatedCard.isUsable(), "no C++ compiler to emulate a card with");
    ref = Device.open("ref");
    Map<String, String> sources = EmulatedCard.sources();
    for (Precision precision : List.of(Precision.FP32, Precision.TF32)) {
      Map<String, List<OpCase>> byFile = new TreeMap<>();
      EmulatedCard card = open(precision, "", "");
      try (Device device = card.device()) {
        OpCases.all()
            .filter(c -> !c.rounds())
            .forEach(c -> {
              card.started().clear();
              List<Result> found = DeviceAgainstRefTest.results(c, device);
              List<Result> expected =
                  EXPECTED.computeIfAbsent(c, key -> DeviceAgainstRefTest.results(key, ref));
              DeviceAgainstRefTest.compare(c, expected, found);
              sources.forEach((file, source) -> {
                if (card.started().stream().anyMatch(kernel -> source.contains(kernel))) {
                  byFile.computeIfAbsent(file, f -> new ArrayList<>()).add(c);
                }
              });
            });
      }
      CASES.put(precision, byFile);
    }
  }

  @AfterAll
  static void close() {
    if (ref != null) {
      ref.close();
    }
  }

  private static EmulatedCard open(Precision precision, String file, String changed) {
    return EmulatedCard.changed(
        DeviceConfig.DEFAULT.withPrecision(precision),
        (name, source) -> name.equals(file) ? changed : source);
  }

  static Stream<Bug> barriers() {
    List<Bug> bugs = new ArrayList<>();
    EmulatedCard.sources()
        .forEach((file, source) -> {
          String own = source.substring(source.indexOf("#line 1 "));
          int prelude = source.length() - own.length();
          Matcher barrier = BARRIER.matcher(source);
          while (barrier.find()) {
            if (barrier.start() < prelude && !uses(own, source, barrier.start())) {
              continue;
            }
            long line = source.substring(0, barrier.start()).lines().count();
            bugs.add(
                new Bug(file, "no barrier at line " + line, barrier.start(), barrier.end(), ";"));
          }
        });
    return bugs.stream();
  }

  /** Whether a file's own text calls the prelude's function around a place. */
  private static boolean uses(String own, String source, int place) {
    Matcher function = FUNCTION.matcher(source.substring(0, place));
    String name = "";
    while (function.find()) {
      name = function.group(1);
    }
    return Pattern.compile("\\b" + name + "\\b").matcher(own).find();
  }

  @ParameterizedTest
  @MethodSource("barriers")
  void findsAMissingBarrier(Bug bug) {
    assertTrue(isFound(bug), bug + " is not found");
  }

  /** Places where bounds, places and orders are decided, moved a little. */
  static Stream<Bug> bounds() {
    return Stream.of(
        bug("elementwise", "each(n - packs * K, [&]", "each(n - packs * K - 1, [&]"),
        bug("elementwise", "if (n % 2 == 1 && thread", "if (n % 2 == 2 && thread"),
        bug("sums", "i < last; i += BLOCK", "i < last - 1; i += BLOCK"),
        bug("convolution", "at[i] < k.x[i + 2]", "at[i] <= k.x[i + 2]"),
        bug("convolution", "stretched >= 0", "stretched > 0"),
        bug("coils", "left + 1 < w ? 1", "left + 1 < w - 1 ? 1"),
        bug("coils", "top + 1 < h ?", "top + 1 < h - 1 ?"),
        bug("movement", "b0 + threadIdx.x;", "b0 + threadIdx.x + 1;"),
        bug("likelihood", "half = lanes / 2", "half = lanes / 4"),
        bug("likelihood", "c += lanes", "c += lanes + 1"),
        bug("norm", "d * d * a.n * part", "d * d * a.n"),
        bug("norm", "n < samples", "n < samples - 1"),
        bug("noise", "4 * i + k < n", "4 * i + k < n - 1"));
  }

  private static Bug bug(String file, String text, String instead) {
    String source = EmulatedCard.sources().get(file + ".cu");
    int start = source.indexOf(text);
    assertTrue(start >= 0, file + ".cu has no " + text);
    return new Bug(file + ".cu", instead, start, start + text.length(), instead);
  }

  @ParameterizedTest
  @MethodSource("bounds")
  void findsAMovedBound(Bug bug) {
    assertTrue(isFound(bug), bug + " is not found");
  }

  private static boolean isFound(Bug bug) {
    String changed = bug.plant(EmulatedCard.sources().get(bug.file));
    for (Map.Entry<Precision, Map<String, List<OpCase>>> entry : CASES.entrySet()) {
      Device device;
      try {
        device = open(entry.getKey(), bug.file, changed).device();
      } catch (RuntimeException | AssertionError e) {
        return true; // by the self-test
      }
      try (device) {
        for (OpCase c : entry.getValue().getOrDefault(bug.file, List.of())) {
          try {
            DeviceAgainstRefTest.compare(
                c, EXPECTED.get(c), DeviceAgainstRefTest.results(c, device));
          } catch (AssertionError e) {
            return true;
          }
        }
      }
    }
    return false;
  }
}
