package dev.larmor.models.data.fastmri;

import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.SamplingMask;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a data set knows of one checked volume without holding its files open.
 *
 * @param name the file name, which is the volume's identity across folders: {@code brain_acc4_1.h5}
 * @param kspaceFile the file with {@code kspace}
 * @param imageFile the file with the target; empty where there is none (test data)
 * @param slices number of slices
 * @param coils number of coils
 * @param height rows H of k-space
 * @param width columns W of k-space
 * @param mask the file's sampling mask; full if it has none
 * @param imageSize side S of the square target, 0 without one
 * @param max maximum of the volume's target, 0 without one
 * @param anatomy what was scanned: as the file name says, else by the width, unless it was told
 */
public record Volume(
    String name,
    Path kspaceFile,
    Optional<Path> imageFile,
    int slices,
    int coils,
    int height,
    int width,
    SamplingMask mask,
    int imageSize,
    float max,
    Anatomy anatomy) {
  /** The same volume, of an anatomy that somebody knows better. */
  Volume of(Anatomy told) {
    return new Volume(
        name, kspaceFile, imageFile, slices, coils, height, width, mask, imageSize, max, told);
  }
}
