package dev.larmor.kernels.cuda;

import dev.larmor.engine.DeviceException;
import dev.larmor.kernels.HostMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A stand-in for the driver that runs kernels on the host and is stricter than a card:
 *
 * <ul>
 *   <li>every block has a margin of NaN before and after it, which must stay as it is;
 *   <li>copies happen as late as the order of streams and events allows, so what does not wait for
 *       them sees old bytes, and a pinned block that is filled again too early spoils the copy;
 *   <li>each access to memory must be ordered behind the accesses it conflicts with, by streams,
 *       events or the host's waiting (a vector clock for each stream);
 *   <li>memory that is not there, or not any more, is refused, and so is any call from a thread
 *       that did not attach.
 * </ul>
 *
 * <p>The threads of one block run in ascending order, those of the next in descending order.
 */
final class EmulatedDriver implements Driver {
  private static final AtomicInteger CARDS = new AtomicInteger();
  private static final long MARGIN = 256;
  private static final byte NAN = (byte) 0xFF;
  private static final int HOST = 4;

  private final CardFacts card;
  private final long memoryBytes;
  private final Path folder;
  private final Arena arena = Arena.ofShared();
  private final TreeMap<Long, Block> blocks = new TreeMap<>();
  private final TreeMap<Long, MemorySegment> pinned = new TreeMap<>();
  private final List<Function> functions = new ArrayList<>();
  private final List<SymbolLookup> modules = new ArrayList<>();
  private final Map<Long, Event> events = new HashMap<>();
  private final Map<Stream, ArrayDeque<Copy>> copies = new EnumMap<>(Stream.class);
  private final long[][] clocks = new long[HOST + 1][HOST + 1];
  private final MemorySegment geometry = arena.allocate(ValueLayout.JAVA_INT, 5);
  private final MemorySegment collectiveStream = arena.allocateFrom(ValueLayout.JAVA_INT, 'S');
  private long nextEvent;
  private Thread attached;

  /** Each card has a place of its own, unless a test says otherwise. */
  String busId = "emulated:" + CARDS.incrementAndGet();

  /** Most bytes held so far. */
  long peakBytes;

  long heldBytes;

  /** Kernels started so far. */
  long launches;

  /** The names of the kernels that were started. */
  final Set<String> started = new HashSet<>();

  /** Whether large blocks for many small tensors are refused, so that each has its own margins. */
  boolean refusesSlabs = true;

  /** A block, and who touched the addresses in it. */
  private record Block(MemorySegment whole, long address, long bytes, Map<Long, Access> accesses) {}

  /** The times, on their streams, of the last write and the last reads at an address. */
  private static final class Access {
    int writer = -1;
    long written;
    final long[] read = new long[HOST + 1];
  }

  private record Function(String name, MethodHandle entry, String kinds, int[] sizes) {}

  /** A mark: the clock of its stream, and the copies of the stream before it. */
  private record Event(Stream stream, long[] clock, long submitted) {}

  private static final class Copy {
    final MemorySegment from;
    final MemorySegment to;
    final long number;

    Copy(MemorySegment from, MemorySegment to, long number) {
      this.from = from;
      this.to = to;
      this.number = number;
    }
  }

  private final long[] submitted = new long[HOST];

  EmulatedDriver(CardFacts card, long memoryBytes, Path folder) {
    this.card = card;
    this.memoryBytes = memoryBytes;
    this.folder = folder;
    for (Stream stream : Stream.values()) {
      copies.put(stream, new ArrayDeque<>());
    }
  }

  private static int index(Stream stream) {
    return switch (stream) {
      case COMPUTE -> 0;
      case UPLOAD -> 1;
      case DOWNLOAD -> 2;
      case COLLECTIVE -> 3;
    };
  }

  @Override
  public CardFacts card() {
    return card;
  }

  @Override
  public String busId() {
    return busId;
  }

  /** What a library that works on several cards takes for {@link Stream#COLLECTIVE}. */
  long collectiveStream() {
    return collectiveStream.address();
  }

  /** Notes that a library is about to read or write memory on {@link Stream#COLLECTIVE}. */
  void exchange(long address, long bytes, boolean writes) {
    checkThread();
    submit(Stream.COLLECTIVE);
    device(address, bytes);
    touch(address, Stream.COLLECTIVE, writes, "exchange");
    // Of kernels and copies only the first address is noted; so look at all that were.
    for (long noted : List.copyOf(block(address).accesses.keySet())) {
      if (noted > address && noted < address + bytes) {
        touch(noted, Stream.COLLECTIVE, writes, "exchange");
      }
    }
  }

  @Override
  public void attach() {
    attached = Thread.currentThread();
  }

  private void checkThread() {
    if (attached != Thread.currentThread()) {
      throw new AssertionError("the card is not current on " + Thread.currentThread());
    }
  }

