package dev.larmor.models.simclr.view;

/**
 * What is to be known of a volume's values.
 *
 * @param deviation the standard deviation of these values, not of what they may be a sample of
 */
record Statistics(double mean, double deviation, float least, float most) {
  static Statistics of(float[] values) {
    double sum = 0;
    float least = values[0];
    float most = values[0];
    for (float value : values) {
      sum += value;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    double mean = sum / values.length;
    double squares = 0;
    for (float value : values) {
      squares += (value - mean) * (value - mean);
    }
    return new Statistics(mean, Math.sqrt(squares / values.length), least, most);
  }
}
