package dev.larmor.models.data.hdf5;

import dev.larmor.models.io.AtomicFile;
import io.jhdf.checksum.ChecksumUtils;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.Deflater;

/**
 * Writes an HDF5 file of float32 and complex64 data sets, slice by slice, of float32 and int8
 * volumes in blocks, and of texts.
 *
 * <p>Of slices every image – the last two axes – is one chunk, of a volume every block, shuffled
 * and deflated as h5py's {@code compression="gzip", shuffle=True} does; complex64 is h5py's
 * compound {@code {r, i}}. The bytes depend on the contents alone, no time stamp, host or library
 * version, so equal data makes equal files; and the old file of that name is replaced only by a
 * complete one.
 *
 * <p>The format written is the smallest subset of the <a
 * href="https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html">HDF5 file format 3.0</a> that does
 * this – superblock 2, version-2 object headers with compact links and attributes, chunks indexed
 * by an unpaged fixed array – readable by HDF5 1.10 (2016) and later. jHDF's own writer holds the
 * whole array twice in memory, has no compound types and stamps the file with its host.
 *
 * <pre>{@code
 * try (Hdf5Writer writer = Hdf5Writer.replace(path)) {
 *   writer.attribute("max", max);
 *   SliceSink sink = writer.dataset("reconstruction", Element.F32, slices, size, size);
 *   for (float[] slice : images) {
 *     sink.write(slice);
 *   }
 *   writer.commit();
 * }
 * }</pre>
 *
 * <p>Failures to write are {@link java.io.UncheckedIOException}s that name the file.
 */
public final class Hdf5Writer implements AutoCloseable {
  /** What an array's elements are. */
  public enum Element {
    /** float32. */
    F32(4),
    /** int8. */
    I8(1),
    /** complex64: interleaved real and imaginary float32. */
    C64(8);

    private final int bytes;

    Element(int bytes) {
      this.bytes = bytes;
    }
  }

  /** Takes the slices of one data set, in order. */
  public interface SliceSink {
    /**
     * Writes the next slice: everything at one index of the first axis.
     *
     * @param values row-major; two floats for a complex element
     */
    void write(float[] values);
  }

  /** A data set whose values are written, or will be before the end. */
  private interface Dataset {
    /** Writes the object header and what it refers to; returns its address. */
    long writeHeader();
  }

  private static final int DEFLATE_LEVEL = 4;
  private static final int SUPERBLOCK_BYTES = 48;
  private static final long UNDEFINED = -1;

  private final AtomicFile file;
  private final Map<String, byte[]> attributes = new TreeMap<>();
  private final Map<String, Dataset> datasets = new TreeMap<>();
  private final Deflater deflater = new Deflater(DEFLATE_LEVEL);

  private Hdf5Writer(AtomicFile file) {
    this.file = file;
    file.write(ByteBuffer.allocate(SUPERBLOCK_BYTES));
  }

  /** Starts a file that will replace the one of this name. */
  public static Hdf5Writer replace(Path path) {
    return new Hdf5Writer(AtomicFile.replace(path));
  }

  /** Sets a float64 attribute of the file. */
  public void attribute(String name, double value) {
    attributes.put(
        name,
        attributeMessage(name, floatType(8), new Bytes().i64(Double.doubleToLongBits(value))));
  }

  /** Sets an int64 attribute of the file. */
  public void attribute(String name, long value) {
    attributes.put(name, attributeMessage(name, integerType(8), new Bytes().i64(value)));
  }

  /** Sets a string attribute of the file. */
  public void attribute(String name, String value) {
    byte[] text = (value + "\0").getBytes(StandardCharsets.UTF_8);
    attributes.put(name, attributeMessage(name, textType(0, text.length), new Bytes().raw(text)));
  }

  /**
   * Writes a data set of one text.
   *
   * @param text UTF-8, at least one byte
   */
  public void text(String name, byte[] text) {
    if (text.length == 0) {
      throw new IllegalArgumentException("no text for '" + name + "'");
    }
    long address = file.position();
    file.write(ByteBuffer.wrap(text));
    Bytes messages = new Bytes();
    messages.message(0x01, new Bytes().i8(2).i8(0).i8(0).i8(0)); // a scalar
    messages.message(0x03, textType(1, text.length));
    messages.message(0x05, new Bytes().i8(3).i8(0x0A)); // fill value, as of a vector
    messages.message(0x08, new Bytes().i8(3).i8(1).i64(address).i64(text.length));
    put(name, () -> writeObjectHeader(messages));
  }

  /** Writes a one-dimensional float32 data set, such as a mask; uncompressed. */
  public void vector(String name, float[] values) {
    int[] shape = {values.length};
    Stored vector = new Stored(name, Element.F32, shape, shape);
    vector.address = file.position();
    file.write(littleEndian(values, 0, values.length));
    vector.written = values.length;
    put(name, vector);
  }

