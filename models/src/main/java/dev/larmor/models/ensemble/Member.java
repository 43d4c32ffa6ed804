package dev.larmor.models.ensemble;

/**
 * One voice of an {@link Ensemble}.
 *
 * @param name what people know it by: {@code best_model}
 * @param source makes its images
 * @param weight its share in the mean, positive
 */
public record Member(String name, ImageSource source, double weight) {
  /**
   * Checks the weight.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public Member {
    if (!(weight > 0) || Double.isInfinite(weight)) {
      throw new IllegalArgumentException(
          "the weight of %s must be positive, not %s".formatted(name, weight));
    }
  }

  Member withWeight(double other) {
    return new Member(name, source, other);
  }
}
