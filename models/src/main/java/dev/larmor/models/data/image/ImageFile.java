package dev.larmor.models.data.image;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.NumberType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Image files, by their names' endings: NIfTI-1 and -2, NRRD with attached voxels, MetaImage.
 *
 * <p>Images are read as SimpleITK does and as the pre-training's original had them:
 *
 * <ul>
 *   <li>axes in the order of arrays, z, y, x, and never reoriented;
 *   <li>values scaled by the file's slope and intercept, as float;
 *   <li>spacings without their signs;
 *   <li>a file of two axes is one slice whose spacing is 999 times the largest of its own;
 *   <li>a fourth axis is one of channels, as are the components of vectors;
 *   <li>the place in LPS, into which NIfTI's RAS is turned.
 * </ul>
 */
public final class ImageFile {
  /** The endings of readable files; of two that fit a name, the first counts. */
  public static final List<String> ENDINGS = List.of(".nii.gz", ".nii", ".nrrd", ".mha", ".mhd");

  private ImageFile() {}

  /** The ending that makes a file's name one of an image, in lower case. */
  public static Optional<String> ending(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return ENDINGS.stream().filter(lower::endsWith).findFirst();
  }

  /**
   * Reads an image.
   *
   * @throws DataException if the file is missing, of no known format, damaged or truncated, or has
   *     other than real numbers on a grid of two or three axes and one of channels
   */
  public static Image3d read(Path file) {
    String ending =
        ending(file.toString())
            .orElseThrow(() ->
                new DataException(
                    "%s: no known image file, expected one of %s"
                        .formatted(file, String.join(", ", ENDINGS))));
    if (!Files.isRegularFile(file)) {
      throw new DataException(
          file + ": " + (Files.exists(file) ? "not a regular file" : "no such file"));
    }
    try {
      return switch (ending) {
        case ".nrrd" -> NrrdImage.read(file);
        case ".mha", ".mhd" -> MetaImage.read(file);
        default -> NiftiImage.read(file);
      };
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Writes an image as NIfTI-1 with sform and qform of its place, in place of an old file, which
   * stays as it was if this fails. Equal images make equal files. Read back, the values are the
   * same to the bit; the place is rounded to single precision.
   *
   * @param file {@code .nii} or {@code .nii.gz}
   * @param type of the stored numbers, which are not scaled
   * @throws IllegalArgumentException if the type does not hold a value or the name ends otherwise
   */
  public static void write(Path file, Image3d image, NumberType type) {
    if (!ending(file.toString()).orElse("").startsWith(".nii")) {
      throw new IllegalArgumentException(file + ": expected a name ending in .nii or .nii.gz");
    }
    NiftiImage.write(file, image, type);
  }
}
