/**
 * Reading and writing HDF5 files, slice by slice.
 *
 * <p>HDF5 is the container of all MRI k-space data sets this project knows. Two things matter here:
 * a volume is never in memory as a whole, and complex64 arrays – which HDF5 does not have, so that
 * h5py stores them as a compound {@code {r: float32, i: float32}} – are as fast as real ones.
 *
 * <ul>
 *   <li>{@link dev.larmor.models.data.hdf5.Hdf5File} opens a file and finds its data sets and
 *       attributes; the file's structure is parsed by <a href="https://jhdf.io">jHDF</a>.
 *   <li>{@link dev.larmor.models.data.hdf5.Hdf5Dataset} reads one slice (everything at one index of
 *       the first axis) or a box into a {@code float[]}.
 *   <li>{@link dev.larmor.models.data.hdf5.Hdf5Writer} writes float32 and complex64 data sets,
 *       chunked and deflated, slice by slice, and volumes in blocks.
 * </ul>
 */
package dev.larmor.models.data.hdf5;
