package dev.larmor.models.ensemble;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Precision;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.varnet.VarNet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What there is time for, by a clock that the tests turn. */
final class TimeBudgetTest {
  private static final double WRITING = 0.5;
  private static final double SWITCH = 0.25;

  private long now = 5_000_000_000L;

  private static ImageSource network(int cascades) {
    return new ImageSource.Saved(
        Path.of("x"), new VarNet.Config(cascades, 2, 1, 2, 1, 0, Precision.FP32), "");
  }

  private static Share share(int slices, int height, ImageSource... sources) {
    List<Member> members = new ArrayList<>();
    for (ImageSource source : sources) {
      members.add(new Member("m" + members.size(), source, 10 - members.size()));
    }
    Volume volume =
        new Volume(
            "x.h5",
            Path.of("x"),
            Optional.empty(),
            slices,
            1,
            height,
            10,
            SamplingMask.full(10),
            0,
            0,
            Anatomy.KNEE);
    return new Share(volume, 0, slices, new Ensemble("all", members));
  }

  private static List<Share> volumes(int count, int members) {
    Share one = share(4, 10, Collections.nCopies(members, network(1)).toArray(ImageSource[]::new));
    return Collections.nCopies(count, one);
  }

  private TimeBudget budget(double limit) {
    return new TimeBudget(limit, now, () -> now);
  }

  private double pass(double seconds) {
    now += (long) (seconds * 1e9);
    return seconds;
  }

  /** Works through volumes as a reconstruction does; returns how many members each one got. */
  private List<Integer> work(TimeBudget budget, List<Share> all, double secondsAVolume) {
    List<Integer> got = new ArrayList<>();
    for (int v = 0; v < all.size(); v++) {
      int done = 0;
      for (Member member : all.get(v).ensemble().members()) {
        if (done >= budget.members(all.subList(v, all.size()), done)) {
          break;
        }
        budget.switched(pass(SWITCH));
        budget.reconstructed(all.get(v), member.source(), pass(secondsAVolume));
        done++;
      }
      budget.wrote(all.get(v), pass(WRITING));
      got.add(done);
    }
    return got;
  }

  @Test
  void enoughTimeForAll() {
    TimeBudget budget = budget(20 * (3 * 1.25 + 0.5) * 1.2);
    assertEquals(Collections.nCopies(20, 3), work(budget, volumes(20, 3), 1));
    assertTrue(budget.isWithin());
  }

  @Test
  void noLimit() {
    TimeBudget budget = budget(0);
    assertFalse(budget.isLimited());
    assertEquals(Collections.nCopies(5, 3), work(budget, volumes(5, 3), 1e6));
    assertTrue(budget.isWithin());
  }

  /** Whatever the limit, if one member a volume fits, all volumes are done in time. */
  @Test
  void neverMissedWhereOneMemberFits() {
    int count = 30;
    double least = count * (1.25 + WRITING);
    int before = 0;
    for (double limit = 1.12 * least; limit < 4 * least; limit += 0.3) {
      TimeBudget budget = budget(limit);
      List<Integer> got = work(budget, volumes(count, 4), 1);
      assertTrue(budget.isWithin(), limit + ": " + budget.elapsed());
      assertTrue(Collections.min(got) >= 1);
      int sum = got.stream().mapToInt(Integer::intValue).sum();
      // What is left over is the margin and less than a member.
      if (sum < 4 * count) {
        assertTrue(budget.elapsed() > 0.8 * limit - 2, limit + ": " + budget.elapsed());
      }
      before = Math.max(before, sum);
    }
    assertEquals(4 * count, before);
  }

  /** Time is shared out evenly, not used up by the first volumes. */
  @Test
  void evenly() {
    int count = 40;
    List<Integer> got = work(budget(count * (2 * 1.25 + 0.5) * 1.15), volumes(count, 4), 1);
    assertEquals(2, got.getFirst());
    assertEquals(2, Collections.min(got), got.toString());
  }

  @Test
  void tooSlowEvenForOne() {
    TimeBudget budget = budget(10);
    assertEquals(Collections.nCopies(10, 1), work(budget, volumes(10, 3), 5));
    assertFalse(budget.isWithin());
  }

  /** The first volume does not wait for its end to find out. */
  @Test
  void insideTheFirstVolume() {
    TimeBudget budget = budget(10);
    List<Share> all = volumes(1, 8);
    assertEquals(List.of(4), work(budget, all, 2));
    assertTrue(budget.isWithin(), budget.elapsed() + " s");
  }

  @Test
  void slowerThanBefore() {
    TimeBudget budget = budget(100);
    List<Share> all = volumes(40, 3);
    List<Integer> fast = work(budget, all.subList(0, 10), 0.25);
    List<Integer> slow = work(budget, all.subList(10, 40), 1.5);
    assertEquals(3, fast.getFirst());
    assertEquals(1, Collections.min(slow));
    assertTrue(budget.isWithin(), budget.elapsed() + " s");
  }

  /** Work counts by the size of k-space; another kind of network counts as the slowest known. */
  @Test
  void sizesAndKinds() {
    TimeBudget budget = budget(100);
    ImageSource quick = network(1);
    ImageSource slow = network(5);
    budget.reconstructed(share(4, 10, quick), quick, 1);
    assertEquals(2, budget.members(List.of(share(4, 400, quick, quick)), 0)); // 80 s
    assertEquals(1, budget.members(List.of(share(4, 500, quick, quick)), 0)); // 100 s
    assertEquals(2, budget.members(List.of(share(4, 400, quick, slow)), 0)); // not yet known
    budget.reconstructed(share(4, 10, slow), slow, 2);
    assertEquals(1, budget.members(List.of(share(4, 400, quick, slow)), 0)); // 120 s
    assertEquals(2, budget.members(List.of(share(4, 250, quick, slow)), 0)); // 75 s
    assertEquals(1, budget.members(List.of(share(4, 500, quick, network(7))), 1)); // 100 s
  }

  @Test
  void aNegativeLimit() {
    assertEquals(
        "the time limit must not be negative: -1.0",
        assertThrows(IllegalArgumentException.class, () -> budget(-1)).getMessage());
  }
}
