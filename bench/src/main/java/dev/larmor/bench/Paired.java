package dev.larmor.bench;

import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.Locale;

/**
 * Two processes doing the same work in turns: ours, theirs, ours, theirs … Neither runs while the
 * other does, so what else the machine is doing hits both alike, and each process's VmHWM is its
 * own.
 */
public final class Paired {
  private Paired() {}

  /**
   * {@code Paired ROUNDS "our command" "their command"}; prints both reports and the ratios of
   * medians and minima.
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 3) {
      throw new IllegalArgumentException(
          "expected ROUNDS \"our command\" \"their command\", got " + Arrays.toString(args));
    }
    try (StepProcess ours = new StepProcess(args[1]);
        StepProcess theirs = new StepProcess(args[2])) {
      for (int round = 0; round < Integer.parseInt(args[0]); round++) {
        ours.step();
        theirs.step();
      }
      System.out.println("ours   " + ours.end());
      System.out.println("theirs " + theirs.end());
      double our = Median.of(ours.seconds());
      double their = Median.of(theirs.seconds());
      System.out.printf(
          Locale.ROOT,
          "ours/theirs: median %.3f (%.4f s / %.4f s), best %.3f%n",
          our / their,
          our,
          their,
          Collections.min(ours.seconds()) / Collections.min(theirs.seconds()));
    }
  }
}
