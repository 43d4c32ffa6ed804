package dev.larmor.engine;

/**
 * An allocation does not fit the device's budget. The message holds the bill: who holds how much.
 */
public final class BudgetExceededException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public BudgetExceededException(String message) {
    super(message);
  }
}
