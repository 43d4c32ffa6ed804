package dev.larmor.models.ensemble;

import dev.larmor.models.data.DataException;

/** A checkpoint cannot be used: not a matter of one volume, so nothing that is left out with it. */
final class CheckpointException extends DataException {
  private static final long serialVersionUID = 1;

  CheckpointException(DataException cause) {
    super(cause.getMessage(), cause);
  }
}
