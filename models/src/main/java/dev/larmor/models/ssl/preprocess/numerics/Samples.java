package dev.larmor.models.ssl.preprocess.numerics;

/** Lines of samples in an array: the volume before, between and after passes along its axes. */
sealed interface Samples {
  /**
   * Copies one sample of some lines into a row.
   *
   * @param at for each line, where its first sample is
   * @param offset of the wanted sample from the first
   * @param lines how many of {@code at} count
   */
  void read(int[] at, int offset, int lines, double[] row);

  /** Copies a row into one sample of some lines, as {@link #read} the other way. */
  void write(double[] row, int[] at, int offset, int lines);

  /** Between two passes nothing is rounded. */
  record Doubles(double[] values) implements Samples {
    @Override
    public void read(int[] at, int offset, int lines, double[] row) {
      for (int l = 0; l < lines; l++) {
        row[l] = values[at[l] + offset];
      }
    }

    @Override
    public void write(double[] row, int[] at, int offset, int lines) {
      for (int l = 0; l < lines; l++) {
        values[at[l] + offset] = row[l];
      }
    }
  }

  /** The volume as it came, and as it goes: then no value leaves the range it came with. */
  record Floats(float[] values, ValueRange range) implements Samples {
    @Override
    public void read(int[] at, int offset, int lines, double[] row) {
      for (int l = 0; l < lines; l++) {
        row[l] = values[at[l] + offset];
      }
    }

    @Override
    public void write(double[] row, int[] at, int offset, int lines) {
      for (int l = 0; l < lines; l++) {
        int to = at[l] + offset;
        values[to] = range.clip(row[l], to);
      }
    }
  }
}
