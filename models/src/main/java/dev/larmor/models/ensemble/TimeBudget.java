package dev.larmor.models.ensemble;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Says how many members there is time for, from the time that the work so far has taken.
 *
 * <p>All slices that are left get as many members, at most; where that number has changed, the
 * slices before had other numbers. A tenth of the time that is left is kept for surprises.
 */
public final class TimeBudget {
  private static final double USABLE = 0.9;

  /** Seconds a unit of work: the mean of what was measured, of which the latest counts most. */
  private static final class Rate {
    private static final double KEPT = 0.8;

    private double work;
    private double seconds;

    void add(double work, double seconds) {
      this.work = KEPT * this.work + work;
      this.seconds = KEPT * this.seconds + seconds;
    }

    /** 0 before anything was measured. */
    double perUnit() {
      return work == 0 ? 0 : seconds / work;
    }
  }

  private final double limit; // seconds, infinite where there is none
  private final LongSupplier clock;
  private final long start;
  private final Map<Object, Rate> images = new HashMap<>(); // by kind of source
  private final Rate switches = new Rate();
  private final Rate writing = new Rate();

  /**
   * A budget.
   *
   * @param limit seconds from {@code start}; 0 for no limit
   * @param start when the time began, by the clock
   * @param clock nanoseconds
   * @throws IllegalArgumentException if the limit is negative
   */
  public TimeBudget(double limit, long start, LongSupplier clock) {
    if (!(limit >= 0)) {
      throw new IllegalArgumentException("the time limit must not be negative: " + limit);
    }
    this.limit = limit == 0 ? Double.POSITIVE_INFINITY : limit;
    this.start = start;
    this.clock = clock;
  }

  /** Seconds since the start. */
  public double elapsed() {
    return (clock.getAsLong() - start) * 1e-9;
  }

  /** Whether there is a limit. */
  public boolean isLimited() {
    return limit < Double.POSITIVE_INFINITY;
  }

  /** Whether the limit is not yet over; true where there is none. */
  public boolean isWithin() {
    return elapsed() < limit;
  }

  /** One member has reconstructed a share. */
  void reconstructed(Share share, ImageSource source, double seconds) {
    images.computeIfAbsent(source.kind(), kind -> new Rate()).add(share.work(), seconds);
  }

  /** A network was made ready. */
  void switched(double seconds) {
    switches.add(1, seconds);
  }

  /** A share's images were averaged and written. */
  void wrote(Share share, double seconds) {
    writing.add(share.work(), seconds);
  }

  /**
   * The largest number of members that there is time for: at least 1, and at least those that have
   * worked already.
   *
   * @param left all that is left to do, what is being done first
   * @param done how many members have reconstructed the first of these
   */
  int members(List<Share> left, int done) {
    int most = left.stream().mapToInt(share -> share.ensemble().size()).max().orElse(1);
    double usable = USABLE * (limit - elapsed());
    int members = most;
    while (members > Math.max(1, done) && seconds(left, done, members) > usable) {
      members--;
    }
    return members;
  }

  private double seconds(List<Share> left, int done, int members) {
    double sum = 0;
    int from = done;
    for (Share share : left) {
      List<Member> all = share.ensemble().members();
      for (Member member : all.subList(from, Math.max(from, Math.min(members, all.size())))) {
        sum += switches.perUnit() + share.work() * rate(member.source());
      }
      sum += share.work() * writing.perUnit();
      from = 0;
    }
    return sum;
  }

  /** Of a source not yet measured: as slow as the slowest that was. */
  private double rate(ImageSource source) {
    Rate measured = images.get(source.kind());
    return measured != null
        ? measured.perUnit()
        : images.values().stream().mapToDouble(Rate::perUnit).max().orElse(0);
  }
}
