package dev.larmor.models.data.image;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.Payload.Packing;
import dev.larmor.models.io.NumberType;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads MetaImage: a header of {@code Key = Value} lines with the voxels behind it ({@code .mha})
 * or in another file ({@code .mhd}).
 *
 * @see <a href="https://itk.org/Wiki/ITK/MetaIO/Documentation">The format</a>
 */
final class MetaImage {
  private static final Map<String, NumberType> TYPES =
      Map.ofEntries(
          Map.entry("MET_CHAR", NumberType.INT8),
          Map.entry("MET_UCHAR", NumberType.UINT8),
          Map.entry("MET_SHORT", NumberType.INT16),
          Map.entry("MET_USHORT", NumberType.UINT16),
          Map.entry("MET_INT", NumberType.INT32),
          Map.entry("MET_UINT", NumberType.UINT32),
          Map.entry("MET_LONG", NumberType.INT32), // of 4 bytes, whatever the machine
          Map.entry("MET_ULONG", NumberType.UINT32),
          Map.entry("MET_LONG_LONG", NumberType.INT64),
          Map.entry("MET_ULONG_LONG", NumberType.UINT64),
          Map.entry("MET_FLOAT", NumberType.FLOAT32),
          Map.entry("MET_DOUBLE", NumberType.FLOAT64));

  private static final Map<String, Boolean> TRUTH =
      Map.of("true", true, "1", true, "false", false, "0", false);

  private final Path path;
  private final TextHeader header;

  private MetaImage(Path path) {
    this.path = path;
    this.header = new TextHeader(path);
  }

  static Image3d read(Path path) throws IOException {
    return new MetaImage(path).read();
  }

  private Image3d read() throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(path), 1 << 16)) {
      readFields(in);
      Grid grid = grid();
      String data = header.get("ElementDataFile");
      float[] values;
      if (data.equalsIgnoreCase("LOCAL")) {
        values = payload(path).read(in, Files.size(path) - header.length(), grid.count());
      } else {
        values = external(data, grid);
      }
      return grid.image(header.axes("NDims") == 4 ? values : grid.planar(values));
    }
  }

  private void readFields(InputStream in) throws IOException {
    while (!header.has("ElementDataFile")) {
      String line = header.line(in);
      if (line == null) {
        throw header.bad("ElementDataFile", "missing");
      }
      int equals = line.indexOf('=');
      if (equals < 1 && !line.isBlank()) {
        throw new DataException(
            header.has("NDims")
                ? "%s: '%s' in the header, expected 'key = value'".formatted(path, line)
                : path + ": not a MetaImage file");
      }
      if (equals >= 1) {
        header.put(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
      }
    }
    if (!header.get("ObjectType", "Image").equals("Image")) {
      throw header.bad("ObjectType", header.get("ObjectType") + ", expected Image");
    }
  }

  private Grid grid() {
    int axes = header.axes("NDims");
    long[] sizes = header.integers("DimSize", axes);
    long channels =
        header.has("ElementNumberOfChannels")
            ? header.integers("ElementNumberOfChannels", 1)[0]
            : 1;
    if (axes == 4) {
      if (channels != 1) {
        throw header.bad("ElementNumberOfChannels", channels + " in a series, expected 1");
      }
      channels = sizes[3];
    }
    int spatial = Math.min(3, axes);
    double[] spacing = {1, 1, 1};
    for (String key : List.of("ElementSpacing", "ElementSize")) {
      if (header.has(key)) {
        spacing = header.numbers(key, axes);
        break;
      }
    }
    double[] origin = new double[3];
    double[][] direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    for (String key : List.of("Offset", "Origin", "Position")) {
      if (header.has(key)) {
        origin = Arrays.copyOf(Arrays.copyOf(header.numbers(key, axes), spatial), 3);
        break;
      }
    }
    for (String key : List.of("TransformMatrix", "Orientation", "Rotation")) {
      if (header.has(key)) {
        double[] matrix = header.numbers(key, axes * axes);
        for (int axis = 0; axis < spatial; axis++) {
          for (int row = 0; row < spatial; row++) {
            direction[row][axis] = matrix[axis * axes + row]; // an axis is a row in the file
          }
        }
        break;
      }
    }
    return Grid.of(
        path, "DimSize", Arrays.copyOf(sizes, spatial), channels, spacing, origin, direction);
  }

  private Payload payload(Path file) {
    Packing packing = Packing.RAW;
    if (!truth("BinaryData", true)) {
      packing = Packing.TEXT;
    } else if (truth("CompressedData", false)) {
      packing = Packing.DEFLATED;
    }
    boolean big = truth("BinaryDataByteOrderMSB", false) || truth("ElementByteOrderMSB", false);
    return new Payload(
        file,
        packing,
        header.choice("ElementType", header.get("ElementType"), TYPES),
        big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN,
        number("ElementToIntensityFunctionSlope", 1),
        number("ElementToIntensityFunctionOffset", 0));
  }

  private boolean truth(String key, boolean otherwise) {
    return header.has(key)
        ? header.choice(key, header.get(key).toLowerCase(Locale.ROOT), TRUTH)
        : otherwise;
  }

  private double number(String key, double otherwise) {
    return header.has(key) ? header.numbers(key, 1)[0] : otherwise;
  }

  private float[] external(String name, Grid grid) throws IOException {
    if (name.startsWith("LIST") || name.contains("%")) {
      throw header.bad("ElementDataFile", "'" + name + "', expected one file");
    }
    Path file;
    try {
      file = path.resolveSibling(name);
    } catch (InvalidPathException e) {
      throw header.bad("ElementDataFile", e.getMessage());
    }
    if (!Files.isRegularFile(file)) {
      throw header.bad("ElementDataFile", "no such file: " + file);
    }
    Payload payload = payload(file);
    long size = Files.size(file);
    long skip = header.has("HeaderSize") ? header.integers("HeaderSize", 1)[0] : 0;
    if (skip == -1 && payload.packing() == Packing.RAW) {
      skip = size - (long) grid.count() * payload.type().bytes(); // the voxels are the file's end
    }
    if (skip < 0 || skip > size) {
      throw header.bad("HeaderSize", "%d in a file of %d bytes".formatted(skip, size));
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      in.skipNBytes(skip);
      return payload.read(in, size - skip, grid.count());
    }
  }
}
