/**
 * Reading NIfTI, the file format of anatomical MR images: version 1 and 2, plain or gzipped, of
 * either byte order and any real data type. {@link dev.larmor.models.data.nifti.NiftiVolume} is a
 * volume with its place in the scanner.
 *
 * @see <a href="https://nifti.nimh.nih.gov/nifti-1">The NIfTI-1 standard</a>
 */
package dev.larmor.models.data.nifti;
