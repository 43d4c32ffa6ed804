package dev.larmor.models.data.hdf5;

import dev.larmor.models.data.DataException;
import io.jhdf.api.Dataset;
import io.jhdf.api.dataset.ChunkedDataset;
import io.jhdf.api.dataset.ContiguousDataset;
import io.jhdf.dataset.DatasetBase;
import io.jhdf.object.datatype.BitField;
import io.jhdf.object.datatype.CompoundDataType;
import io.jhdf.object.datatype.CompoundDataType.CompoundDataMember;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.EnumDataType;
import io.jhdf.object.datatype.FixedPoint;
import io.jhdf.object.datatype.FloatingPoint;
import io.jhdf.object.datatype.StringData;
import io.jhdf.object.datatype.StringData.PaddingType;
import io.jhdf.object.datatype.VariableLength;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * One data set of an {@link Hdf5File}: its shape and element type, and its values slice by slice.
 *
 * <p>A slice's raw bytes are fetched – by one positioned read where the storage is contiguous, else
 * chunk by chunk through jHDF's filters – and converted in bulk: jHDF's own conversion of compound
 * types makes nested arrays of members and is several times slower.
 */
public final class Hdf5Dataset {
  /** How the elements are stored. */
  private enum Element {
    REAL,
    INTEGER,
    COMPLEX64,
    OTHER
  }

  /** Floats per read of contiguous storage. */
  private static final int BLOCK = 1 << 18;

  private static final int MAX_TEXT_BYTES = 16 << 20;

  private final Hdf5File file;
  private final String key;
  private final DatasetBase dataset;
  private final long[] shape;
  private final Element element;
  private final String dtype;
  private final ByteOrder order;
  private final boolean signed;

  private Hdf5Dataset(Hdf5File file, String key, DatasetBase dataset) {
    this.file = file;
    this.key = key;
    this.dataset = dataset;
    this.shape = dataset.getDimensionsAsLong();
    DataType stored = dataset.getDataType();
    // h5py stores booleans as an enumeration over int8.
    DataType type = stored instanceof EnumDataType e ? e.getBaseType() : stored;
    int bits = 8 * type.getSize();
    switch (type) {
      case FloatingPoint f when bits == 32 || bits == 64 -> {
        element = Element.REAL;
        dtype = "F" + bits;
        order = f.getByteOrder();
        signed = true;
      }
      case FixedPoint f when bits <= 64 -> {
        element = Element.INTEGER;
        dtype = stored instanceof EnumDataType ? "BOOL" : (f.isSigned() ? "I" : "U") + bits;
        order = f.getByteOrder();
        signed = f.isSigned();
      }
      case BitField f when bits <= 64 -> {
        element = Element.INTEGER;
        dtype = "B" + bits;
        order = f.getByteOrder();
        signed = false;
      }
      case CompoundDataType c when isComplex64(c) -> {
        element = Element.COMPLEX64;
        dtype = "C64";
        order = ((FloatingPoint) c.getMembers().getFirst().getDataType()).getByteOrder();
        signed = true;
      }
      default -> {
        element = Element.OTHER;
        dtype = name(type);
        order = ByteOrder.LITTLE_ENDIAN;
        signed = true;
      }
    }
  }

  static Hdf5Dataset of(Hdf5File file, String key, Dataset dataset) {
    try {
      return new Hdf5Dataset(file, key, (DatasetBase) dataset);
    } catch (RuntimeException e) {
      throw file.damaged("dataset '" + key + "' cannot be read", e);
    }
  }

  private static boolean isComplex64(CompoundDataType type) {
    List<CompoundDataMember> m = type.getMembers();
    return type.getSize() == 8
        && m.size() == 2
        && m.get(0).getName().equals("r")
        && m.get(1).getName().equals("i")
        && m.get(0).getOffset() == 0
        && m.get(1).getOffset() == 4
        && m.get(0).getDataType() instanceof FloatingPoint r
        && m.get(1).getDataType() instanceof FloatingPoint i
        && r.getSize() == 4
        && i.getSize() == 4
        && r.getByteOrder() == i.getByteOrder();
  }

  private static String name(DataType type) {
    if (type instanceof FloatingPoint) {
      return "F" + 8 * type.getSize();
    }
    if (type instanceof CompoundDataType compound) {
      return compound.getMembers().stream()
          .map(member -> member.getName() + ":" + name(member.getDataType()))
          .toList()
          .toString();
    }
    return type.getClass().getSimpleName().toUpperCase(Locale.ROOT);
  }

  /** The name of the data set. */
  public String key() {
    return key;
  }

