package dev.larmor.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.function.Supplier;

/**
 * Owns the tensors that ops make while it is the innermost scope of the thread, and frees them when
 * it ends, except those it returns, alone or in an array or collection: they move to the enclosing
 * scope (or, from an outermost scope, to the caller, who then closes them).
 *
 * <p>Scopes carry the module path ({@code unet.down.1}): error messages, the ledger and random keys
 * are named by it. Model code opens scopes only by calling modules, and so does no memory
 * management of its own.
 */
public final class Scope {
  private static final ScopedValue<Scope> CURRENT = ScopedValue.newInstance();

  private final Scope parent;
  private final String path;
  private final ArrayList<Tensor> owned = new ArrayList<>();

  private Scope(Scope parent, String path) {
    this.parent = parent;
    this.path = path;
  }

  /** Runs {@code body} in a scope with the enclosing one's path. */
  public static <T> T run(Supplier<T> body) {
    Scope outer = current();
    return enter(outer, outer == null ? "" : outer.path, body);
  }

  /** Runs {@code body} in a scope that returns nothing. */
  public static void run(Runnable body) {
    run(() -> {
      body.run();
      return null;
    });
  }

  /** Runs {@code body} in a scope whose path is the enclosing one's with {@code name} appended. */
  public static <T> T run(String name, Supplier<T> body) {
    Scope outer = current();
    String base = outer == null ? "" : outer.path;
    return enter(outer, base.isEmpty() ? name : name.isEmpty() ? base : base + "." + name, body);
  }

  /**
   * Runs {@code body} in a scope with exactly {@code path}: for recomputing what ran under that
   * path before.
   */
  public static <T> T runAt(String path, Supplier<T> body) {
    return enter(current(), path, body);
  }

  /** The module path of the innermost scope; empty outside any. */
  public static String path() {
    return CURRENT.isBound() ? CURRENT.get().path : "";
  }

  private static Scope current() {
    return CURRENT.isBound() ? CURRENT.get() : null;
  }

  private static <T> T enter(Scope outer, String path, Supplier<T> body) {
    Scope scope = new Scope(outer, path);
    T result = null;
    try {
      result = ScopedValue.where(CURRENT, scope).call(body::get);
      return result;
    } finally {
      scope.end(result);
    }
  }

  /** Called by the device for every tensor made. */
  static Tensor adopt(Tensor tensor) {
    if (!CURRENT.isBound()) {
      tensor.release();
      throw new IllegalStateException("no scope is open: make tensors inside Scope.run(...)");
    }
    CURRENT.get().own(tensor);
    return tensor;
  }

  private void own(Tensor tensor) {
    tensor.scope = this;
    owned.add(tensor);
  }

  private void end(Object result) {
    move(result);
    for (Tensor tensor : owned) {
      if (tensor.scope == this) {
        tensor.scope = null;
        tensor.release();
      }
    }
    owned.clear();
  }

  private void move(Object result) {
    switch (result) {
      case Tensor tensor when tensor.scope == this -> {
        tensor.scope = null;
        if (parent != null) {
          parent.own(tensor);
        }
      }
      case Object[] several -> {
        for (Object each : several) {
          move(each);
        }
      }
      case Collection<?> several -> {
        for (Object each : several) {
          move(each);
        }
      }
      case null, default -> {}
    }
  }
}
