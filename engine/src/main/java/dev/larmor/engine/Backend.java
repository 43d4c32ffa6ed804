package dev.larmor.engine;

import dev.larmor.engine.op.Op;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The whole of what an accelerator must provide. A backend is driven by one thread at a time,
 * through {@link Device}, which does all checking, allocation and accounting; a backend only moves
 * bytes and computes.
 *
 * <p>The physical layout of a tensor is a function of the backend and the {@link TensorSpec} alone:
 * rank 0 to 3 is row-major; a feature map is channels-last where {@link
 * Capabilities#channelsLast()} says so, else row-major.
 */
public interface Backend extends AutoCloseable {
  /**
   * As given to {@link Device#open}: {@code cpu}, {@code ref}, {@code meta:gtx1080}, {@code
   * cuda:0}.
   */
  String name();

  Capabilities capabilities();

  /**
   * The device, as given to {@link Device#open}, that stands for this one in a dry run: opened for
   * the same precision and threads it books the same bytes.
   */
  String dryRun();

  /**
   * Memory for {@code bytes} bytes, contents undefined, aligned to 64 bytes at least.
   *
   * @throws OutOfMemoryError if the device has no more
   */
  Buffer allocate(long bytes);

  /** Returns memory to the device. */
  void free(Buffer buffer);

  /**
   * Copies row-major elements from the host into the backend's layout.
   *
   * @param hostType how the host's elements are kept: {@code spec.dtype()}, or {@link DType#F64}
   *     for every real number as a double (a complex element is two)
   */
  void upload(MemorySegment host, DType hostType, TensorSpec spec, Buffer buffer);

  /** Copies elements to the host in row-major order; {@code hostType} as for {@link #upload}. */
  void download(Buffer buffer, TensorSpec spec, MemorySegment host, DType hostType);

  /** Scratch bytes that {@link #run} wants for this call, known before anything is allocated. */
  long workspaceBytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs);

  /**
   * Scratch bytes that {@link #run} can not do without, where there is no room for what it wants.
   */
  default long leastWorkspaceBytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return workspaceBytes(op, inputs, outputs);
  }

  /**
   * Runs one op. Inputs and outputs never overlap, but for an {@link Op.InPlace} op, which updates
   * inputs.
   *
   * @param workspace at least {@link #leastWorkspaceBytes} bytes, and {@link #workspaceBytes} where
   *     there was room; null if that is 0
   */
  void run(Op op, List<Operand> inputs, List<Operand> outputs, Buffer workspace);

  /** Waits until everything asked for is done. */
  void synchronize();

  /**
   * How several ranks' devices of this kind pass tensors on, as {@link Device#collective} promises:
   * through the host, unless the backend has a way of its own.
   *
   * @param device over this backend
   * @param ranks two or more, who all call this now
   */
  default Collective collective(Device device, Collective ranks) {
    return new LentRanks(ranks, "through the host");
  }

  /** Gives back everything, the blocks that were not {@link #free freed} too. */
  @Override
  void close();

  /** A tensor as a backend sees it. */
  record Operand(TensorSpec spec, Buffer buffer) {}
}
