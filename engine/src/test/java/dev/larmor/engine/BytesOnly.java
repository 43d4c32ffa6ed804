package dev.larmor.engine;

import dev.larmor.engine.op.Op;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A backend that hands out sizes for memory, computes nothing, and remembers what it was asked. */
final class BytesOnly implements Backend {
  /** Sizes asked for, in order. */
  final List<Long> allocations = new ArrayList<>();

  /** Blocks not given back. */
  final List<Buffer> held = new ArrayList<>();

  /** The device's memory, bytes. */
  long memory = Long.MAX_VALUE;

  /** What each op wants. */
  long workspace;

  /** What each op can do with, if less than it wants. */
  long leastWorkspace = Long.MAX_VALUE;

  /** Scratch memory of the last op, bytes. */
  long given;

  /** Thrown by the next op, if not null. */
  RuntimeException failure;

  boolean closed;

  @Override
  public String name() {
    return "bytes";
  }

  @Override
  public String dryRun() {
    return "meta";
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities("bytes only", Set.of(DType.F32), false, memory);
  }

  long heldBytes() {
    return held.stream().mapToLong(Buffer::bytes).sum();
  }

  @Override
  public Buffer allocate(long bytes) {
    if (heldBytes() + bytes > memory) {
      throw new OutOfMemoryError("bytes has no " + bytes + " bytes left");
    }
    allocations.add(bytes);
    Buffer buffer = new Block(bytes);
    held.add(buffer);
    return buffer;
  }

  @Override
  public void free(Buffer buffer) {
    if (!held.remove(buffer)) {
      throw new AssertionError("freed twice: " + buffer.bytes() + " bytes");
    }
  }

  /** Equal to itself alone. */
  private static final class Block implements Buffer {
    private final long bytes;

    Block(long bytes) {
      this.bytes = bytes;
    }

    @Override
    public long bytes() {
      return bytes;
    }
  }

  @Override
  public void upload(MemorySegment host, DType hostType, TensorSpec spec, Buffer buffer) {}

  @Override
  public void download(Buffer buffer, TensorSpec spec, MemorySegment host, DType hostType) {}

  @Override
  public long workspaceBytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return workspace;
  }

  @Override
  public long leastWorkspaceBytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return Math.min(leastWorkspace, workspace);
  }

  @Override
  public void run(Op op, List<Operand> inputs, List<Operand> outputs, Buffer scratch) {
    given = scratch == null ? 0 : scratch.bytes();
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void synchronize() {}

  @Override
  public void close() {
    closed = true;
  }
}
