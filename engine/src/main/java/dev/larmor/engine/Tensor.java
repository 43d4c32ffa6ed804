package dev.larmor.engine;

import dev.larmor.engine.Ledger.Tag;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A dense array on a {@link Device}. It has a dtype, a shape and an identity, and nothing else: no
 * strides, no graph.
 *
 * <p>A tensor is owned by the {@link Scope} it was made in and freed when that scope ends, unless
 * the scope returns it. {@link #retain} adds an owner, {@link #close} gives one up. Using a freed
 * tensor is an {@link IllegalStateException}.
 */
public final class Tensor implements AutoCloseable {
  private final TensorSpec spec;
  private final Storage storage;
  private final long id;
  private int owners = 1;
  Scope scope;

  Tensor(TensorSpec spec, Storage storage) {
    this.spec = spec;
    this.storage = storage;
    this.id = storage.device.nextTensorId();
  }

  public TensorSpec spec() {
    return spec;
  }

  public DType dtype() {
    return spec.dtype();
  }

  public Shape shape() {
    return spec.shape();
  }

  public Device device() {
    return storage.device;
  }

  /** Identity of this tensor on its device; a view has its own. */
  public long id() {
    return id;
  }

  /** Whether the memory is still held. */
  public boolean isOpen() {
    return owners > 0;
  }

  /** Whether anyone but one owner could see a change of the elements: another owner, or a view. */
  public boolean isShared() {
    return owners > 1 || storage.isViewed();
  }

  /** What the ledger books this tensor's memory under. */
  public Tag tag() {
    return storage.tag();
  }

  /** Books this tensor's memory under another purpose. */
  public Tensor tag(Tag tag) {
    checkOpen();
    storage.retag(tag);
    return this;
  }

  /** Adds an owner, who must call {@link #close}. */
  public Tensor retain() {
    checkOpen();
    owners++;
    return this;
  }

  /**
   * Takes this tensor out of its scope: from now on the caller owns it and must {@link #close} it.
   */
  public Tensor unscoped() {
    checkOpen();
    scope = null;
    return this;
  }

  /**
   * Gives up an ownership that {@link #retain} or {@link #unscoped} gave; the last one frees the
   * memory.
   *
   * @throws IllegalStateException if the scope is the only owner: see {@link #drop}
   */
  @Override
  public void close() {
    checkOpen();
    if (scope != null && owners == 1) {
      throw new IllegalStateException(
          this + " belongs to its scope, which will free it; drop() frees it now");
    }
    release();
  }

  /**
   * Takes this tensor from its scope before the scope ends: it is freed now, unless somebody
   * retained it.
   */
  public void drop() {
    checkOpen();
    if (scope == null) {
      throw new IllegalStateException(this + " belongs to no scope: close() it");
    }
    scope = null;
    release();
  }

  void release() {
    if (--owners == 0) {
      storage.release();
    }
  }

  /** Another tensor over the same memory. */
  Tensor view(TensorSpec as) {
    storage.retain();
    return new Tensor(as, storage);
  }

  /** What a backend sees of this tensor: for backends, and what they lend. */
  public Backend.Operand operand() {
    checkOpen();
    return new Backend.Operand(spec, storage.buffer);
  }

  private void checkOpen() {
    if (owners <= 0) {
      throw new IllegalStateException("tensor " + spec + " #" + id + " is used after it was freed");
    }
  }

  /** The value of a one-element real tensor. */
  public double item() {
    if (shape().elements() != 1) {
      throw new IllegalStateException("item() wants one element, this is " + spec);
    }
    return toDoubles()[0];
  }

  /**
   * The elements in row-major order as float; complex elements as (re, im) pairs.
   *
   * @throws IllegalStateException if there are more than fit a Java array
   */
  public float[] toFloats() {
    if (dtype() == DType.F32 || dtype() == DType.C64) {
      try (Arena arena = Arena.ofConfined()) {
        return download(arena).toArray(ValueLayout.JAVA_FLOAT);
      }
    }
    double[] wide = toDoubles();
    float[] narrow = new float[wide.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) wide[i];
    }
    return narrow;
  }

  /**
   * The elements in row-major order as double; on {@code ref} without loss; complex elements as
   * (re, im) pairs.
   */
  public double[] toDoubles() {
    checkOpen();
    return device().toDoubles(this);
  }

  /** A row-major copy of the elements, {@code spec().bytes()} bytes, in {@code arena}. */
  public MemorySegment download(Arena arena) {
    checkOpen();
    MemorySegment host = arena.allocate(spec.bytes(), 64);
    download(host);
    return host;
  }

  /** Copies the elements in row-major order into {@code host}, {@code spec().bytes()} bytes. */
  public void download(MemorySegment host) {
    checkOpen();
    device().download(this, host);
  }

  /** Replaces the elements by row-major ones from {@code host}, {@code spec().bytes()} bytes. */
  public void upload(MemorySegment host) {
    checkOpen();
    device().upload(host, this);
  }

  @Override
  public String toString() {
    return spec + "#" + id + (isOpen() ? "" : " (freed)");
  }
}