  @Override
  public long allocate(long bytes) {
    checkThread();
    boolean slab = bytes == DeviceArena.SLAB && refusesSlabs;
    if (slab || heldBytes + bytes > memoryBytes) {
      throw new OutOfMemoryError("the card has no " + bytes + " bytes left");
    }
    MemorySegment whole = HostMemory.allocate(bytes + 2 * MARGIN);
    whole.fill(NAN);
    long address = whole.address() + MARGIN;
    blocks.put(address, new Block(whole, address, bytes, new HashMap<>()));
    heldBytes += bytes;
    peakBytes = Math.max(peakBytes, heldBytes);
    return address;
  }

  @Override
  public void free(long address) {
    checkThread();
    for (Stream stream : Stream.values()) {
      synchronize(stream);
    }
    Block block = blocks.remove(address);
    if (block == null) {
      throw new AssertionError("freed twice, or never allocated: " + address);
    }
    checkMargins(block, "free");
    heldBytes -= block.bytes;
    HostMemory.free(block.whole);
  }

  private static void checkMargins(Block block, String where) {
    for (long i = 0; i < MARGIN; i++) {
      if (block.whole.get(ValueLayout.JAVA_BYTE, i) != NAN
          || block.whole.get(ValueLayout.JAVA_BYTE, MARGIN + block.bytes + i) != NAN) {
        throw new AssertionError(
            "%s: something wrote outside a block of %d bytes".formatted(where, block.bytes));
      }
    }
  }

  @Override
  public long freeBytes() {
    return memoryBytes - heldBytes;
  }

  @Override
  public MemorySegment allocatePinned(long bytes) {
    checkThread();
    MemorySegment segment = HostMemory.allocate(bytes);
    pinned.put(segment.address(), segment);
    return segment;
  }

  @Override
  public void freePinned(MemorySegment segment) {
    checkThread();
    if (pinned.remove(segment.address()) == null) {
      throw new AssertionError("not a pinned block");
    }
    HostMemory.free(segment);
  }

  private void checkPinned(MemorySegment segment) {
    Map.Entry<Long, MemorySegment> entry = pinned.floorEntry(segment.address());
    if (entry == null
        || segment.address() + segment.byteSize()
            > entry.getValue().address() + entry.getValue().byteSize()) {
      throw new AssertionError("not pinned memory");
    }
  }

  @Override
  public void upload(MemorySegment from, long to, Stream stream) {
    checkPinned(from);
    copy(from, device(to, from.byteSize()), stream);
    touch(to, stream, true, "upload");
  }

  @Override
  public void download(long from, MemorySegment to, Stream stream) {
    checkPinned(to);
    copy(device(from, to.byteSize()), to, stream);
    touch(from, stream, false, "download");
  }

  private void copy(MemorySegment from, MemorySegment to, Stream stream) {
    checkThread();
    submit(stream);
    copies.get(stream).add(new Copy(from, to, submitted[index(stream)]));
  }

