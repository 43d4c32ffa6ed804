package dev.larmor.models.simclr.view;

/** Which axes are reversed. */
public record Flips(boolean axis0, boolean axis1, boolean axis2) {
  /** Whether axis 0, 1 or 2 is. */
  boolean along(int axis) {
    return switch (axis) {
      case 0 -> axis0;
      case 1 -> axis1;
      default -> axis2;
    };
  }
}
