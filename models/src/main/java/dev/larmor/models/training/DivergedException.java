package dev.larmor.models.training;

/** The loss is no number any more; the message is one sentence for the user. */
public final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DivergedException(String message) {
    super(message);
  }
}
