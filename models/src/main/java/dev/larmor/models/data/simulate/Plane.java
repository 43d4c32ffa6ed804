package dev.larmor.models.data.simulate;

/** The orientation of the slices, by the axes of RAS coordinates (0 right, 1 front, 2 top). */
public enum Plane {
  /** Rows from front to back, columns from left to right. */
  AXIAL(1, 0, 2),
  /** Rows from top to bottom, columns from left to right. */
  CORONAL(2, 0, 1),
  /** Rows from top to bottom, columns from back to front. */
  SAGITTAL(2, 1, 0);

  private final int rowAxis;
  private final int columnAxis;
  private final int sliceAxis;

  Plane(int rowAxis, int columnAxis, int sliceAxis) {
    this.rowAxis = rowAxis;
    this.columnAxis = columnAxis;
    this.sliceAxis = sliceAxis;
  }

  /** The axis rows follow, downwards being its negative direction. */
  int rowAxis() {
    return rowAxis;
  }

  /** The axis columns follow. */
  int columnAxis() {
    return columnAxis;
  }

  /** The axis slices are stacked along. */
  int sliceAxis() {
    return sliceAxis;
  }
}
