package dev.larmor.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One kernel's arguments, in the order of its parameters, and then its grid. There is one such
 * object for each device, used over and over: nothing is allocated for a launch, and the arguments
 * lie off the heap, where the driver reads them.
 */
final class Launch {
  /** Threads of a block, but where a kernel says otherwise; {@code BLOCK} in the prelude. */
  static final int BLOCK = 256;

  /** Most blocks along x; kernels that have more to do come round again. */
  static final int MOST_BLOCKS = 1 << 16;

  /** Most blocks along y, by the hardware. */
  static final int MOST_ROWS = 65_535;

  /** Columns and rows of a two-dimensional block. */
  private static final int ALONG = 32;

  private static final int DOWN = BLOCK / ALONG;

  /** What a driver takes in all. */
  private static final int MOST_BYTES = 4096;

  private static final int MOST_ARGUMENTS = 64;

  private final Driver driver;
  private final MemorySegment values;
  private final MemorySegment addresses;
  private long function;
  private int bytes;
  private int arguments;

  Launch(Driver driver, Arena arena) {
    this.driver = driver;
    this.values = arena.allocate(MOST_BYTES, 16);
    this.addresses = arena.allocate(ValueLayout.JAVA_LONG, MOST_ARGUMENTS);
  }

  Launch of(long kernel) {
    function = kernel;
    bytes = 0;
    arguments = 0;
    return this;
  }

  private void argument(int size) {
    bytes = (bytes + size - 1) / size * size;
    addresses.setAtIndex(ValueLayout.JAVA_LONG, arguments++, values.address() + bytes);
  }

  /** A pointer. */
  Launch at(long address) {
    return count(address);
  }

  /** A pointer to an operand. */
  Launch at(Array array) {
    return count(array.address());
  }

  /** A 64-bit integer. */
  Launch count(long value) {
    argument(Long.BYTES);
    values.set(ValueLayout.JAVA_LONG, bytes, value);
    bytes += Long.BYTES;
    return this;
  }

  /** A 32-bit integer. */
  Launch whole(int value) {
    argument(Integer.BYTES);
    values.set(ValueLayout.JAVA_INT, bytes, value);
    bytes += Integer.BYTES;
    return this;
  }

  /** A float. */
  Launch number(double value) {
    argument(Float.BYTES);
    values.set(ValueLayout.JAVA_FLOAT, bytes, (float) value);
    bytes += Float.BYTES;
    return this;
  }

  /** A struct of 64-bit integers, or of doubles by their bits. */
  Launch table(long... words) {
    argument(Long.BYTES);
    MemorySegment.copy(words, 0, values, ValueLayout.JAVA_LONG, bytes, words.length);
    bytes += words.length * Long.BYTES;
    return this;
  }

  /** A struct of 32-bit integers. */
  Launch wholes(int... words) {
    argument(Integer.BYTES);
    MemorySegment.copy(words, 0, values, ValueLayout.JAVA_INT, bytes, words.length);
    bytes += words.length * Integer.BYTES;
    return this;
  }

  /** Enough threads for {@code items} pieces of work that kernels take with {@code each}. */
  void over(long items) {
    blocks(Math.clamp(Math.ceilDiv(items, BLOCK), 1, MOST_BLOCKS));
  }

  /** Blocks of {@link #BLOCK} threads. */
  void blocks(long x) {
    grid(x, 1, BLOCK, 1);
  }

  /** Blocks of {@link #BLOCK} threads, in two dimensions; y is at most 65,535. */
  void blocks(long x, long y) {
    grid(x, y, BLOCK, 1);
  }

  /**
   * Two-dimensional blocks for kernels that go down columns with {@code each_row}, a few rows to a
   * thread.
   */
  void rows(long columns, long rows) {
    grid(
        Math.ceilDiv(columns, ALONG),
        Math.clamp(Math.ceilDiv(rows, 4L * DOWN), 1, MOST_ROWS),
        ALONG,
        DOWN);
  }

  void grid(long gridX, long gridY, int blockX, int blockY) {
    driver.launch(
        function, Math.toIntExact(gridX), Math.toIntExact(gridY), blockX, blockY, addresses);
  }
}
