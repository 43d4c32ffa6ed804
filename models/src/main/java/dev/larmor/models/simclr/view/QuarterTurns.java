package dev.larmor.models.simclr.view;

/**
 * A rotation by right angles in the plane of axes 0 and 1, from axis 0 towards axis 1. The two have
 * the same extent.
 *
 * @param turns 1, 2 or 3
 */
public record QuarterTurns(int turns) implements Change {
  public QuarterTurns {
    if (turns < 1 || turns > 3) {
      throw new IllegalArgumentException("1, 2 or 3 quarter turns, not " + turns);
    }
  }

  @Override
  public void apply(Volume volume) {
    Extent e = volume.extent();
    if (e.n0() != e.n1()) {
      throw new IllegalArgumentException("quarter turns need a square, not " + e);
    }
    int last = e.n0() - 1;
    float[] from = volume.values().clone();
    for (int i0 = 0; i0 <= last; i0++) {
      for (int i1 = 0; i1 <= last; i1++) {
        int source =
            switch (turns) {
              case 1 -> i1 * e.n1() + last - i0;
              case 2 -> (last - i0) * e.n1() + last - i1;
              default -> (last - i1) * e.n1() + i0;
            };
        System.arraycopy(
            from, source * e.n2(), volume.values(), (i0 * e.n1() + i1) * e.n2(), e.n2());
      }
    }
  }
}
