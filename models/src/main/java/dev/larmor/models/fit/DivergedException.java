package dev.larmor.models.fit;

/** The loss or the gradients are no numbers any more; the message is one sentence for the user. */
public final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DivergedException(String message) {
    super(message);
  }
}
