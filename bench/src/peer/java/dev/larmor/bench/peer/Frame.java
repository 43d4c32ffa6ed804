package dev.larmor.bench.peer;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * A region of tensor lifetimes: what is made inside is released at its end, except what is
 * {@linkplain #keep kept}, which moves to the enclosing frame.
 *
 * <p>A handle released early with {@code close()} is simply no longer there at the end. The names
 * of a Python function die one by one as they are assigned again, and the peak of memory depends on
 * it; so functions here close a tensor right after its last use where that is before the end of the
 * frame.
 */
final class Frame implements AutoCloseable {
  private final PointerScope outer = PointerScope.getInnerScope();

  @SuppressWarnings("resource") // closed by close()
  private final PointerScope inner = new PointerScope();

  /** Moves a tensor to the enclosing frame and returns it. */
  Tensor keep(Tensor t) {
    outer.attach(t);
    return t;
  }

  /** Takes a tensor out of all frames, for an object that will close it, and returns it. */
  static Tensor own(Tensor t) {
    return t.retainReference();
  }

  @Override
  public void close() {
    inner.close();
  }
}
