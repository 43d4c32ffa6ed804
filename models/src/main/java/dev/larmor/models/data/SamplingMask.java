package dev.larmor.models.data;

import dev.larmor.engine.Philox;
import java.util.Arrays;

/**
 * Which of the W phase-encode columns of k-space are sampled.
 *
 * <p>Cartesian undersampling keeps whole columns. A mask has a fully sampled block of {@code low}
 * centre columns – it calibrates the coil sensitivities – and every R-th of the others (equispaced)
 * or as many at random. The two drawings follow specification section 2, column for column.
 */
public final class SamplingMask {
  /** How the comb of an equispaced mask passes the fully sampled centre block. */
  public enum Comb {
    /**
     * It is laid out over the outer columns as if they were adjacent (specification section 2): its
     * two sides meet in step only where R divides the block's width.
     */
    OUTER,
    /** It runs through the block: every R-th of all columns, as in fastMRI's masks. */
    THROUGH;

    /** The column's place in the comb. */
    private int place(int column, int pad, int low) {
      return this == THROUGH || column < pad ? column : column - low;
    }
  }

  private final float[] columns;

  private SamplingMask(float[] columns) {
    this.columns = columns;
  }

  /**
   * A mask from its columns.
   *
   * @param columns {@code [W]}, each 0 or 1, at least one of them 1
   */
  public static SamplingMask of(float[] columns) {
    boolean sampled = false;
    for (float column : columns) {
      if (column != 0 && column != 1) {
        throw new IllegalArgumentException("mask value " + column + ", expected 0 or 1");
      }
      sampled |= column == 1;
    }
    if (!sampled) {
      throw new IllegalArgumentException("mask of " + columns.length + " columns samples none");
    }
    return new SamplingMask(columns.clone());
  }

  /** The mask that samples all of {@code width} columns. */
  public static SamplingMask full(int width) {
    float[] columns = new float[checkedWidth(width)];
    Arrays.fill(columns, 1);
    return new SamplingMask(columns);
  }

  /**
   * The centre block and a comb of every R-th outer column.
   *
   * @param width W
   * @param acceleration R, the comb's spacing
   * @param centreFraction share of W in the centre block, {@code low = round(W · centreFraction)}
   * @param offset the comb's first tooth, in {@code [0, R)}
   */
  public static SamplingMask equispaced(
      int width, int acceleration, double centreFraction, int offset, Comb comb) {
    int low = checkedCentre(width, acceleration, centreFraction);
    if (offset < 0 || offset >= acceleration) {
      throw new IllegalArgumentException("offset " + offset + " outside [0, " + acceleration + ")");
    }
    int pad = (width - low) / 2;
    float[] columns = new float[width];
    for (int w = 0; w < width; w++) {
      boolean centre = w >= pad && w < pad + low;
      columns[w] = centre || comb.place(w, pad, low) % acceleration == offset ? 1 : 0;
    }
    return new SamplingMask(columns);
  }

  /** The same with the comb laid out over the {@link Comb#OUTER outer} columns. */
  public static SamplingMask equispaced(
      int width, int acceleration, double centreFraction, int offset) {
    return equispaced(width, acceleration, centreFraction, offset, Comb.OUTER);
  }

  /**
   * The centre block and {@code ⌊(W − low) / R⌋} of the outer columns, drawn without replacement.
   *
   * @param width W
   * @param acceleration R
   * @param centreFraction share of W in the centre block, {@code low = round(W · centreFraction)}
   * @param draws the stream of random numbers that decides
   */
  public static SamplingMask random(
      int width, int acceleration, double centreFraction, Philox draws) {
    int low = checkedCentre(width, acceleration, centreFraction);
    int pad = (width - low + 1) / 2;
    int[] order = draws.permutation(width - low);
    float[] columns = new float[width];
    Arrays.fill(columns, pad, pad + low, 1);
    for (int i = 0; i < (width - low) / acceleration; i++) {
      int outer = order[i];
      columns[outer < pad ? outer : outer + low] = 1;
    }
    return new SamplingMask(columns);
  }

  private static int checkedWidth(int width) {
    if (width < 1) {
      throw new IllegalArgumentException("width " + width + ", expected at least 1");
    }
    return width;
  }

  private static int checkedCentre(int width, int acceleration, double centreFraction) {
    checkedWidth(width);
    if (acceleration < 1) {
      throw new IllegalArgumentException("acceleration " + acceleration + ", expected at least 1");
    }
    if (!(centreFraction > 0 && centreFraction <= 1)) {
      throw new IllegalArgumentException("centre fraction " + centreFraction + " outside (0, 1]");
    }
    int low = (int) Math.rint(width * centreFraction);
    if (low < 1) {
      throw new IllegalArgumentException(
          "centre fraction " + centreFraction + " of " + width + " columns leaves none");
    }
    return low;
  }

  /** The number of columns W. */
  public int width() {
    return columns.length;
  }

  /** The columns as {@code float[W]} of 0 and 1: what k-space is multiplied by. */
  public float[] columns() {
    return columns.clone();
  }

  /** Whether a column is sampled. */
  public boolean sampled(int column) {
    return columns[column] == 1;
  }

  /** How many columns are sampled. */
  public int sampledColumns() {
    int n = 0;
    for (float column : columns) {
      n += (int) column;
    }
    return n;
  }

  /** Whether every column is sampled. */
  public boolean isFull() {
    return sampledColumns() == columns.length;
  }

  /**
   * The number of low frequencies that calibrate the coils (specification section 5): twice the
   * shorter of the sampled runs going left from column {@code W/2 − 1} and right from {@code W/2},
   * at least 1. They start at column {@link #lowFrequencyStart}.
   */
  public int lowFrequencies() {
    return Math.max(2 * Math.min(runLeft(), runRight()), 1);
  }

  /** The first of the {@code n} {@link #lowFrequencies}: {@code (W − n + 1) / 2}. */
  public int lowFrequencyStart() {
    return (columns.length - lowFrequencies() + 1) / 2;
  }

  /**
   * The acceleration of the outer columns (specification section 14): {@code round((W − low) /
   * (sampled − low))}, low being the length of the sampled run around the centre; 1 for a full
   * mask, and W − low where only the centre is sampled.
   */
  public int acceleration() {
    int low = Math.max(runLeft() + runRight(), 1);
    int outer = columns.length - low;
    int sampledOuter = sampledColumns() - low;
    if (outer <= 0) {
      return 1;
    }
    return sampledOuter <= 0 ? outer : (int) Math.round((double) outer / sampledOuter);
  }

  private int runLeft() {
    int n = 0;
    for (int w = columns.length / 2 - 1; w >= 0 && columns[w] == 1; w--) {
      n++;
    }
    return n;
  }

  private int runRight() {
    int n = 0;
    for (int w = columns.length / 2; w < columns.length && columns[w] == 1; w++) {
      n++;
    }
    return n;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SamplingMask mask && Arrays.equals(columns, mask.columns);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(columns);
  }

  /** One character a column, {@code 1} sampled and {@code .} not. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(columns.length);
    for (float column : columns) {
      text.append(column == 1 ? '1' : '.');
    }
    return text.toString();
  }
}