  /**
   * Starts a data set.
   *
   * @param name its name
   * @param element float32 or complex64
   * @param shape at least three extents: slices, …, rows, columns
   * @return takes its slices; all must be written before {@link #commit}
   */
  public SliceSink dataset(String name, Element element, int... shape) {
    if (shape.length < 3 || Arrays.stream(shape).anyMatch(extent -> extent < 1)) {
      throw new IllegalArgumentException(
          "shape " + Arrays.toString(shape) + ", expected [slices, ..., rows, columns]");
    }
    int[] image = new int[shape.length];
    Arrays.setAll(image, axis -> axis < shape.length - 2 ? 1 : shape[axis]);
    Stored stored = new Stored(name, element, shape, image);
    put(name, stored);
    return stored;
  }

  /**
   * Writes a float32 data set in blocks, so that a part of it can be read without the rest.
   *
   * @param values row-major
   * @param shape the extents
   * @param block the extents of a block, none greater than the shape's
   */
  public void blocks(String name, float[] values, int[] shape, int[] block) {
    blocks(
        name,
        Element.F32,
        values,
        values.length,
        shape,
        block,
        (all, from, bytes, to, count) ->
            bytes.position(4 * to).asFloatBuffer().put(all, from, count));
  }

  /** Writes an int8 data set in blocks, as {@link #blocks(String, float[], int[], int[])}. */
  public void blocks(String name, byte[] values, int[] shape, int[] block) {
    blocks(
        name,
        Element.I8,
        values,
        values.length,
        shape,
        block,
        (all, from, bytes, to, count) -> bytes.put(to, all, from, count));
  }

  /** Copies elements from an array to the bytes of a block. */
  private interface Pack<A> {
    void copy(A values, int from, ByteBuffer bytes, int to, int count);
  }

  private <A> void blocks(
      String name, Element element, A values, int length, int[] shape, int[] block, Pack<A> pack) {
    if (product(shape) != length || !fits(block, shape)) {
      throw new IllegalArgumentException(
          "%d values of '%s' for %s in blocks of %s"
              .formatted(length, name, Arrays.toString(shape), Arrays.toString(block)));
    }
    Stored stored = new Stored(name, element, shape, block);
    put(name, stored);
    int elements = product(block);
    int[] grid = new int[shape.length];
    Arrays.setAll(grid, axis -> (shape[axis] + block[axis] - 1) / block[axis]);
    for (int b = 0; b < product(grid); b++) {
      int[] offset = new int[shape.length];
      for (int axis = shape.length - 1, rest = b; axis >= 0; rest /= grid[axis], axis--) {
        offset[axis] = rest % grid[axis] * block[axis];
      }
      // A block is full even where the array ends.
      ByteBuffer plain =
          ByteBuffer.allocate(element.bytes * elements).order(ByteOrder.LITTLE_ENDIAN);
      new BoxCopy<A>(
              shape,
              shape,
              offset,
              block,
              whole -> values,
              (all, from, to, count) -> pack.copy(all, from, plain, to, count))
          .run();
      stored.append(plain.array());
    }
    stored.written = shape[0];
  }

  private static boolean fits(int[] block, int[] shape) {
    for (int axis = 0; axis < shape.length; axis++) {
      if (block.length != shape.length || block[axis] < 1 || block[axis] > shape[axis]) {
        return false;
      }
    }
    return true;
  }

  private static int product(int[] extents) {
    return Arrays.stream(extents).reduce(1, Math::multiplyExact);
  }

  private void put(String name, Dataset dataset) {
    if (datasets.putIfAbsent(name, dataset) != null) {
      throw new IllegalArgumentException("two datasets named '" + name + "'");
    }
  }

  /**
   * Completes the file and puts it in the old one's place.
   *
   * @throws IllegalStateException if a data set lacks slices
   */
  public void commit() {
    Bytes root = new Bytes();
    root.message(0x02, new Bytes().i8(0).i8(0).i64(UNDEFINED).i64(UNDEFINED)); // link info
    root.message(0x0A, new Bytes().i8(0).i8(0)); // group info
    datasets.forEach((key, dataset) -> {
      byte[] name = key.getBytes(StandardCharsets.UTF_8);
      // Hard link, UTF-8 name, its length in two bytes.
      Bytes link = new Bytes().i8(1).i8(0x11).i8(1).i16(name.length).raw(name);
      root.message(0x06, link.i64(dataset.writeHeader()));
    });
    if (!attributes.isEmpty()) {
      root.message(0x15, new Bytes().i8(0).i8(0).i64(UNDEFINED).i64(UNDEFINED)); // attribute info
      attributes.values().forEach(attribute -> root.message(0x0C, new Bytes().raw(attribute)));
    }
    long rootAddress = writeObjectHeader(root);
    Bytes superblock = new Bytes().raw(new byte[] {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 26, 10});
    superblock.i8(2).i8(8).i8(8).i8(0); // version, sizes of addresses and lengths, flags
    superblock.i64(0).i64(UNDEFINED).i64(file.position()).i64(rootAddress);
    file.overwrite(0, superblock.checksum().buffer());
    file.commit();
  }

