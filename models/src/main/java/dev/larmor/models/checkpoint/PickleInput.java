package dev.larmor.models.checkpoint;

import dev.larmor.models.data.DataException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The bytes of a pickle, instruction by instruction, with a limit to the work that they may ask
 * for. Whatever is wrong with them is a {@link DataException} made here, so that it names the file.
 */
final class PickleInput {
  /**
   * The longest pickle read. That of a network with its optimiser takes 0.1 MB, but nnSSL's have
   * the whole collection beside it: 44 MB for 113,318 images.
   */
  static final int MAX_BYTES = 128 << 20;

  /** Instructions and copied values of any pickle; a network with its optimiser takes 40,000. */
  private static final int LEAST_WORK = 1_000_000;

  /** Above that, bytes for each instruction: that collection has 7. */
  private static final int BYTES_PER_INSTRUCTION = 4;

  private static final int MAX_NUMBER_BYTES = 255;

  private final Path file;
  private final ByteBuffer in;
  private final int maxWork;
  private int work;
  private int instruction;

  PickleInput(Path file, byte[] pickle) {
    this.file = file;
    this.in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    this.maxWork = LEAST_WORK + pickle.length / BYTES_PER_INSTRUCTION;
  }

  /** The next instruction's code; what follows is about it. */
  int next() {
    instruction = in.position();
    charge(1);
    return u8();
  }

  /** The next bytes. */
  byte[] take(int count) {
    if (count > in.remaining()) {
      throw damaged("it ends within an instruction");
    }
    byte[] bytes = new byte[count];
    in.get(bytes);
    return bytes;
  }

  /** The next byte, 0 to 255. */
  int u8() {
    if (!in.hasRemaining()) {
      throw damaged("it ends without a value");
    }
    return in.get() & 0xFF;
  }

  /** The next four bytes, little-endian. */
  int i32() {
    if (in.remaining() < 4) {
      throw damaged("it ends within an instruction");
    }
    return in.getInt();
  }

  /** The length of a value, in four bytes. */
  int length(int most) {
    int length = i32();
    if (length < 0 || length > most) {
      throw damaged("a value of " + Integer.toUnsignedString(length) + " bytes");
    }
    return length;
  }

  /** The length of a value, in eight bytes. */
  int length8() {
    long length = ByteBuffer.wrap(take(8)).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 0 || length > MAX_BYTES) {
      throw damaged("a value of " + Long.toUnsignedString(length) + " bytes");
    }
    return (int) length;
  }

  /** The next bytes as UTF-8. */
  String text(int bytes) {
    return new String(take(bytes), StandardCharsets.UTF_8);
  }

  /** Text up to the end of the line. */
  String line() {
    StringBuilder line = new StringBuilder();
    for (int c = u8(); c != '\n'; c = u8()) {
      line.append((char) c);
    }
    return line.toString();
  }

  /** An integer of up to 255 bytes, low one first: a Long, or a BigInteger if it needs to be. */
  Object integer(int bytes) {
    if (bytes < 0 || bytes > MAX_NUMBER_BYTES) {
      throw damaged("a number of " + bytes + " bytes");
    }
    byte[] littleEndian = take(bytes);
    byte[] bigEndian = new byte[littleEndian.length + 1];
    for (int i = 0; i < littleEndian.length; i++) {
      bigEndian[littleEndian.length - i] = littleEndian[i];
    }
    if (littleEndian.length > 0) {
      bigEndian[0] = (byte) (littleEndian[littleEndian.length - 1] >> 7);
    }
    BigInteger value = new BigInteger(bigEndian);
    return value.bitLength() < 64 ? (Object) value.longValue() : value;
  }

  /** Counts work that grows with the values it is about. */
  void charge(int units) {
    work += units;
    if (work > maxWork) {
      throw refused("takes more than " + maxWork + " steps");
    }
  }

  /** The file, for messages that do not depend on an instruction. */
  Path file() {
    return file;
  }

  /** That the pickle breaks its own rules. */
  DataException damaged(String what) {
    return damaged(what, null);
  }

  DataException damaged(String what, Throwable cause) {
    return new DataException(
        "%s: damaged: %s (byte %d of data.pkl)".formatted(file, what, instruction), cause);
  }

  /** That the pickle wants what is not done here. */
  DataException refused(String what) {
    return new DataException(file + ": " + what + ": refused");
  }

  /** Text of the file in a message: a line of it, no control characters. */
  static String shown(String text) {
    String start = text.length() > 100 ? text.substring(0, 100) + "…" : text;
    return start.replaceAll("\\p{C}", "?");
  }
}