  /** The extents, slowest axis first. */
  public long[] shape() {
    return shape.clone();
  }

  /** The number of axes. */
  public int rank() {
    return shape.length;
  }

  /** {@code F32}, {@code F64}, {@code C64}, {@code I16}, {@code U8}, {@code BOOL} … */
  public String dtype() {
    return dtype;
  }

  /** Element type and shape as messages show them, {@code C64[8, 15, 640, 368]}. */
  @Override
  public String toString() {
    return dtype + Arrays.toString(shape);
  }

  /** The number of floats of one slice: two for a complex element. */
  public long floatsPerSlice() {
    long n = element == Element.COMPLEX64 ? 2 : 1;
    for (int axis = 1; axis < shape.length; axis++) {
      n = Math.multiplyExact(n, shape[axis]);
    }
    return n;
  }

  /**
   * Reads everything at one index of the first axis.
   *
   * @param index index along the first axis
   * @param slice receives the values in row-major order, complex ones as real, imaginary, real, …;
   *     its length must be {@link #floatsPerSlice}
   * @throws DataException if the elements are neither F32 nor C64, or the file is damaged
   */
  public void readSlice(long index, float[] slice) {
    if (shape.length < 2 || !(dtype.equals("F32") || dtype.equals("C64"))) {
      throw new DataException(
          file.path() + ": '" + key + "' is " + this + ", expected slices of F32 or C64");
    }
    if (index < 0 || index >= shape[0]) {
      throw new IndexOutOfBoundsException("slice " + index + " of " + this);
    }
    if (slice.length != floatsPerSlice()) {
      throw new IllegalArgumentException(
          "array of " + slice.length + " floats for a slice of " + floatsPerSlice());
    }
    try {
      if (dataset instanceof ContiguousDataset contiguous) {
        readContiguous(contiguous, index, slice);
      } else {
        readChunked(index, slice);
      }
    } catch (IOException | RuntimeException e) {
      throw file.damaged("slice " + index + " of '" + key + "' cannot be read", e);
    }
  }

  /**
   * Reads a box of a chunked data set; only the chunks that it touches are fetched.
   *
   * @param start where the box begins along each axis, which may be outside
   * @param extent of the box along each axis
   * @param box receives the values in row-major order; what lies outside of the data set is left
   * @throws DataException if the elements are not F32 in chunks, or the file is damaged
   */
  public void readBox(int[] start, int[] extent, float[] box) {
    readBox("F32", start, extent, box.length, (chunk, from, to, n) -> chunk.copy(from, box, to, n));
  }

  /** Reads a box of I8, as {@link #readBox(int[], int[], float[])}. */
  public void readBox(int[] start, int[] extent, byte[] box) {
    readBox("I8", start, extent, box.length, (chunk, from, to, n) -> chunk.copy(from, box, to, n));
  }

  private void readBox(
      String expected, int[] start, int[] extent, int length, BoxCopy.Row<ChunkReader> row) {
    if (!dtype.equals(expected) || !(dataset instanceof ChunkedDataset chunked)) {
      throw new DataException(
          file.path() + ": '" + key + "' is " + this + ", expected " + expected + " in chunks");
    }
    if (start.length != shape.length
        || extent.length != shape.length
        || Arrays.stream(extent).reduce(1, Math::multiplyExact) != length) {
      throw new IllegalArgumentException(
          "%d values for a box of %s in %s".formatted(length, Arrays.toString(extent), this));
    }
    int[] extents = Arrays.stream(shape).mapToInt(Math::toIntExact).toArray();
    try (ChunkReader reader = new ChunkReader(chunked, order, dataset.getDataType().getSize())) {
      new BoxCopy<>(extents, chunked.getChunkDimensions(), start, extent, reader::at, row).run();
    } catch (RuntimeException e) {
      throw file.damaged("a box of '" + key + "' cannot be read", e);
    }
  }