  /** Ends the writing; without a {@link #commit} nothing has happened. */
  @Override
  public void close() {
    deflater.end();
    file.close();
  }

  private long writeObjectHeader(Bytes messages) {
    long address = file.position();
    // Version 2; the flags say that the size of the messages takes four bytes.
    Bytes header = new Bytes().ascii("OHDR").i8(2).i8(2).i32(messages.size());
    file.write(header.append(messages).checksum().buffer());
    return address;
  }

  private static byte[] attributeMessage(String name, Bytes type, Bytes value) {
    byte[] text = (name + "\0").getBytes(StandardCharsets.UTF_8);
    Bytes scalar = new Bytes().i8(2).i8(0).i8(0).i8(0);
    return new Bytes()
        .i8(3) // version
        .i8(0)
        .i16(text.length)
        .i16(type.size())
        .i16(scalar.size())
        .i8(1) // UTF-8
        .raw(text)
        .append(type)
        .append(scalar)
        .append(value)
        .toByteArray();
  }

  /** UTF-8 of fixed length, null-terminated (0) or null-padded (1). */
  private static Bytes textType(int padding, int bytes) {
    return new Bytes().i8(0x13).i8(0x10 | padding).i8(0).i8(0).i32(bytes);
  }

  private static Bytes integerType(int bytes) {
    // Fixed-point, little-endian, signed.
    return new Bytes().i8(0x10).i8(8).i8(0).i8(0).i32(bytes).i16(0).i16(8 * bytes);
  }

  private static Bytes floatType(int bytes) {
    boolean single = bytes == 4;
    return new Bytes()
        .i8(0x11) // floating point, version 1
        .i8(0x20) // little-endian, implied leading one
        .i8(single ? 31 : 63) // where the sign is
        .i8(0)
        .i32(bytes)
        .i16(0) // bit offset
        .i16(8 * bytes) // precision
        .i8(single ? 23 : 52) // where the exponent is
        .i8(single ? 8 : 11) // and how long
        .i8(0) // where the mantissa is
        .i8(single ? 23 : 52) // and how long
        .i32(single ? 127 : 1023); // bias
  }

  private static Bytes elementType(Element element) {
    if (element == Element.F32) {
      return floatType(4);
    }
    if (element == Element.I8) {
      return integerType(1);
    }
    Bytes type = new Bytes().i8(0x36).i8(2).i8(0).i8(0).i32(8); // compound of two, eight bytes
    type.ascii("r\0").i8(0).append(floatType(4));
    type.ascii("i\0").i8(4).append(floatType(4));
    return type;
  }

