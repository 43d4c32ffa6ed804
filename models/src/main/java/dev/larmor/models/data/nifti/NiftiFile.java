package dev.larmor.models.data.nifti;

import dev.larmor.models.data.DataException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/** Parses one NIfTI file. Offsets are those of the standard's header structures. */
final class NiftiFile {
  private static final int HEADER_1 = 348;
  private static final int HEADER_2 = 540;

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

  private final Path path;
  private ByteBuffer header;
  private boolean version2;
  private int datatype;

  NiftiFile(Path path) {
    this.path = path;
  }

  NiftiVolume read(int volume) {
    if (!Files.isRegularFile(path)) {
      throw bad(Files.exists(path) ? "not a regular file" : "no such file");
    }
    try (InputStream in = open()) {
      readHeader(in);
      int[] shape = shape(volume);
      double[][] affine = affine();
      long voxels = (long) shape[0] * shape[1] * shape[2];
      if (voxels > Integer.MAX_VALUE - 8) {
        throw bad("a volume of " + Arrays.toString(shape) + " voxels exceeds 2^31");
      }
      int headerBytes = version2 ? HEADER_2 : HEADER_1;
      long offset = version2 ? header.getLong(168) : (long) header.getFloat(108);
      if (offset < headerBytes) {
        throw bad("voxels begin at byte " + offset + ", inside the header");
      }
      in.skipNBytes(offset - headerBytes + volume * voxels * bytesPerVoxel());
      return new NiftiVolume(shape, affine, readVoxels(in, (int) voxels));
    } catch (EOFException e) {
      throw new DataException(path + ": truncated NIfTI file", e);
    } catch (IOException e) {
      throw new DataException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private InputStream open() throws IOException {
    InputStream in = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
    try {
      in.mark(2);
      boolean gzip = in.read() == 0x1F && in.read() == 0x8B;
      in.reset();
      return gzip ? new GZIPInputStream(in, 1 << 16) : in;
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  private void readHeader(InputStream in) throws IOException {
    byte[] bytes = new byte[HEADER_2];
    if (in.readNBytes(bytes, 0, HEADER_1) < HEADER_1) {
      throw bad("not a NIfTI file");
    }
    header = ByteBuffer.wrap(bytes);
    // The header's size is its first field: it tells the version and the byte order.
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      int size = header.order(order).getInt(0);
      if (size == HEADER_1 && (is(344, "n+1\0") || is(344, "ni1\0"))) {
        if (is(344, "ni1\0")) {
          throw bad("header and voxels in two files (.hdr, .img), expected one .nii file");
        }
        datatype = header.getShort(70);
        return;
      }
      if (size == HEADER_2 && is(4, "n+2\0")) {
        version2 = true;
        if (in.readNBytes(bytes, HEADER_1, HEADER_2 - HEADER_1) < HEADER_2 - HEADER_1) {
          throw new EOFException();
        }
        datatype = header.getShort(12);
        return;
      }
    }
    throw bad("not a NIfTI file");
  }

  private boolean is(int at, String magic) {
    for (int i = 0; i < magic.length(); i++) {
      if (header.get(at + i) != magic.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Extent of an axis, 1 … 7; axis 0 gives the number of axes. */
  private long dim(int axis) {
    return version2 ? header.getLong(16 + 8 * axis) : header.getShort(40 + 2 * axis);
  }

  private double pixdim(int axis) {
    return version2 ? header.getDouble(104 + 8 * axis) : header.getFloat(76 + 4 * axis);
  }

  private int[] shape(int volume) {
    long axes = dim(0);
    if (axes < 3 || axes > 7) {
      throw bad(axes + " axes, expected 3 to 7");
    }
    int[] shape = new int[3];
    long volumes = 1;
    for (int axis = 1; axis <= axes; axis++) {
      long extent = dim(axis);
      if (extent < 1 || extent > Integer.MAX_VALUE) {
        throw bad("an extent of " + extent + " along axis " + axis);
      }
      if (axis <= 3) {
        shape[axis - 1] = (int) extent;
      } else {
        volumes *= extent;
      }
    }
    if (volume < 0 || volume >= volumes) {
      throw bad("no volume " + volume + " in a series of " + volumes);
    }
    return shape;
  }

  /** The affine by the standard's order of preference: sform, qform, voxel sizes alone. */
  private double[][] affine() {
    int qformCode = version2 ? header.getInt(344) : header.getShort(252);
    int sformCode = version2 ? header.getInt(348) : header.getShort(254);
    double[][] affine = new double[3][4];
    if (sformCode > 0) {
      for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 4; column++) {
          int i = 4 * row + column;
          affine[row][column] =
              version2 ? header.getDouble(400 + 8 * i) : header.getFloat(280 + 4 * i);
        }
      }
    } else if (qformCode > 0) {
      fromQuaternion(affine);
    } else {
      for (int axis = 0; axis < 3; axis++) {
        affine[axis][axis] = pixdim(axis + 1);
      }
    }
    for (int axis = 0; axis < 3; axis++) {
      double length = Math.hypot(Math.hypot(affine[0][axis], affine[1][axis]), affine[2][axis]);
      if (!(length > 0 && length < Double.POSITIVE_INFINITY)) {
        throw bad("a voxel of " + length + " mm along axis " + (axis + 1));
      }
    }
    return affine;
  }

  private void fromQuaternion(double[][] affine) {
    double[] q = new double[6]; // b, c, d, offset x, y, z
    for (int i = 0; i < 6; i++) {
      q[i] = version2 ? header.getDouble(352 + 8 * i) : header.getFloat(256 + 4 * i);
    }
    double b = q[0];
    double c = q[1];
    double d = q[2];
    double a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
    double[][] rotation = {
      {a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)},
      {2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)},
      {2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c}
    };
    double handedness = pixdim(0) < 0 ? -1 : 1;
    for (int row = 0; row < 3; row++) {
      affine[row][0] = rotation[row][0] * pixdim(1);
      affine[row][1] = rotation[row][1] * pixdim(2);
      affine[row][2] = rotation[row][2] * pixdim(3) * handedness;
      affine[row][3] = q[3 + row];
    }
  }

  private int bytesPerVoxel() {
    return switch (datatype) {
      case 2, 256 -> 1;
      case 4, 512 -> 2;
      case 8, 16, 768 -> 4;
      case 64, 1024, 1280 -> 8;
      default ->
          throw bad(
              "data type %d (%s), expected integers or floats of 8 to 64 bits"
                  .formatted(datatype, UNSUPPORTED.getOrDefault(datatype, "unknown")));
    };
  }

  private float[] readVoxels(InputStream in, int count) throws IOException {
    double slope = version2 ? header.getDouble(176) : header.getFloat(112);
    double intercept = version2 ? header.getDouble(184) : header.getFloat(116);
    if (slope == 0 || !Double.isFinite(slope) || !Double.isFinite(intercept)) {
      slope = 1; // the standard: a slope of zero means unscaled
      intercept = 0;
    }
    int size = bytesPerVoxel();
    float[] values = new float[count];
    ByteBuffer block = ByteBuffer.allocate(size << 13).order(header.order());
    for (int i = 0; i < count; ) {
      int voxels = Math.min(count - i, 1 << 13);
      if (in.readNBytes(block.array(), 0, voxels * size) < voxels * size) {
        throw new EOFException();
      }
      for (int v = 0; v < voxels; v++) {
        values[i++] = (float) (slope * stored(block, v * size) + intercept);
      }
    }
    return values;
  }

  private double stored(ByteBuffer block, int at) {
    return switch (datatype) {
      case 2 -> block.get(at) & 0xFF;
      case 256 -> block.get(at);
      case 4 -> block.getShort(at);
      case 512 -> block.getShort(at) & 0xFFFF;
      case 8 -> block.getInt(at);
      case 768 -> block.getInt(at) & 0xFFFFFFFFL;
      case 16 -> block.getFloat(at);
      case 64 -> block.getDouble(at);
      case 1024 -> block.getLong(at);
      default -> {
        long value = block.getLong(at); // unsigned 64 bits
        yield (value >>> 1) * 2.0 + (value & 1);
      }
    };
  }

  private DataException bad(String what) {
    return new DataException(path + ": " + what);
  }
}
