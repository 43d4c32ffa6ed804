/**
 * The vocabulary of MRI data, free of any file format: sampling masks and how they are drawn, what
 * a mask says about the acceleration, anatomies, digests by which files are known, and the
 * exception for data that cannot be used.
 *
 * <ul>
 *   <li>{@code data.hdf5} and {@code data.nifti} know the file formats,
 *   <li>{@code data.image} three-dimensional images in memory and in files of several formats,
 *   <li>{@code data.fastmri} the k-space data sets made of them, read slice by slice,
 *   <li>{@code data.simulate} makes such data sets from anatomical images.
 * </ul>
 *
 * <p>Conventions: a k-space slice is complex64 {@code [coils, H, W]} as interleaved floats, W is
 * the phase-encode axis – the undersampled one – and always last; a mask is {@code float[W]} of 0
 * and 1.
 */
package dev.larmor.models.data;
