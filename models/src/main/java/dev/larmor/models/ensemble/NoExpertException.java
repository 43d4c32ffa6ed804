package dev.larmor.models.ensemble;

import dev.larmor.models.data.DataException;

/** There is no expert for a volume's class. */
public final class NoExpertException extends DataException {
  private static final long serialVersionUID = 1;

  NoExpertException(String message) {
    super(message);
  }
}
