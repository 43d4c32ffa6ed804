package dev.larmor.models.data.image;

import static java.util.Map.entry;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.Payload.Packing;
import dev.larmor.models.io.NumberType;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads an NRRD file with its voxels attached.
 *
 * <p>Two or three axes are of space. One more, the first or the last, is of channels: the one
 * without a space direction, or of a kind that is no domain, or else the fourth.
 *
 * @see <a href="https://teem.sourceforge.net/nrrd/format.html">The format</a>
 */
final class NrrdImage {
  private static final Map<String, NumberType> TYPES =
      Map.ofEntries(
          entry("signed char", NumberType.INT8),
          entry("int8", NumberType.INT8),
          entry("int8_t", NumberType.INT8),
          entry("uchar", NumberType.UINT8),
          entry("unsigned char", NumberType.UINT8),
          entry("uint8", NumberType.UINT8),
          entry("uint8_t", NumberType.UINT8),
          entry("short", NumberType.INT16),
          entry("short int", NumberType.INT16),
          entry("signed short", NumberType.INT16),
          entry("signed short int", NumberType.INT16),
          entry("int16", NumberType.INT16),
          entry("int16_t", NumberType.INT16),
          entry("ushort", NumberType.UINT16),
          entry("unsigned short", NumberType.UINT16),
          entry("unsigned short int", NumberType.UINT16),
          entry("uint16", NumberType.UINT16),
          entry("uint16_t", NumberType.UINT16),
          entry("int", NumberType.INT32),
          entry("signed int", NumberType.INT32),
          entry("int32", NumberType.INT32),
          entry("int32_t", NumberType.INT32),
          entry("uint", NumberType.UINT32),
          entry("unsigned int", NumberType.UINT32),
          entry("uint32", NumberType.UINT32),
          entry("uint32_t", NumberType.UINT32),
          entry("longlong", NumberType.INT64),
          entry("long long", NumberType.INT64),
          entry("long long int", NumberType.INT64),
          entry("signed long long", NumberType.INT64),
          entry("signed long long int", NumberType.INT64),
          entry("int64", NumberType.INT64),
          entry("int64_t", NumberType.INT64),
          entry("ulonglong", NumberType.UINT64),
          entry("unsigned long long", NumberType.UINT64),
          entry("unsigned long long int", NumberType.UINT64),
          entry("uint64", NumberType.UINT64),
          entry("uint64_t", NumberType.UINT64),
          entry("float", NumberType.FLOAT32),
          entry("double", NumberType.FLOAT64));

  private static final Map<String, Packing> ENCODINGS =
      Map.of(
          "raw", Packing.RAW,
          "gzip", Packing.DEFLATED,
          "gz", Packing.DEFLATED,
          "ascii", Packing.TEXT,
          "text", Packing.TEXT,
          "txt", Packing.TEXT);

  private static final Map<String, ByteOrder> ENDIANS =
      Map.of("little", ByteOrder.LITTLE_ENDIAN, "big", ByteOrder.BIG_ENDIAN);

  /** Signs that make a space's x, y, z coordinates LPS; unknown spaces are taken as they are. */
  private static final Map<String, double[]> TO_LPS =
      Map.of(
          "right-anterior-superior", new double[] {-1, -1, 1},
          "ras", new double[] {-1, -1, 1},
          "left-anterior-superior", new double[] {1, -1, 1},
          "las", new double[] {1, -1, 1});

  private static final Set<String> DOMAIN_KINDS = Set.of("domain", "space", "???", "none");

  private static final Pattern VECTOR = Pattern.compile("none|\\(([^()]*)\\)");

  private final TextHeader header;
  private final int dimension;

  private NrrdImage(TextHeader header) {
    this.header = header;
    this.dimension = header.axes("dimension");
  }

