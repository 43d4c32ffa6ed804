package dev.larmor.bench.peer;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * A part of the network that can be run again in the backward pass.
 *
 * @param reads slots whose values the body receives, in this order
 * @param writes slots that the body's results go to, in this order
 */
record Stage(Kind kind, List<Slot> reads, List<Slot> writes, Body body) {

  /** Which part of the network a stage is; the original checkpoints only {@link #CASCADE}s. */
  enum Kind {
    SENSITIVITY,
    /** Encode, feature cascades, decode, image cascades. */
    CASCADE,
    IMAGE
  }

  /** The computation; results belong to the caller's {@link Frame}. */
  interface Body {
    List<Tensor> run(List<Tensor> inputs);
  }
}
