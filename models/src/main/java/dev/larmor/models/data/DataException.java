package dev.larmor.models.data;

/**
 * Input data that cannot be used: a file that is missing, damaged or not what its layout promises.
 *
 * <p>The message is one sentence that names the file, the key and what was found and expected; it
 * is shown to the user as it stands, without a stack trace, and the command ends with exit code 2.
 */
public class DataException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message one sentence naming the file, the key, what was found and what was expected
   */
  public DataException(String message) {
    super(message);
  }

  /**
   * @param message one sentence naming the file, the key, what was found and what was expected
   * @param cause what the reading library or the operating system said
   */
  public DataException(String message, Throwable cause) {
    super(message, cause);
  }
}
