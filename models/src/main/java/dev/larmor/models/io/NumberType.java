package dev.larmor.models.io;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;

/** A real number as binary files store it; what is read becomes float. */
public enum NumberType {
  /** Unsigned, 8 bits. */
  UINT8(1, 0, 0x1p8 - 1),
  /** Signed, 8 bits. */
  INT8(1, -0x1p7, 0x1p7 - 1),
  /** Unsigned, 16 bits. */
  UINT16(2, 0, 0x1p16 - 1),
  /** Signed, 16 bits. */
  INT16(2, -0x1p15, 0x1p15 - 1),
  /** Unsigned, 32 bits. */
  UINT32(4, 0, 0x1p32 - 1),
  /** Signed, 32 bits. */
  INT32(4, -0x1p31, 0x1p31 - 1),
  /** Unsigned, 64 bits. */
  UINT64(8, 0, 0x1.fffffep63),
  /** Signed, 64 bits. */
  INT64(8, -0x1p63, 0x1.fffffep62),
  /** IEEE single precision. */
  FLOAT32(4, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY),
  /** IEEE double precision. */
  FLOAT64(8, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);

  private static final int BLOCK = 1 << 13; // numbers

  private final int bytes;
  private final double min;
  private final double max;

  NumberType(int bytes, double min, double max) {
    this.bytes = bytes;
    this.min = min;
    this.max = max;
  }

  /** The size of a number in bytes. */
  public int bytes() {
    return bytes;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  private boolean floating() {
    return this == FLOAT32 || this == FLOAT64;
  }

  /** Whether it holds the value exactly (a float type: up to its rounding). */
  public boolean holds(float value) {
    return floating() || value >= min && value <= max && value == Math.rint(value);
  }

  /**
   * Reads {@code slope · stored + intercept}, in double precision and then rounded.
   *
   * @param count of numbers; the caller has checked that a file can hold as many
   * @throws EOFException if the stream ends before
   */
  public float[] read(InputStream in, ByteOrder order, int count, double slope, double intercept)
      throws IOException {
    float[] values = new float[count];
    boolean scaled = slope != 1 || intercept != 0; // else -0 stays what it is
    ByteBuffer block = ByteBuffer.allocate(bytes * BLOCK).order(order);
    for (int i = 0; i < count; ) {
      int numbers = Math.min(count - i, BLOCK);
      if (in.readNBytes(block.array(), 0, numbers * bytes) < numbers * bytes) {
        throw new EOFException();
      }
      for (int n = 0; n < numbers; n++) {
        double stored = stored(block, n * bytes);
        values[i++] = (float) (scaled ? slope * stored + intercept : stored);
      }
    }
    return values;
  }

  private double stored(ByteBuffer block, int at) {
    return switch (this) {
      case UINT8 -> block.get(at) & 0xFF;
      case INT8 -> block.get(at);
      case UINT16 -> block.getShort(at) & 0xFFFF;
      case INT16 -> block.getShort(at);
      case UINT32 -> block.getInt(at) & 0xFFFFFFFFL;
      case INT32 -> block.getInt(at);
      case UINT64 -> {
        long value = block.getLong(at);
        yield (value >>> 1) * 2.0 + (value & 1);
      }
      case INT64 -> block.getLong(at);
      case FLOAT32 -> block.getFloat(at);
      case FLOAT64 -> block.getDouble(at);
    };
  }

  /**
   * Writes values as they are.
   *
   * @throws IllegalArgumentException if an integer type does not hold one of them
   */
  public void write(OutputStream out, ByteOrder order, float[] values) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(bytes * BLOCK).order(order);
    for (int i = 0; i < values.length; ) {
      block.clear();
      for (int end = Math.min(values.length, i + BLOCK); i < end; i++) {
        put(block, values[i]);
      }
      out.write(block.array(), 0, block.position());
    }
  }

  private void put(ByteBuffer block, float value) {
    if (!holds(value)) {
      throw new IllegalArgumentException(value + " is no " + this);
    }
    switch (this) {
      case FLOAT32 -> block.putFloat(value);
      case FLOAT64 -> block.putDouble(value);
      case UINT8, INT8 -> block.put((byte) value);
      case UINT16, INT16 -> block.putShort((short) value);
      case UINT32, INT32 -> block.putInt((int) (long) value);
      case UINT64, INT64 ->
          block.putLong(value < 0x1p63 ? (long) value : (long) (value - 0x1p63) ^ Long.MIN_VALUE);
    }
  }
}
