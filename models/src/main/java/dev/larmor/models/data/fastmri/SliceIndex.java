package dev.larmor.models.data.fastmri;

/**
 * One slice of a data set.
 *
 * @param volume index into {@link VolumeSet#volumes}
 * @param slice index of the slice in that volume
 */
public record SliceIndex(int volume, int slice) {}
