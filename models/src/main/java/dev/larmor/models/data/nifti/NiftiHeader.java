package dev.larmor.models.data.nifti;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.NumberType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * What the header of a NIfTI file says, of version 1 or 2. Numbers are the file's, unscaled.
 *
 * @param extents of the axes x, y, z, time …, 2 to 7 of them, all positive
 * @param pixdim eight numbers: the sign of the third axis of the qform, then the step along each
 *     axis, as stored
 * @param unit of space, in mm
 * @param type of the stored numbers
 * @param order of their bytes
 * @param slope by which they are multiplied; 1 where the file has none
 * @param intercept that is then added
 * @param offset of the first one in the file, in bytes
 * @param qformCode 0 if {@code qform} says nothing
 * @param qform the map from voxel indices to coordinates by a rotation and {@code pixdim}: three
 *     rows of four; x grows to the patient's right, y to the front, z to the top of the head (RAS)
 * @param sformCode 0 if {@code sform} says nothing
 * @param sform the same map as any affine one
 */
public record NiftiHeader(
    int[] extents,
    double[] pixdim,
    double unit,
    NumberType type,
    ByteOrder order,
    double slope,
    double intercept,
    long offset,
    int qformCode,
    double[][] qform,
    int sformCode,
    double[][] sform) {
  private static final int HEADER_1 = 348;
  private static final int HEADER_2 = 540;

  /** The header and four bytes that say that no extension follows. */
  private static final int VOXELS = HEADER_1 + 4;

  private static final int MM = 2;
  private static final int SCANNER = 1;

  private static final Map<Integer, NumberType> TYPES =
      Map.of(
          2, NumberType.UINT8,
          4, NumberType.INT16,
          8, NumberType.INT32,
          16, NumberType.FLOAT32,
          64, NumberType.FLOAT64,
          256, NumberType.INT8,
          512, NumberType.UINT16,
          768, NumberType.UINT32,
          1024, NumberType.INT64,
          1280, NumberType.UINT64);

  /** Names of the data types that are no real numbers or have no Java type. */
  private static final Map<Integer, String> UNSUPPORTED =
      Map.of(
          1, "binary",
          32, "complex64",
          128, "RGB24",
          1536, "float128",
          1792, "complex128",
          2048, "complex256",
          2304, "RGBA32");

  /**
   * The header of a new file, its numbers as they are.
   *
   * @param extents of x, y, z and, if there are several volumes, of the fourth axis
   * @param spacing of the voxels along x, y, z, in mm
   * @param direction three rows of three: the axes' unit vectors are its columns (RAS), at right
   *     angles to each other
   * @param origin of the first voxel, in mm (RAS)
   */
  public static NiftiHeader of(
      int[] extents, double[] spacing, double[][] direction, double[] origin, NumberType type) {
    double[] pixdim = {determinant(direction) < 0 ? -1 : 1, 1, 1, 1, 1, 1, 1, 1};
    double[][] affine = new double[3][4];
    for (int row = 0; row < 3; row++) {
      pixdim[1 + row] = spacing[row];
      affine[row][3] = origin[row];
      for (int column = 0; column < 3; column++) {
        affine[row][column] = direction[row][column] * spacing[column];
      }
    }
    return new NiftiHeader(
        extents,
        pixdim,
        1,
        type,
        ByteOrder.LITTLE_ENDIAN,
        1,
        0,
        VOXELS,
        SCANNER,
        affine,
        SCANNER,
        affine);
  }

  private static double determinant(double[][] m) {
    return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
  }

  /** The extent of an axis, counted from 0; 1 if the file has fewer. */
  public int extent(int axis) {
    return axis < extents.length ? extents[axis] : 1;
  }

  /** Volumes along the fourth and further axes, counted together. */
  public long volumes() {
    return numbers(3);
  }

  /** All numbers of the file. */
  public long numbers() {
    return numbers(0);
  }

  private long numbers(int firstAxis) {
    long numbers = 1;
    for (int axis = firstAxis; axis < extents.length; axis++) {
      numbers *= extents[axis];
    }
    return numbers;
  }

  /** The affine by the standard's order of preference: sform, qform, voxel sizes alone. */
  double[][] affine() {
    if (sformCode > 0) {
      return sform;
    }
    if (qformCode > 0) {
      return qform;
    }
    double[][] affine = new double[3][4];
    for (int axis = 0; axis < 3; axis++) {
      affine[axis][axis] = pixdim[axis + 1];
    }
    return affine;
  }

  /** Reads the header from the beginning of a file. */
  static NiftiHeader read(Path file, InputStream in) throws IOException {
    byte[] bytes = new byte[HEADER_2];
    if (in.readNBytes(bytes, 0, HEADER_1) < HEADER_1) {
      throw bad(file, "not a NIfTI file");
    }
    ByteBuffer header = ByteBuffer.wrap(bytes);
    // The header's size is its first field: it tells the version and the byte order.
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      int size = header.order(order).getInt(0);
      if (size == HEADER_1 && is(header, 344, "ni1\0")) {
        throw bad(file, "header and voxels in two files (.hdr, .img), expected one .nii file");
      }
      if (size == HEADER_1 && is(header, 344, "n+1\0")) {
        return new Fields(file, header, false).header();
      }
      if (size == HEADER_2 && is(header, 4, "n+2\0")) {
        if (in.readNBytes(bytes, HEADER_1, HEADER_2 - HEADER_1) < HEADER_2 - HEADER_1) {
          throw bad(file, "truncated NIfTI file: it ends inside the header");
        }
        return new Fields(file, header, true).header();
      }
    }
    throw bad(file, "not a NIfTI file");
  }

  private static boolean is(ByteBuffer header, int at, String magic) {
    for (int i = 0; i < magic.length(); i++) {
      if (header.get(at + i) != magic.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static DataException bad(Path file, String what) {
    return new DataException(file + ": " + what);
  }

  /** The header's structure, whose offsets and widths differ between the versions. */
  private record Fields(Path file, ByteBuffer bytes, boolean version2) {
    /** A field that has become wider from version 1 to 2: short or long, float or double. */
    private long integer(int at1, int at2) {
      return version2 ? bytes.getLong(at2) : bytes.getShort(at1);
    }

    private double real(int at1, int at2, int index) {
      return version2 ? bytes.getDouble(at2 + 8 * index) : bytes.getFloat(at1 + 4 * index);
    }

    NiftiHeader header() {
      double[] pixdim = new double[8];
      for (int i = 0; i < 8; i++) {
        pixdim[i] = real(76, 104, i);
      }
      long offset = version2 ? bytes.getLong(168) : (long) bytes.getFloat(108);
      if (offset < (version2 ? HEADER_2 : HEADER_1)) {
        throw bad(file, "voxels begin at byte " + offset + ", inside the header");
      }
      if (offset > Integer.MAX_VALUE) {
        throw bad(file, "voxels begin at byte " + offset + ", expected less than 2^31");
      }
      double slope = real(112, 176, 0);
      double intercept = real(116, 184, 0);
      boolean scaled = slope != 0 && Double.isFinite(slope) && Double.isFinite(intercept);
      return new NiftiHeader(
          extents(),
          pixdim,
          unit(),
          type(),
          bytes.order(),
          scaled ? slope : 1, // the standard: a slope of zero means unscaled
          scaled ? intercept : 0,
          offset,
          Math.max(0, version2 ? bytes.getInt(344) : bytes.getShort(252)),
          qform(pixdim),
          Math.max(0, version2 ? bytes.getInt(348) : bytes.getShort(254)),
          sform());
    }

    private int[] extents() {
      long axes = integer(40, 16);
      if (axes < 2 || axes > 7) {
        throw bad(file, axes + " axes, expected 2 to 7");
      }
      int[] extents = new int[(int) axes];
      long numbers = 1;
      for (int axis = 1; axis <= axes; axis++) {
        long extent = integer(40 + 2 * axis, 16 + 8 * axis);
        if (extent < 1 || extent > Integer.MAX_VALUE) {
          throw bad(file, "an extent of " + extent + " along axis " + axis);
        }
        if (numbers > Integer.MAX_VALUE * 8L) {
          throw bad(file, "extents of more than 2^34 numbers");
        }
        numbers *= extent;
        extents[axis - 1] = (int) extent;
      }
      return extents;
    }

    private double unit() {
      int code = version2 ? bytes.getInt(500) : bytes.get(123);
      return switch (code & 7) {
        case 1 -> 1000; // metre
        case 3 -> 0.001; // micrometre
        default -> 1;
      };
    }

    private NumberType type() {
      int code = bytes.getShort(version2 ? 12 : 70);
      NumberType type = TYPES.get(code);
      if (type == null) {
        throw bad(
            file,
            "data type %d (%s), expected integers or floats of 8 to 64 bits"
                .formatted(code, UNSUPPORTED.getOrDefault(code, "unknown")));
      }
      return type;
    }

    private double[][] qform(double[] pixdim) {
      double[][] rotation =
          new Quaternion(real(256, 352, 0), real(256, 352, 1), real(256, 352, 2)).matrix();
      double handedness = pixdim[0] < 0 ? -1 : 1;
      double[][] affine = new double[3][4];
      for (int row = 0; row < 3; row++) {
        affine[row][0] = rotation[row][0] * Math.abs(pixdim[1]);
        affine[row][1] = rotation[row][1] * Math.abs(pixdim[2]);
        affine[row][2] = rotation[row][2] * Math.abs(pixdim[3]) * handedness;
        affine[row][3] = real(268, 376, row);
      }
      return affine;
    }

    private double[][] sform() {
      double[][] affine = new double[3][4];
      for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 4; column++) {
          affine[row][column] = real(280, 400, 4 * row + column);
        }
      }
      return affine;
    }
  }

  /**
   * The beginning of a file of version 1, up to its voxels.
   *
   * @throws IllegalArgumentException if an extent is over 32,767
   */
  ByteBuffer toBytes() {
    ByteBuffer bytes = ByteBuffer.allocate(VOXELS).order(order);
    bytes.putInt(0, HEADER_1).put(38, (byte) 'r');
    bytes.putShort(40, (short) extents.length);
    for (int axis = 1; axis <= 7; axis++) {
      int extent = extent(axis - 1);
      if (extent > Short.MAX_VALUE) {
        throw new IllegalArgumentException(
            "an extent of %d along axis %d, NIfTI-1 allows %d"
                .formatted(extent, axis, Short.MAX_VALUE));
      }
      bytes.putShort(40 + 2 * axis, (short) extent);
    }
    for (Map.Entry<Integer, NumberType> entry : TYPES.entrySet()) {
      if (entry.getValue() == type) {
        bytes.putShort(70, (short) (int) entry.getKey());
      }
    }
    bytes.putShort(72, (short) (8 * type.bytes()));
    double handedness = pixdim[0];
    double[][] rotation = new double[3][3];
    for (int row = 0; row < 3; row++) {
      rotation[row][0] = qform[row][0] / pixdim[1];
      rotation[row][1] = qform[row][1] / pixdim[2];
      rotation[row][2] = qform[row][2] / pixdim[3] * handedness;
    }
    for (int i = 0; i < 8; i++) {
      bytes.putFloat(76 + 4 * i, (float) pixdim[i]);
    }
    bytes.putFloat(108, VOXELS).putFloat(112, (float) slope).putFloat(116, (float) intercept);
    bytes.put(123, (byte) MM);
    bytes.putShort(252, (short) qformCode).putShort(254, (short) sformCode);
    Quaternion quaternion = Quaternion.of(rotation);
    bytes.putFloat(256, (float) quaternion.b());
    bytes.putFloat(260, (float) quaternion.c());
    bytes.putFloat(264, (float) quaternion.d());
    for (int row = 0; row < 3; row++) {
      bytes.putFloat(268 + 4 * row, (float) qform[row][3]);
      for (int column = 0; column < 4; column++) {
        bytes.putFloat(280 + 16 * row + 4 * column, (float) sform[row][column]);
      }
    }
    return bytes.put(344, "n+1\0".getBytes(StandardCharsets.US_ASCII));
  }
}
