package dev.larmor.models.training;

/**
 * The unit of a run: one pass over the training slices of one fold, and the validation after it. An
 * epoch has as many rounds as there are folds; without folds, a round is an epoch.
 *
 * @param epoch from 0
 * @param fold which fold is held out, from 0
 * @param folds how many there are
 */
public record Round(int epoch, int fold, int folds) {
  /** The round of this number, counted over the run from 0. */
  static Round numbered(int number, int folds) {
    return new Round(number / folds, number % folds, folds);
  }

  /** This round's number, counted over the run from 0: the step of the learning rate's schedule. */
  public int number() {
    return epoch * folds + fold;
  }

  /**
   * A round's results.
   *
   * @param trainLoss mean over the slices trained on
   * @param validationLoss 1 − SSIM, mean over the volumes held out
   * @param rate the learning rate
   * @param trainSeconds wall-clock time of the training
   * @param idleSeconds how long of that the device waited for slices to be read
   * @param validationSeconds wall-clock time of the validation
   */
  public record Summary(
      Round round,
      double trainLoss,
      double validationLoss,
      double rate,
      double trainSeconds,
      double idleSeconds,
      double validationSeconds) {
    /** The share of the training time that the device waited for slices. */
    public double idleShare() {
      return trainSeconds > 0 ? idleSeconds / trainSeconds : 0;
    }
  }
}
