package dev.larmor.kernels.cuda;

/**
 * NCCL: sums and copies between the cards of several ranks, on {@link Driver.Stream#COLLECTIVE}.
 * What goes wrong is a {@link dev.larmor.engine.CollectiveException} that says what NCCL says of
 * it.
 */
interface NcclLibrary {
  /** As in {@code NCCL 2.21.5}. */
  String version();

  /** What one rank makes and all of them {@link #join} by. */
  byte[] uniqueId();

  /**
   * Waits until all ranks have joined, each with the card that is current on its thread.
   *
   * @param id of {@link #uniqueId}
   */
  Communicator join(byte[] id, int rank, int size);

  /** This rank's card among those of all ranks. Addresses are those of device memory. */
  interface Communicator {
    /** Submits all that {@code calls} calls as one. */
    void group(Runnable calls);

    /** Sums F32 elements over all ranks, in place. */
    void allReduce(long address, long elements);

    /** Sums F32 elements over all ranks, for {@code root} alone; {@code to} is its. */
    void reduce(long from, long to, long elements, int root);

    /** Copies bytes of {@code root} to all; {@code from} is its. */
    void broadcast(long from, long to, long bytes, int root);

    /** What went wrong behind the program's back; null if nothing did. */
    String trouble();

    /** Ends what is under way, whatever the others do, and the communicator. */
    void abort();

    /** Ends the communicator when nothing is under way on any rank. */
    void destroy();
  }
}
