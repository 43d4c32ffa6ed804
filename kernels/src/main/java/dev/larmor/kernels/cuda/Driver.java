package dev.larmor.kernels.cuda;

import java.lang.foreign.MemorySegment;

/**
 * The CUDA driver: memory, streams, compiled kernels. Device memory is a plain address. Every call
 * may report an error of an earlier, asynchronous one; it then throws {@link
 * dev.larmor.engine.DeviceException}.
 */
interface Driver {
  /** Work on one stream runs in order; streams wait for each other by {@link #await} alone. */
  enum Stream {
    COMPUTE,
    UPLOAD,
    DOWNLOAD,
    /** What cards of several ranks do together. */
    COLLECTIVE
  }

  /** What there is to know of the card. */
  CardFacts card();

  /** The card's place in its host, by which two ranks notice that they share it. */
  String busId();

  /** Makes the card current on the calling thread; to be called before a thread's first call. */
  void attach();

  /**
   * Device memory, aligned to 256 bytes at least.
   *
   * @throws OutOfMemoryError if the card has no more
   */
  long allocate(long bytes);

  /** Frees a block once all work that was submitted before is done. */
  void free(long address);

  /** Bytes of the card's memory that nobody holds, this process or another. */
  long freeBytes();

  /**
   * Page-locked host memory, which the card reads and writes by itself.
   *
   * @throws OutOfMemoryError if the machine has no more
   */
  MemorySegment allocatePinned(long bytes);

  void freePinned(MemorySegment pinned);

  /** Copies a pinned block to the card. */
  void upload(MemorySegment pinned, long to, Stream stream);

  /** Copies from the card into a pinned block. */
  void download(long from, MemorySegment pinned, Stream stream);

  /** A new mark, to be set by {@link #record}. */
  long createEvent();

  void destroyEvent(long event);

  /** Marks what has been submitted to a stream so far. */
  void record(long event, Stream stream);

  /** What is submitted to the stream from now on waits for the mark. */
  void await(long event, Stream stream);

  /** The calling thread waits for the mark. */
  void await(long event);

  /** The calling thread waits for all work of a stream. */
  void synchronize(Stream stream);

  /** Loads what {@link KernelCompiler} made. */
  long loadModule(byte[] image);

  /**
   * The kernel called {@code name} of a loaded module.
   *
   * @throws dev.larmor.engine.DeviceException if there is none
   */
  long function(long module, String name);

  /**
   * Starts a kernel on {@link Stream#COMPUTE}.
   *
   * @param parameters an array of addresses, of one parameter each
   */
  void launch(
      long function, int gridX, int gridY, int blockX, int blockY, MemorySegment parameters);
}