  private static ByteBuffer littleEndian(float[] values, int from, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values, from, count);
    return bytes;
  }

  /** One data set: where its parts were put. */
  private final class Stored implements SliceSink, Dataset {
    private final String name;
    private final Element element;
    private final int[] shape;
    private final int[] chunk;
    private final List<long[]> chunks = new ArrayList<>(); // address, bytes
    private long address = UNDEFINED; // of contiguous values
    private int written;

    Stored(String name, Element element, int[] shape, int[] chunk) {
      this.name = name;
      this.element = element;
      this.shape = shape.clone();
      this.chunk = chunk.clone();
    }

    @Override
    public void write(float[] values) {
      int images = 1;
      for (int axis = 1; axis < shape.length - 2; axis++) {
        images *= shape[axis];
      }
      int floats = Math.multiplyExact(product(chunk), element.bytes / 4);
      if (values.length != images * floats) {
        throw new IllegalArgumentException(
            "%d floats for a slice of '%s' %s%s"
                .formatted(values.length, name, element, Arrays.toString(shape)));
      }
      if (written == shape[0]) {
        throw new IllegalStateException("all " + written + " slices of '" + name + "' are written");
      }
      for (int image = 0; image < images; image++) {
        append(littleEndian(values, image * floats, floats).array());
      }
      written++;
    }

    /** Writes the next chunk. */
    void append(byte[] plain) {
      byte[] packed = deflate(shuffle(plain));
      chunks.add(new long[] {file.position(), packed.length});
      file.write(ByteBuffer.wrap(packed));
    }

    /** Puts byte 0 of every element first, then byte 1 of every element …: they are alike. */
    private byte[] shuffle(byte[] plain) {
      byte[] shuffled = new byte[plain.length];
      int elements = plain.length / element.bytes;
      for (int b = 0, to = 0; b < element.bytes; b++) {
        for (int e = 0; e < elements; e++) {
          shuffled[to++] = plain[e * element.bytes + b];
        }
      }
      return shuffled;
    }

    private byte[] deflate(byte[] bytes) {
      deflater.reset();
      deflater.setInput(bytes);
      deflater.finish();
      ByteArrayOutputStream packed = new ByteArrayOutputStream(bytes.length / 2);
      byte[] block = new byte[1 << 14];
      while (!deflater.finished()) {
        packed.write(block, 0, deflater.deflate(block));
      }
      return packed.toByteArray();
    }

    /** Writes the chunk index before the header. */
    @Override
    public long writeHeader() {
      if (written != shape[0]) {
        throw new IllegalStateException(
            written + " of " + shape[0] + " slices of '" + name + "' are written");
      }
      boolean chunked = address == UNDEFINED;
      Bytes space = new Bytes().i8(2).i8(shape.length).i8(0).i8(1);
      for (int extent : shape) {
        space.i64(extent);
      }
      Bytes messages = new Bytes();
      messages.message(0x01, space);
      messages.message(0x03, elementType(element));
      // Fill value: zero by default; storage allocated chunk by chunk, or late.
      messages.message(0x05, new Bytes().i8(3).i8(chunked ? 0x0B : 0x0A));
      if (chunked) {
        messages.message(0x08, chunkedLayout());
        Bytes filters = new Bytes().i8(2).i8(2); // version, number of filters
        filters.i16(2).i16(0).i16(1).i32(element.bytes); // shuffle
        filters.i16(1).i16(0).i16(1).i32(DEFLATE_LEVEL);
        messages.message(0x0B, filters);
      } else {
        long bytes = (long) shape[0] * element.bytes;
        messages.message(0x08, new Bytes().i8(3).i8(1).i64(address).i64(bytes));
      }
      return writeObjectHeader(messages);
    }

    private Bytes chunkedLayout() {
      int pageBits = Math.max(10, 32 - Integer.numberOfLeadingZeros(chunks.size() - 1));
      Bytes layout = new Bytes().i8(4).i8(2).i8(0); // version, chunked, flags
      layout.i8(shape.length + 1).i8(4); // axes with the element's bytes, four bytes each
      for (int extent : chunk) {
        layout.i32(extent);
      }
      layout.i32(element.bytes);
      return layout.i8(3).i8(pageBits).i64(writeFixedArray(pageBits)); // index type 3: fixed array
    }

    private long writeFixedArray(int pageBits) {
      int chunkBytes = element.bytes * product(chunk);
      int log2 = 31 - Integer.numberOfLeadingZeros(chunkBytes);
      int sizeBytes = 1 + (log2 + 8) / 8; // as the HDF5 library counts them
      int entryBytes = 8 + sizeBytes + 4;
      int filtered = 1;
      Bytes header = new Bytes().ascii("FAHD").i8(0).i8(filtered).i8(entryBytes).i8(pageBits);
      int headerBytes = header.size() + 8 + 8 + 4;
      long headerAddress = file.position();
      header.i64(chunks.size()).i64(headerAddress + headerBytes).checksum();
      Bytes block = new Bytes().ascii("FADB").i8(0).i8(filtered).i64(headerAddress);
      for (long[] stored : chunks) {
        block.i64(stored[0]).number(stored[1], sizeBytes).i32(0); // no filter left out
      }
      file.write(header.buffer());
      file.write(block.checksum().buffer());
      return headerAddress;
    }
  }

  /** Bytes in the making: little-endian numbers one after the other. */
  private static final class Bytes extends ByteArrayOutputStream {
    Bytes number(long value, int bytes) {
      for (int b = 0; b < bytes; b++) {
        write((int) (value >>> (8 * b)));
      }
      return this;
    }

    Bytes i8(int value) {
      return number(value, 1);
    }

    Bytes i16(int value) {
      return number(value, 2);
    }

    Bytes i32(int value) {
      return number(value, 4);
    }

    Bytes i64(long value) {
      return number(value, 8);
    }

    Bytes raw(byte[] bytes) {
      writeBytes(bytes);
      return this;
    }

    Bytes ascii(String text) {
      return raw(text.getBytes(StandardCharsets.US_ASCII));
    }

    Bytes append(Bytes other) {
      return raw(other.toByteArray());
    }

    /** A header message: its type, size, no flags, and body. */
    Bytes message(int type, Bytes body) {
      return i8(type).i16(body.size()).i8(0).append(body);
    }

    /** The checksum of everything so far: Jenkins' lookup3, of all HDF5 metadata. */
    Bytes checksum() {
      return i32(ChecksumUtils.checksum(toByteArray()));
    }

    ByteBuffer buffer() {
      return ByteBuffer.wrap(toByteArray());
    }
  }
}
