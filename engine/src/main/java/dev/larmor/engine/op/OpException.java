package dev.larmor.engine.op;

/**
 * An op does not take the inputs it was given. The message names the op, what is wrong, the specs
 * and the module.
 */
public final class OpException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** A message {@code [op] what is wrong}. */
  public OpException(Op op, String message) {
    this("[" + op.name() + "] " + message);
  }

  private OpException(String message) {
    super(message);
  }

  /** The same message with the module where it happened. */
  public OpException at(String path) {
    if (path.isEmpty()) {
      return this;
    }
    OpException located = new OpException(getMessage() + " (at " + path + ")");
    located.setStackTrace(getStackTrace());
    return located;
  }
}