  static Image3d read(Path path) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(path), 1 << 16)) {
      TextHeader header = new TextHeader(path);
      String magic = header.line(in);
      if (magic == null || !magic.matches("NRRD000[1-5]")) {
        throw new DataException(path + ": not an NRRD file");
      }
      readFields(path, header, in);
      NrrdImage image = new NrrdImage(header);
      int channelAxis = image.channelAxis();
      Grid grid = image.grid(path, channelAxis);
      long available = Files.size(path) - header.length();
      float[] values = image.payload(path).read(in, available, grid.count());
      return grid.image(channelAxis == 0 ? grid.planar(values) : values);
    }
  }

  private static void readFields(Path path, TextHeader header, InputStream in) throws IOException {
    for (String line = header.line(in); ; line = header.line(in)) {
      if (line == null) {
        throw new DataException(path + ": truncated: no empty line after the header");
      }
      if (line.isEmpty()) {
        return;
      }
      int colon = line.indexOf(": ");
      if (line.startsWith("#") || line.contains(":=")) {
        continue;
      }
      if (colon < 1) {
        throw new DataException(
            "%s: '%s' in the header, expected 'field: value'".formatted(path, line));
      }
      header.put(line.substring(0, colon), line.substring(colon + 2).strip());
    }
  }

  private Payload payload(Path path) {
    for (String detached : List.of("data file", "datafile")) {
      if (header.has(detached)) {
        throw header.bad(detached, "the voxels are in another file, expected them in this one");
      }
    }
    for (String skip : List.of("line skip", "lineskip", "byte skip", "byteskip")) {
      if (!header.get(skip, "0").equals("0")) {
        throw header.bad(skip, header.get(skip) + ", expected the voxels right after the header");
      }
    }
    NumberType type = header.choice("type", lower("type"), TYPES);
    Packing packing = header.choice("encoding", lower("encoding"), ENCODINGS);
    boolean ordered = packing != Packing.TEXT && type.bytes() > 1;
    ByteOrder order =
        ordered ? header.choice("endian", lower("endian"), ENDIANS) : ByteOrder.LITTLE_ENDIAN;
    return new Payload(path, packing, type, order, 1, 0);
  }

  private String lower(String key) {
    return header.get(key).toLowerCase(Locale.ROOT);
  }

  /** The axis of channels; -1 if there is none. */
  private int channelAxis() {
    int axis = -1;
    List<double[]> directions = spaceDirections();
    String[] kinds = header.has("kinds") ? lower("kinds").split("\\s+") : new String[0];
    if (kinds.length != 0 && kinds.length != dimension) {
      throw header.bad("kinds", kinds.length + " values, expected " + dimension);
    }
    for (int i = 0; i < dimension; i++) {
      boolean apart = directions != null && directions.get(i) == null;
      if (apart || kinds.length != 0 && !DOMAIN_KINDS.contains(kinds[i])) {
        if (axis >= 0
            || i > 0 && i < dimension - 1
            || kinds.length != 0 && kinds[i].equals("complex")) {
          throw header.bad(
              kinds.length == 0 ? "space directions" : "kinds",
              header.get(kinds.length == 0 ? "space directions" : "kinds")
                  + ", expected axes of space and at most one, the first or the last, of channels");
        }
        axis = i;
      }
    }
    if (axis < 0 && dimension == 4) {
      axis = 3;
    }
    if (dimension == 2 && axis >= 0) {
      throw header.bad("dimension", "2, one of them of channels, expected two axes of space");
    }
    return axis;
  }

  private Grid grid(Path path, int channelAxis) {
    long[] sizes = header.integers("sizes", dimension);
    double[] spacings = spacings();
    List<double[]> directions = spaceDirections();
    List<Integer> axes = new ArrayList<>();
    for (int axis = 0; axis < dimension; axis++) {
      if (axis != channelAxis) {
        axes.add(axis);
      }
    }
    long[] extents = new long[axes.size()];
    double[] spacing = new double[axes.size()];
    double[][] direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    double[] signs =
        TO_LPS.getOrDefault(
            header.get("space", "").toLowerCase(Locale.ROOT), new double[] {1, 1, 1});
    for (int i = 0; i < extents.length; i++) {
      int axis = axes.get(i);
      extents[i] = sizes[axis];
      spacing[i] = directions == null ? spacings[axis] : Axes.length(directions.get(axis));
      for (int row = 0; directions != null && row < 3; row++) {
        direction[row][i] = signs[row] * directions.get(axis)[row] + 0.0; // no negative zero
      }
    }
    double[] origin = new double[3];
    if (header.has("space origin")) {
      double[] given = vectors("space origin", 1).getFirst();
      for (int row = 0; row < 3; row++) {
        origin[row] = signs[row] * given[row] + 0.0;
      }
    }
    return Grid.of(
        path,
        "sizes",
        extents,
        channelAxis < 0 ? 1 : sizes[channelAxis],
        spacing,
        origin,
        direction);
  }

  /** Of every axis; 1 where the file is silent, as teem has it. */
  private double[] spacings() {
    if (!header.has("spacings")) {
      double[] ones = new double[dimension];
      Arrays.fill(ones, 1);
      return ones;
    }
    double[] spacings = header.numbers("spacings", dimension);
    for (int i = 0; i < spacings.length; i++) {
      spacings[i] = Double.isNaN(spacings[i]) ? 1 : spacings[i];
    }
    return spacings;
  }

  /** The vector of every axis, null for one that is not of space; null if there are none at all. */
  private List<double[]> spaceDirections() {
    return header.has("space directions") ? vectors("space directions", dimension) : null;
  }

  private List<double[]> vectors(String key, int count) {
    List<double[]> vectors = new ArrayList<>();
    Matcher matcher = VECTOR.matcher(header.get(key));
    while (matcher.find()) {
      if (matcher.group(1) == null) {
        vectors.add(null);
      } else {
        String[] words = matcher.group(1).split(",");
        if (words.length < 2 || words.length > 3) {
          throw header.bad(key, matcher.group() + ", expected 2 or 3 numbers");
        }
        vectors.add(Arrays.copyOf(header.numbers(key, words), 3));
      }
    }
    if (vectors.size() != count || count == 1 && vectors.getFirst() == null) {
      throw header.bad(key, "'%s', expected %d vectors".formatted(header.get(key), count));
    }
    return vectors;
  }
}
