package dev.larmor.models.simclr.view;

/** A block of voxels: its span along each axis. */
public record Box(Span axis0, Span axis1, Span axis2) {
  /** Everything in a volume. */
  public static Box all(Extent extent) {
    return new Box(new Span(0, extent.n0()), new Span(0, extent.n1()), new Span(0, extent.n2()));
  }

  /** The span along axis 0, 1 or 2. */
  public Span along(int axis) {
    return switch (axis) {
      case 0 -> axis0;
      case 1 -> axis1;
      default -> axis2;
    };
  }

  /** How large it is. */
  public Extent extent() {
    return new Extent(axis0.size(), axis1.size(), axis2.size());
  }

  /** Whether a volume has all of it. */
  public boolean in(Extent extent) {
    for (int axis = 0; axis < 3; axis++) {
      if (along(axis).start() < 0 || along(axis).end() > extent.along(axis)) {
        return false;
      }
    }
    return true;
  }

  /** Says where it is if a volume does not have all of it. */
  void checkIn(Extent extent) {
    if (!in(extent)) {
      throw new IllegalArgumentException(
          "a volume of %s has no box of %s at (%d, %d, %d)"
              .formatted(extent, extent(), axis0.start(), axis1.start(), axis2.start()));
    }
  }
}
