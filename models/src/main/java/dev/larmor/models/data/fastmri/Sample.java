package dev.larmor.models.data.fastmri;

import dev.larmor.models.data.SamplingMask;
import java.util.Optional;

/**
 * One slice, ready to be used.
 *
 * @param volume the volume it belongs to, with its name, number of slices and maximum
 * @param slice its index in the volume
 * @param kspace complex64 {@code [coils, H, W]}, interleaved real and imaginary parts, as stored:
 *     not yet multiplied by the mask
 * @param mask the columns to keep
 * @param target the image to reconstruct, {@code [S, S]}; empty where the data set has none
 */
public record Sample(
    Volume volume, int slice, float[] kspace, SamplingMask mask, Optional<float[]> target) {}
