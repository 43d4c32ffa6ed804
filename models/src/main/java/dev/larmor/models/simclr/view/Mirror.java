package dev.larmor.models.simclr.view;

/** The order of voxels reversed along some axes. */
public record Mirror(Flips flips) implements Change {
  @Override
  public void apply(Volume volume) {
    float[] from = volume.values().clone();
    float[] into = volume.values();
    Extent e = volume.extent();
    for (int i0 = 0; i0 < e.n0(); i0++) {
      int from0 = flips.axis0() ? e.n0() - 1 - i0 : i0;
      for (int i1 = 0; i1 < e.n1(); i1++) {
        int from1 = flips.axis1() ? e.n1() - 1 - i1 : i1;
        int row = (i0 * e.n1() + i1) * e.n2();
        int source = (from0 * e.n1() + from1) * e.n2();
        for (int i2 = 0; i2 < e.n2(); i2++) {
          into[row + i2] = from[source + (flips.axis2() ? e.n2() - 1 - i2 : i2)];
        }
      }
    }
  }
}
