package dev.larmor.bench;

import dev.larmor.engine.Precision;
import dev.larmor.engine.Roofline;
import dev.larmor.engine.op.Cost;
import java.util.List;
import java.util.Locale;

/**
 * The most that a figure may be on a GTX 1080. A figure measured on a card can meet it; a modelled
 * one, which tells the least a card can take, can only exceed it.
 *
 * @param what the figure, for people
 * @param unit of the figure
 * @param most infinite where there is no limit
 * @param basis where {@code most} comes from, if not from the GTX 1080 itself; else empty
 */
public record Limit(String what, String unit, double most, String basis) {
  /** What a figure says of its limit. */
  public enum Outcome {
    MET("met"),
    MODELLED("modelled, not a pass"),
    EXCEEDED("EXCEEDED"),
    NO_LIMIT("no limit");

    private final String words;

    Outcome(String words) {
      this.words = words;
    }
  }

  /**
   * A figure beside its limit.
   *
   * @param where the card that it was measured on, or the one that it is modelled for
   */
  public record Verdict(Limit limit, double figure, String where, Outcome outcome) {
    /**
     * Prints the figure and its limit, and fails where that is exceeded.
     *
     * @throws AssertionError with the figure and the limit
     */
    public void report() {
      System.out.printf("%n%s%n", this); // JMH is in the middle of a line
      if (outcome == Outcome.EXCEEDED) {
        throw new AssertionError(toString());
      }
    }

    @Override
    public String toString() {
      String most =
          outcome == Outcome.NO_LIMIT
              ? ""
              : String.format(Locale.ROOT, ", limit %.3f %s", limit.most, limit.unit)
                  + (limit.basis.isEmpty() ? "" : " (" + limit.basis + ")");
      return String.format(
          Locale.ROOT,
          "%s: %.3f %s on %s%s: %s",
          limit.what,
          figure,
          limit.unit,
          where,
          most,
          outcome.words);
    }
  }

  /** A limit of the GTX 1080's own. */
  public static Limit of(String what, String unit, double most) {
    return new Limit(what, unit, most, "");
  }

  /** Of a figure that is only shown. */
  public static Limit none(String what, String unit) {
    return of(what, unit, Double.POSITIVE_INFINITY);
  }

  /**
   * The same limit of time on another card: each op may take as much more or less time as the two
   * cards' rooflines differ for it. Rooflines are of F32, so there is no limit for another
   * precision, nor for a device whose speed is not known.
   *
   * @param card null if not known
   * @param ops what is timed
   */
  public Limit on(Roofline card, Roofline gtx1080, Precision precision, List<Cost> ops) {
    if (card == null || precision != Precision.FP32) {
      return none(what, unit);
    }
    double ratio = seconds(card, ops) / seconds(gtx1080, ops);
    String scaled =
        String.format(Locale.ROOT, "%.3f %s of a GTX 1080 times %.4f", most, unit, ratio);
    return new Limit(what, unit, most * ratio, scaled);
  }

  /** The least time for ops one after the other. */
  static double seconds(Roofline card, List<Cost> ops) {
    return ops.stream().mapToDouble(card::seconds).sum();
  }

  /** A figure that was measured on {@code card}. */
  public Verdict measured(double figure, String card) {
    return verdict(figure, card, Outcome.MET);
  }

  /** A figure of a dry run of {@code card}. */
  public Verdict modelled(double figure, String card) {
    return verdict(figure, card, Outcome.MODELLED);
  }

  private Verdict verdict(double figure, String where, Outcome within) {
    if (most == Double.POSITIVE_INFINITY) {
      return new Verdict(this, figure, where, Outcome.NO_LIMIT);
    }
    // No comparison with NaN is true: a figure that is none exceeds every limit.
    return new Verdict(this, figure, where, figure <= most ? within : Outcome.EXCEEDED);
  }
}