  @SuppressWarnings("restricted") // it lies in a block of ours
  private MemorySegment device(long address, long bytes) {
    Block block = block(address);
    if (block == null || address + bytes > block.address + block.bytes) {
      throw new AssertionError("a copy outside the card's blocks");
    }
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  private Block block(long address) {
    Map.Entry<Long, Block> entry = blocks.floorEntry(address);
    return entry != null && address < entry.getKey() + entry.getValue().bytes
        ? entry.getValue()
        : null;
  }

  /** Another piece of work on a stream, behind all that the host has waited for. */
  private void submit(Stream stream) {
    int s = index(stream);
    join(clocks[s], clocks[HOST]);
    clocks[s][s]++;
    submitted[s]++;
  }

  private static void join(long[] clock, long[] other) {
    for (int i = 0; i < clock.length; i++) {
      clock[i] = Math.max(clock[i], other[i]);
    }
  }

  private void touch(long address, Stream stream, boolean writes, String where) {
    Block block = block(address);
    Access access = block.accesses.computeIfAbsent(address, a -> new Access());
    int s = index(stream);
    boolean ordered = access.writer < 0 || access.written <= clocks[s][access.writer];
    for (int t = 0; writes && t < HOST; t++) {
      ordered &= access.read[t] <= clocks[s][t];
    }
    if (!ordered) {
      throw new AssertionError(
          "%s on %s does not wait for what is done to the same memory".formatted(where, stream));
    }
    if (writes) {
      access.writer = s;
      access.written = clocks[s][s];
    } else {
      access.read[s] = clocks[s][s];
    }
  }

  @Override
  public long createEvent() {
    checkThread();
    events.put(++nextEvent, new Event(Stream.COMPUTE, new long[HOST + 1], 0));
    return nextEvent;
  }

  @Override
  public void destroyEvent(long event) {
    if (events.remove(event) == null) {
      throw new AssertionError("no such event");
    }
  }

  @Override
  public void record(long event, Stream stream) {
    checkThread();
    events.replace(
        event, new Event(stream, clocks[index(stream)].clone(), submitted[index(stream)]));
  }

  @Override
  public void await(long event, Stream stream) {
    Event mark = events.get(event);
    drain(mark.stream, mark.submitted);
    join(clocks[index(stream)], mark.clock);
  }

  @Override
  public void await(long event) {
    Event mark = events.get(event);
    drain(mark.stream, mark.submitted);
    join(clocks[HOST], mark.clock);
  }

  @Override
  public void synchronize(Stream stream) {
    drain(stream, Long.MAX_VALUE);
    join(clocks[HOST], clocks[index(stream)]);
  }

  /** Whether copies of a stream are still to come. */
  boolean hasCopiesWaiting(Stream stream) {
    return !copies.get(stream).isEmpty();
  }

  private void drain(Stream stream, long upTo) {
    ArrayDeque<Copy> waiting = copies.get(stream);
    while (!waiting.isEmpty() && waiting.peek().number <= upTo) {
      Copy copy = waiting.poll();
      copy.to.copyFrom(copy.from);
    }
  }

  @Override
  @SuppressWarnings("restricted") // a library that was just compiled
  public long loadModule(byte[] image) {
    checkThread();
    try {
      Path file = Files.createTempFile(folder, "module", ".so");
      Files.write(file, image);
      modules.add(SymbolLookup.libraryLookup(file, arena));
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return modules.size() - 1L;
  }

  @Override
  @SuppressWarnings("restricted") // functions of a library that was just compiled
  public long function(long module, String name) {
    SymbolLookup library = modules.get((int) module);
    MemorySegment entry =
        library
            .find("emulate_" + name)
            .orElseThrow(() -> new DeviceException("there is no kernel " + name));
    Linker linker = Linker.nativeLinker();
    MethodHandle launcher =
        linker.downcallHandle(
            entry,
            FunctionDescriptor.of(
                ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    MethodHandle describe =
        linker.downcallHandle(
            library.find("signature_" + name).orElseThrow(),
            FunctionDescriptor.of(ValueLayout.ADDRESS));
    MemorySegment signature;
    try {
      signature = ((MemorySegment) describe.invokeExact()).reinterpret(64 + 64L * Integer.BYTES);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    int[] sizes = signature.asSlice(64).toArray(ValueLayout.JAVA_INT);
    functions.add(new Function(name, launcher, signature.getString(0), sizes));
    return functions.size() - 1L;
  }

  @Override
  @SuppressWarnings("restricted") // parameters, as their sizes tell
  public void launch(
      long function, int gridX, int gridY, int blockX, int blockY, MemorySegment parameters) {
    checkThread();
    Function kernel = functions.get((int) function);
    submit(Stream.COMPUTE);
    started.add(kernel.name);
    List<Block> touched = new ArrayList<>();
    for (int i = 0; i < kernel.kinds.length(); i++) {
      char kind = kernel.kinds.charAt(i);
      MemorySegment parameter =
          MemorySegment.ofAddress(parameters.getAtIndex(ValueLayout.JAVA_LONG, i))
              .reinterpret(kernel.sizes[i]);
      if (kind == 'r' || kind == 'w') {
        long address = parameter.get(ValueLayout.JAVA_LONG, 0);
        if (address != 0) {
          touched.add(pointer(kernel, i, address, kind == 'w'));
        }
      } else if (kind == 's') {
        for (long word = 0; word + Long.BYTES <= parameter.byteSize(); word += Long.BYTES) {
          long address = parameter.get(ValueLayout.JAVA_LONG_UNALIGNED, word);
          if (block(address) != null) {
            touched.add(pointer(kernel, i, address, true));
          }
        }
      }
    }
    geometry.copyFrom(
        MemorySegment.ofArray(new int[] {gridX, gridY, blockX, blockY, (int) (launches++ & 1)}));
    MemorySegment error;
    try {
      error = (MemorySegment) kernel.entry.invokeExact(geometry.address(), parameters.address());
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    if (error.address() != 0) {
      throw new AssertionError(kernel.name + ": " + error.reinterpret(256).getString(0));
    }
    touched.forEach(block -> checkMargins(block, kernel.name));
  }

  private Block pointer(Function kernel, int parameter, long address, boolean writes) {
    Block block = block(address);
    if (block == null) {
      throw new AssertionError(
          "%s: parameter %d does not point into a block of the card"
              .formatted(kernel.name, parameter));
    }
    touch(address, Stream.COMPUTE, writes, kernel.name);
    return block;
  }

  /** What was not given back; closing frees it. */
  String close() {
    String left =
        blocks.isEmpty() && pinned.isEmpty() && events.isEmpty()
            ? null
            : "%d blocks, %d pinned blocks, %d events"
                .formatted(blocks.size(), pinned.size(), events.size());
    blocks.values().forEach(block -> HostMemory.free(block.whole));
    pinned.values().forEach(HostMemory::free);
    arena.close();
    return left;
  }
}
