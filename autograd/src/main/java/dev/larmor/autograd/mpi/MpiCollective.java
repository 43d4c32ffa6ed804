package dev.larmor.autograd.mpi;

import dev.larmor.engine.Collective;
import dev.larmor.engine.CollectiveException;
import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Shares;
import dev.larmor.engine.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Ranks that are processes, on one host or many, by an MPI library.
 *
 * <p>Tensors go through host memory: downloaded and uploaded on the caller's thread, since a device
 * is driven by one, and exchanged by the {@link Owner} meanwhile. Of reductions that are complete,
 * the next call uploads the sums and takes the memory again, so that a step holds as much of it as
 * is under way at once.
 *
 * <p>If a rank waits longer than a limit for the others, it says so and ends the job with exit code
 * 75. An error of MPI's is a {@link CollectiveException}; the one who meets it ends the job with
 * {@link #abort}, since the others wait.
 */
public final class MpiCollective implements Collective {
  /** The exit code of a job that waited in vain: {@code EX_TEMPFAIL} of sysexits.h. */
  public static final int WAITED_IN_VAIN = 75;

  /** Tensors that are broadcast go together up to so many bytes. */
  private static final long BROADCAST_BYTES = 8L << 20;

  private final Launch launch;
  final Owner owner;
  private final String library;
  private final long most;
  private final Staging staging = new Staging();
  private final Deque<Reduction> underWay = new ArrayDeque<>();
  private boolean closed;

  private MpiCollective(Launch launch, Owner owner, String library, long most) {
    this.launch = launch;
    this.owner = owner;
    this.library = library;
    this.most = most;
  }

  /**
   * Begins MPI, once in a process, and waits for all ranks to do so.
   *
   * <p>Installs {@link StopSignal}, which a program does itself, too, before anything else.
   *
   * @param limit how long a rank waits for the others at most, in one operation: more than any
   *     single rank ever works alone
   * @param lost is given the sentence that says so, before the job is ended; on any thread
   * @throws CollectiveException in one sentence, if there is no MPI library, or it is not the one
   *     that the launcher belongs to
   */
  public static MpiCollective open(Launch launch, Duration limit, Consumer<String> lost) {
    return open(launch, limit, lost, Integer.MAX_VALUE);
  }

  /** The same; the sentence goes to the error stream. */
  public static MpiCollective open(Launch launch, Duration limit) {
    return open(launch, limit, System.err::println);
  }

  /** With at most so many elements in one operation of MPI's, whose counts are of 32 bits. */
  static MpiCollective open(Launch launch, Duration limit, Consumer<String> lost, int most) {
    Mpi mpi = Mpi.load(launch.libraries());
    Owner owner = new Owner(mpi, launch, limit, lost);
    owner.start();
    StopSignal.install(); // MPICH took it
    String library = mpi.version();
    if (owner.size() != launch.size() || owner.rank() != launch.rank()) {
      owner.leave();
      throw new CollectiveException(
          "%s started this as rank %d of %d, but the MPI library %s knows it as rank %d of %d: use the launcher that belongs to the library, or set MPI_LIBRARY to the launcher's library"
              .formatted(
                  launch.launcher(),
                  launch.rank(),
                  launch.size(),
                  library,
                  owner.rank(),
                  owner.size()));
    }
    return new MpiCollective(launch, owner, library, most);
  }

  @Override
  public int rank() {
    return launch.rank();
  }

  @Override
  public int size() {
    return launch.size();
  }

  @Override
  public int localRank() {
    return launch.localRank();
  }

  /** The library and its version, for people. */
  public String library() {
    return library;
  }

  /** What is under way in several operations. */
  private static void await(List<Owner.Operation> operations) {
    operations.forEach(Owner.Operation::await);
  }

  @FunctionalInterface
  private interface Piece {
    Owner.Operation ask(long first, int count);
  }

  private List<Owner.Operation> pieces(long elements, Piece piece) {
    List<Owner.Operation> operations = new ArrayList<>();
    for (long first = 0; first < elements; first += most) {
      operations.add(piece.ask(first, (int) Math.min(most, elements - first)));
    }
    return operations;
  }

  private List<Owner.Operation> sum(MemorySegment floats) {
    return pieces(
        floats.byteSize() / Float.BYTES,
        (first, count) -> {
          long data = floats.address() + first * Float.BYTES;
          return owner.ask("an all-reduce", (mpi, request) -> mpi.allReduce(data, count, request));
        });
  }

  /**
   * Sums floats in native memory over all ranks, in place.
   *
   * @param floats as many on each rank; neither to be read, changed nor freed before the end is
   *     waited for
   */
  public Pending allReduce(MemorySegment floats) {
    List<Owner.Operation> operations = sum(floats);
    return () -> await(operations);
  }

  @Override
  public Pending allReduce(List<Tensor> tensors) {
    for (Tensor tensor : tensors) {
      if (tensor.dtype() != DType.F32) {
        throw new CollectiveException("an all-reduce is of F32, got " + tensor.spec());
      }
    }
    while (!underWay.isEmpty() && underWay.getFirst().isDone()) {
      underWay.getFirst().await();
    }
    Reduction reduction = new Reduction(tensors);
    underWay.add(reduction);
    return reduction;
  }

  /** Tensors one after another in a block. */
  private final class Bucket {
    private final List<Tensor> tensors;
    private final MemorySegment block;
    private final MemorySegment used;

    Bucket(List<Tensor> tensors) {
      this.tensors = tensors;
      long bytes = bytes(tensors);
      block = staging.take(bytes);
      used = block.asSlice(0, bytes);
    }

    private static long bytes(List<Tensor> tensors) {
      return tensors.stream().mapToLong(t -> Staging.align(t.spec().bytes())).sum();
    }

    void download() {
      long at = 0;
      for (Tensor tensor : tensors) {
        tensor.download(used.asSlice(at, tensor.spec().bytes()));
        at += Staging.align(tensor.spec().bytes());
      }
    }

    void upload() {
      long at = 0;
      for (Tensor tensor : tensors) {
        tensor.upload(used.asSlice(at, tensor.spec().bytes()));
        at += Staging.align(tensor.spec().bytes());
      }
    }
  }

  private final class Reduction implements Pending {
    private final Bucket bucket;
    private final List<Owner.Operation> operations;
    private boolean finished;

    Reduction(List<Tensor> tensors) {
      bucket = new Bucket(List.copyOf(tensors));
      bucket.download();
      operations = sum(bucket.used);
    }

    boolean isDone() {
      return operations.stream().allMatch(Owner.Operation::isDone);
    }

    @Override
    public void await() {
      if (finished) {
        return;
      }
      finished = true;
      underWay.remove(this);
      MpiCollective.await(operations);
      bucket.upload();
      staging.give(bucket.block);
    }
  }

  @Override
  public Tensor allGather(Tensor own, Shares shares) {
    Shares.Share share = shares.of(rank());
    Shape shape = shares.checked(own.spec(), share.count()).with(0, shares.total());
    long row = shape.elements() / shares.total();
    MemorySegment all = staging.take(shape.elements() * Float.BYTES);
    own.download(all.asSlice(share.first() * row * Float.BYTES, own.spec().bytes()));
    gather(all, parts(shares, row), Mpi.Type.FLOAT, Float.BYTES);
    Tensor together = own.device().tensor(own.spec().as(shape), all);
    staging.give(all);
    return together;
  }

  private long[] parts(Shares shares, long row) {
    return IntStream.range(0, size()).mapToLong(r -> shares.of(r).count() * row).toArray();
  }

  /** Fills {@code all}, where this rank's part is in place, with the others'. */
  private void gather(MemorySegment all, long[] parts, Mpi.Type type, int bytes) {
    long[] starts = new long[size()];
    for (int r = 1; r < size(); r++) {
      starts[r] = starts[r - 1] + parts[r - 1];
    }
    if (starts[size() - 1] + parts[size() - 1] > most) {
      for (int r = 0; r < size(); r++) {
        int root = r;
        long part = all.address() + starts[r] * bytes;
        await(
            pieces(
                parts[r],
                (first, count) ->
                    owner.ask(
                        "an all-gather",
                        (mpi, request) ->
                            mpi.broadcast(part + first * bytes, count, type, root, request))));
      }
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      long counts = ints(arena, parts);
      long firsts = ints(arena, starts);
      owner
          .ask(
              "an all-gather",
              (mpi, request) -> mpi.allGather(all.address(), counts, firsts, type, request))
          .await();
    }
  }

  /** Numbers as C's {@code int[]}. */
  private static long ints(Arena arena, long[] numbers) {
    int[] narrow = new int[numbers.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = Math.toIntExact(numbers[i]);
    }
    return arena.allocateFrom(ValueLayout.JAVA_INT, narrow).address();
  }

  @Override
  public Tensor reduceScatter(Tensor all, Shares shares) {
    Shares.Share share = shares.of(rank());
    Shape shape = shares.checked(all.spec(), shares.total()).with(0, share.count());
    long row = shape.elements() / share.count();
    long bytes = all.spec().bytes();
    MemorySegment block = staging.take(bytes);
    all.download(block);
    long at = 0;
    if (bytes / Float.BYTES > most) {
      await(sum(block.asSlice(0, bytes)));
      at = share.first() * row * Float.BYTES;
    } else {
      try (Arena arena = Arena.ofConfined()) {
        long counts = ints(arena, parts(shares, row));
        owner
            .ask(
                "a reduce-scatter",
                (mpi, request) -> mpi.reduceScatter(block.address(), counts, request))
            .await();
      }
    }
    Tensor own =
        all.device()
            .tensor(all.spec().as(shape), block.asSlice(at, shape.elements() * Float.BYTES));
    staging.give(block);
    return own;
  }

  private void broadcast(MemorySegment data) {
    await(
        pieces(
            data.byteSize(),
            (first, count) -> {
              long address = data.address() + first;
              return owner.ask(
                  "a broadcast",
                  (mpi, request) -> mpi.broadcast(address, count, Mpi.Type.BYTE, 0, request));
            }));
  }

  @Override
  public void broadcast(List<Tensor> tensors) {
    List<Tensor> together = new ArrayList<>();
    long bytes = 0;
    for (Tensor tensor : tensors) {
      together.add(tensor);
      bytes += tensor.spec().bytes();
      if (bytes >= BROADCAST_BYTES) {
        broadcastTogether(together);
        together.clear();
        bytes = 0;
      }
    }
    broadcastTogether(together);
  }

  private void broadcastTogether(List<Tensor> tensors) {
    Bucket bucket = new Bucket(tensors);
    if (leads()) {
      bucket.download();
    }
    broadcast(bucket.used);
    if (!leads()) {
      bucket.upload();
    }
    staging.give(bucket.block);
  }

  @Override
  public byte[] broadcast(byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment length = arena.allocate(ValueLayout.JAVA_INT);
      if (leads()) {
        length.set(ValueLayout.JAVA_INT, 0, bytes.length);
      }
      broadcast(length);
      MemorySegment data = arena.allocate(length.get(ValueLayout.JAVA_INT, 0));
      if (leads()) {
        data.copyFrom(MemorySegment.ofArray(bytes));
      }
      broadcast(data);
      return data.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  @Override
  public List<byte[]> gather(byte[] own) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment lengths = arena.allocate(ValueLayout.JAVA_INT, size());
      lengths.setAtIndex(ValueLayout.JAVA_INT, rank(), own.length);
      long[] ones = IntStream.range(0, size()).mapToLong(_ -> Integer.BYTES).toArray();
      gather(lengths, ones, Mpi.Type.BYTE, 1);
      long[] parts = IntStream.of(lengths.toArray(ValueLayout.JAVA_INT)).asLongStream().toArray();
      long total = 0;
      long[] starts = new long[size()];
      for (int r = 0; r < size(); r++) {
        starts[r] = total;
        total += parts[r];
      }
      MemorySegment all = arena.allocate(total);
      MemorySegment.copy(own, 0, all, ValueLayout.JAVA_BYTE, starts[rank()], own.length);
      gather(all, parts, Mpi.Type.BYTE, 1);
      return IntStream.range(0, size())
          .mapToObj(r -> all.asSlice(starts[r], parts[r]).toArray(ValueLayout.JAVA_BYTE))
          .toList();
    }
  }

  @Override
  public void barrier() {
    owner.ask("all ranks", (mpi, request) -> mpi.barrier(request)).await();
  }

  @Override
  public void abort(int exitCode) {
    owner.abort(exitCode);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    barrier();
    owner.leave();
    staging.close();
  }
}
