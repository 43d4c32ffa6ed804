package dev.larmor.autograd;

/** The learning rate as a function of the step. */
public sealed interface Schedule {
  /** The learning rate at {@code step}, counted from 0. */
  double rate(long step);

  /**
   * Half a cosine from {@code max} at step 0 to {@code min} at {@code total} (Loshchilov and Hutter
   * 2017).
   */
  private static double cosine(double max, double min, double step, double total) {
    return min + (max - min) * (1 + Math.cos(Math.PI * step / total)) / 2;
  }

  private static void check(boolean ok, Schedule schedule) {
    if (!ok) {
      throw new IllegalArgumentException("impossible schedule: " + schedule);
    }
  }

  /** The same rate always. */
  record Constant(double rate) implements Schedule {
    public Constant {
      if (!(rate >= 0)) {
        throw new IllegalArgumentException("the learning rate must not be negative: " + rate);
      }
    }

    @Override
    public double rate(long step) {
      return rate;
    }
  }

  /** {@code min + (max − min)·(1 + cos(π·step/total))/2}, then min. */
  record Cosine(double max, double min, long total) implements Schedule {
    public Cosine {
      check(max >= min && min >= 0 && total > 0, this);
    }

    @Override
    public double rate(long step) {
      return cosine(max, min, Math.min(step, total), total);
    }
  }

  /**
   * {@code max·(step + 1)/warmup} for the first {@code warmup} steps, then a cosine to 0 at {@code
   * total}.
   */
  record WarmupCosine(double max, long warmup, long total) implements Schedule {
    public WarmupCosine {
      check(max >= 0 && warmup >= 0 && total > warmup, this);
    }

    @Override
    public double rate(long step) {
      return step < warmup
          ? max * (step + 1) / warmup
          : cosine(max, 0, Math.min(step, total) - warmup, total - warmup);
    }
  }

  /**
   * {@code max·(step + 1)/warmup} for the first {@code warmup} steps, then {@code max·(1 − (step −
   * warmup)/(total − warmup))^power}, 0 from {@code total} on.
   */
  record WarmupPolynomial(double max, long warmup, long total, double power) implements Schedule {
    public WarmupPolynomial {
      check(max >= 0 && warmup >= 0 && total > warmup && power > 0, this);
    }

    @Override
    public double rate(long step) {
      if (step < warmup) {
        return max * (step + 1) / warmup;
      }
      double done = (double) (Math.min(step, total) - warmup) / (total - warmup);
      return max * Math.pow(1 - done, power);
    }
  }

  /**
   * {@code max·(step + 1)/(warmup + 1)} for the first {@code warmup} steps, then a cosine from max
   * at step {@code warmup} to 0 at {@code total}.
   */
  record RampCosine(double max, long warmup, long total) implements Schedule {
    public RampCosine {
      check(max >= 0 && warmup >= 0 && total > warmup, this);
    }

    @Override
    public double rate(long step) {
      return step < warmup
          ? max * (step + 1) / (warmup + 1)
          : cosine(max, 0, Math.min(step, total) - warmup, total - warmup);
    }
  }

  /**
   * Two warm-ups and two cosines: linear to max1 over w1 steps, cosine to min1 over a1, linear from
   * min1 to max2 over w2, cosine to min2 over a2, then min2.
   */
  record DoubleWarmupCosine(
      long w1, long a1, long w2, long a2, double max1, double min1, double max2, double min2)
      implements Schedule {
    public DoubleWarmupCosine {
      check(
          w1 >= 0
              && a1 >= 0
              && w2 >= 0
              && a2 >= 0
              && w1 + a1 + w2 + a2 > 0
              && max1 >= min1
              && min1 >= 0
              && max2 >= min2
              && min2 >= 0,
          this);
    }

    @Override
    public double rate(long step) {
      long s = step;
      if (s < w1) {
        return max1 * (s + 1) / w1;
      }
      s -= w1;
      if (s < a1) {
        return cosine(max1, min1, s, a1);
      }
      s -= a1;
      if (s < w2) {
        return min1 + (max2 - min1) * (s + 1) / w2;
      }
      s -= w2;
      return s < a2 ? cosine(max2, min2, s, a2) : min2;
    }
  }
}
