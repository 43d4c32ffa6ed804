package dev.larmor.models.augment;

import dev.larmor.engine.Tensor;

/**
 * A slice before undersampling, on a device.
 *
 * @param kspace {@code C64[coils, H, W]}, centred and fully sampled
 * @param target {@code F32[1, S, S]}: the root sum of squares of the coil images, cropped or padded
 *     with zeros about the centre
 */
public record FullSlice(Tensor kspace, Tensor target) {}
