package dev.larmor.models.fit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A log of scalars that TensorBoard reads: {@code events.out.tfevents.<seconds>.larmor}.
 *
 * <p>A record is its length (uint64), a checksum of it, the bytes, a checksum of them; the bytes
 * are an {@code Event} of TensorFlow's event.proto in protocol-buffer encoding: wall_time = 1, step
 * = 2, file_version = 3, summary = 5 with value = 1 of tag = 1 and simple_value = 2, session_log =
 * 7 with status = 1. Each run of a program has a file of its own; a session that starts at a step
 * takes back what earlier files say of it and later steps.
 */
final class EventFile {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;
  private static final int SESSION_STARTS = 1;

  private final Path file;

  /**
   * Begins a file.
   *
   * @param now seconds since 1970
   * @param step that the session starts at
   */
  EventFile(Path folder, double now, long step) {
    file = folder.resolve("events.out.tfevents.%d.larmor".formatted((long) now));
    append(new Message().number(1, now).text(3, "brain.Event:2"));
    Message session = new Message().number(1, SESSION_STARTS);
    append(new Message().number(1, now).number(2, step).message(7, session));
  }

  /** Appends the scalars of a step. */
  void add(double now, long step, Map<String, Double> scalars) {
    Message summary = new Message();
    scalars.forEach((tag, value) ->
        summary.message(1, new Message().text(1, tag).number(2, value.floatValue())));
    append(new Message().number(1, now).number(2, step).message(5, summary));
  }

  private void append(Message event) {
    byte[] bytes = event.toByteArray();
    ByteBuffer record =
        ByteBuffer.allocate(bytes.length + 2 * Integer.BYTES + Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(bytes.length);
    record.putInt(checksum(record.duplicate().flip()));
    record.put(bytes).putInt(checksum(ByteBuffer.wrap(bytes))).flip();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (record.hasRemaining()) {
        channel.write(record);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be written: " + e.getMessage(), e);
    }
  }

  /** TFRecord's: a rotated CRC-32C plus a constant, since checksums of checksums are weak. */
  private static int checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xA282EAD8;
  }

  /** A protocol-buffer message in the making. */
  private static final class Message extends ByteArrayOutputStream {
    private void key(int field, int type) {
      varint((long) field << 3 | type);
    }

    private void varint(long value) {
      long rest = value;
      while ((rest & ~0x7FL) != 0) {
        write((int) (rest & 0x7F | 0x80));
        rest >>>= 7;
      }
      write((int) rest);
    }

    private void bytes(long value, int count) {
      for (int i = 0; i < count; i++) {
        write((int) (value >>> 8 * i));
      }
    }

    Message number(int field, long value) {
      key(field, VARINT);
      varint(value);
      return this;
    }

    Message number(int field, double value) {
      key(field, FIXED64);
      bytes(Double.doubleToLongBits(value), Double.BYTES);
      return this;
    }

    Message number(int field, float value) {
      key(field, FIXED32);
      bytes(Float.floatToIntBits(value), Float.BYTES);
      return this;
    }

    Message text(int field, String text) {
      return bytes(field, text.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message message) {
      return bytes(field, message.toByteArray());
    }

    private Message bytes(int field, byte[] bytes) {
      key(field, BYTES);
      varint(bytes.length);
      writeBytes(bytes);
      return this;
    }
  }
}