  /**
   * Reads a whole small data set of any real, integer or boolean type.
   *
   * @throws DataException if the elements are of another type, or the file is damaged
   */
  public double[] readNumbers() {
    if (element != Element.REAL && element != Element.INTEGER) {
      throw new DataException(file.path() + ": '" + key + "' is " + this + ", expected numbers");
    }
    ByteBuffer bytes;
    try {
      bytes = dataset.getDataBuffer();
    } catch (RuntimeException e) {
      throw file.damaged("dataset '" + key + "' cannot be read", e);
    }
    bytes.order(order);
    double[] numbers = new double[Math.toIntExact(dataset.getSize())];
    int size = dataset.getDataType().getSize();
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = numberAt(bytes, bytes.position() + i * size, size);
    }
    return numbers;
  }

  /** Whether this is one text, a scalar string of fixed or variable length. */
  public boolean isText() {
    DataType type = dataset.getDataType();
    return dataset.getSize() == 1
        && (type instanceof StringData
            || type instanceof VariableLength v && v.isVariableLengthString());
  }

  /**
   * Reads one text: its bytes as they are, since files declare UTF-8 as ASCII; without padding.
   *
   * @throws DataException if this is no text, is longer than 16 MiB, or the file is damaged
   */
  public byte[] readText() {
    if (!isText()) {
      throw new DataException(file.path() + ": '" + key + "' is " + this + ", expected a text");
    }
    if (dataset.getDataType().getSize() > MAX_TEXT_BYTES) {
      throw new DataException(file.path() + ": '" + key + "' is too long for a text");
    }
    try {
      ByteBuffer bytes = dataset.getDataBuffer().order(ByteOrder.LITTLE_ENDIAN);
      if (dataset.getDataType() instanceof StringData fixed) {
        return unpadded(bytes, fixed.getPaddingType() == PaddingType.SPACE_PADDED ? ' ' : 0);
      }
      int length = bytes.getInt(); // then the address and the index of its place in a global heap
      if (length == 0) {
        return new byte[0];
      }
      return unpadded(file.heap(bytes.getLong()).getObjectData(bytes.getInt()).limit(length), 0);
    } catch (RuntimeException e) {
      throw file.damaged("dataset '" + key + "' cannot be read", e);
    }
  }

  private static byte[] unpadded(ByteBuffer bytes, int padding) {
    int length = bytes.remaining();
    if (length > MAX_TEXT_BYTES) {
      throw new IllegalArgumentException("a text of " + length + " bytes");
    }
    byte[] text = new byte[length];
    bytes.get(text);
    while (length > 0 && text[length - 1] == padding) {
      length--;
    }
    return Arrays.copyOf(text, length);
  }

  private double numberAt(ByteBuffer bytes, int at, int size) {
    if (element == Element.REAL) {
      return size == 4 ? bytes.getFloat(at) : bytes.getDouble(at);
    }
    long value =
        switch (size) {
          case 1 -> bytes.get(at);
          case 2 -> bytes.getShort(at);
          case 4 -> bytes.getInt(at);
          case 8 -> bytes.getLong(at);
          default -> throw new DataException(file.path() + ": '" + key + "' is " + this);
        };
    if (signed) {
      return value;
    }
    if (size == 8) {
      return (value >>> 1) * 2.0 + (value & 1);
    }
    return value & ((1L << (8 * size)) - 1);
  }

  /** Reads a row of chunks along the second axis at a time, so each is unpacked once. */
  private void readChunked(long index, float[] slice) {
    long[] offset = new long[shape.length];
    int[] extent = new int[shape.length];
    for (int axis = 0; axis < shape.length; axis++) {
      extent[axis] = axis == 0 ? 1 : Math.toIntExact(shape[axis]);
    }
    offset[0] = index;
    int rows = extent[1];
    int step = dataset instanceof ChunkedDataset chunked ? chunked.getChunkDimensions()[1] : rows;
    int floatsPerRow = slice.length / rows;
    for (int row = 0; row < rows; row += step) {
      int count = Math.min(step, rows - row);
      offset[1] = row;
      extent[1] = count;
      ByteBuffer bytes = dataset.getSliceDataBuffer(offset, extent).order(order);
      bytes.asFloatBuffer().get(slice, row * floatsPerRow, count * floatsPerRow);
    }
  }

  private void readContiguous(ContiguousDataset contiguous, long index, float[] slice)
      throws IOException {
    if (dataset.isEmpty()) {
      Arrays.fill(slice, 0); // declared but never written: zeros, as the HDF5 library gives
      return;
    }
    long at = file.userBlockSize() + contiguous.getDataAddress() + index * 4L * slice.length;
    ByteBuffer block = ByteBuffer.allocate(4 * Math.min(BLOCK, slice.length)).order(order);
    for (int done = 0; done < slice.length; ) {
      int floats = Math.min(BLOCK, slice.length - done);
      block.clear();
      block.limit(4 * floats);
      while (block.hasRemaining()) {
        if (file.channel().read(block, at + 4L * done + block.position()) < 0) {
          throw new EOFException("the file ends at byte " + file.channel().size());
        }
      }
      block.flip();
      block.asFloatBuffer().get(slice, done, floats);
      done += floats;
    }
  }
}
