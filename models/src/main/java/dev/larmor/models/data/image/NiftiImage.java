package dev.larmor.models.data.image;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.nifti.NiftiFile;
import dev.larmor.models.data.nifti.NiftiHeader;
import dev.larmor.models.io.NumberType;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * NIfTI as ITK reads it: spacing always from {@code pixdim}, orientation from sform or qform, and
 * from RAS to LPS, which flips x and y.
 *
 * <p>Which of the two forms ITK 5 takes:
 *
 * <ol>
 *   <li>neither has a code: origin zero, axes along LPS;
 *   <li>the sform, if its axes are at right angles and the qform has no code, or the sform's code
 *       is 1 (scanner), or both say the same to 1e-4;
 *   <li>else the qform, if it has a code;
 *   <li>else the nearest orthonormal matrix to the skewed sform, which is ITK's permissive mode:
 *       the strict one refuses the file.
 * </ol>
 */
final class NiftiImage {
  private static final int SCANNER = 1;
  private static final double SAME = 1e-4;

  private NiftiImage() {}

  static Image3d read(Path path) {
    NiftiFile file = NiftiFile.open(path);
    NiftiHeader header = file.header();
    double[] spacing = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      spacing[axis] = header.pixdim()[axis + 1] * header.unit();
    }
    double[][] affine = affine(path, header);
    double[][] direction = new double[3][];
    double[] origin = new double[3];
    for (int row = 0; row < 3; row++) {
      double sign = row < 2 ? -1 : 1;
      direction[row] = Arrays.stream(affine[row]).limit(3).map(x -> sign * x).toArray();
      origin[row] = sign * affine[row][3] * header.unit() + 0.0; // no negative zero
    }
    Grid grid =
        Grid.of(path, "dim", extents(header), series(path, header), spacing, origin, direction);
    return grid.image(file.values(0, grid.count()));
  }

  private static long[] extents(NiftiHeader header) {
    return Arrays.stream(header.extents()).limit(3).asLongStream().toArray();
  }

  /** The volumes of the file: along one axis only, since further ones mean something else. */
  private static long series(Path path, NiftiHeader header) {
    for (int axis = 3; axis < header.extents().length; axis++) {
      if (header.extent(axis) != 1 && header.extent(axis) != header.volumes()) {
        throw new DataException(
            "%s: dim: extents %s, expected at most 4 axes"
                .formatted(path, Arrays.toString(header.extents())));
      }
    }
    return header.volumes();
  }

  /** The chosen form (RAS): three rows of four. */
  private static double[][] affine(Path path, NiftiHeader header) {
    double[][] qform = header.qform();
    double[][] sform = header.sform();
    if (header.sformCode() == 0 && header.qformCode() == 0) {
      return new double[][] {{-1, 0, 0, 0}, {0, -1, 0, 0}, {0, 0, 1, 0}};
    }
    if (header.sformCode() == 0) {
      return qform;
    }
    double[][] axes = Axes.unitColumns(sform);
    if (Axes.isOrthonormal(axes)
        && (header.qformCode() == 0 || header.sformCode() == SCANNER || same(sform, qform))) {
      return sform;
    }
    if (header.qformCode() > 0) {
      return qform;
    }
    if (!(Math.abs(Axes.determinant(axes)) > SAME)) {
      throw new DataException(
          "%s: the sform %s puts different voxels at the same place"
              .formatted(path, Arrays.deepToString(sform)));
    }
    double[][] rigid = Axes.nearestOrthonormal(sform);
    for (int row = 0; row < 3; row++) {
      rigid[row] = Arrays.copyOf(rigid[row], 4);
      rigid[row][3] = sform[row][3];
    }
    return rigid;
  }

  private static boolean same(double[][] sform, double[][] qform) {
    for (int column = 0; column < 3; column++) {
      double difference =
          Axes.length(Axes.column(sform, column)) - Axes.length(Axes.column(qform, column));
      if (!(Math.abs(difference) <= SAME
          && Math.abs(sform[column][3] - qform[column][3]) <= SAME)) {
        return false;
      }
    }
    return Axes.isOrthonormal(Axes.unitColumns(sform), Axes.unitColumns(qform));
  }

  static void write(Path path, Image3d image, NumberType type) {
    int[] shape = image.shape();
    int[] extents = {shape[2], shape[1], shape[0], image.channels()};
    Image3d.Place place = image.place();
    double[][] direction = new double[3][3];
    double[] origin = new double[3];
    for (int row = 0; row < 3; row++) {
      double sign = row < 2 ? -1 : 1;
      origin[row] = sign * place.origin()[row] + 0.0;
      for (int column = 0; column < 3; column++) {
        direction[row][column] = sign * place.direction()[3 * row + column] + 0.0;
      }
    }
    if (!Axes.isOrthonormal(direction)) {
      direction = Axes.nearestOrthonormal(direction); // a qform can say no other
    }
    NiftiFile.write(
        path,
        NiftiHeader.of(
            image.channels() == 1 ? Arrays.copyOf(extents, 3) : extents,
            place.spacing(),
            direction,
            origin,
            type),
        image.values());
  }
}
