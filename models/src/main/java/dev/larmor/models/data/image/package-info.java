/**
 * Three-dimensional images as the pre-training reads them: {@link
 * dev.larmor.models.data.image.Image3d} is a grid of values with its spacing and place, {@link
 * dev.larmor.models.data.image.ImageFile} reads it from NIfTI, NRRD and MetaImage files and writes
 * it as NIfTI.
 *
 * <p>Each format's reader gives a {@code Grid}, which is where all that a header can say wrong
 * about extents, spacings and directions is found, before anything is allocated.
 */
package dev.larmor.models.data.image;
