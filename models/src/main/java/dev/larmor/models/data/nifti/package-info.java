/**
 * NIfTI, the file format of anatomical MR images: version 1 and 2 are read, plain or gzipped, of
 * either byte order and any real data type; version 1 is written. {@link
 * dev.larmor.models.data.nifti.NiftiFile} gives the header and the numbers as they are, {@link
 * dev.larmor.models.data.nifti.NiftiVolume} one volume with its place in the scanner.
 *
 * @see <a href="https://nifti.nimh.nih.gov/nifti-1">The NIfTI-1 standard</a>
 */
package dev.larmor.models.data.nifti;
