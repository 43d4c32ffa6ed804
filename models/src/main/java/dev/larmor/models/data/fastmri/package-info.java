/**
 * Multi-coil k-space data sets on disk, as fastMRI and the challenge derived from it lay them out.
 *
 * <p>Two layouts are read and told apart by what is found:
 *
 * <pre>
 * challenge:  folder/kspace/brain_acc4_1.h5   kspace C64[slices, coils, H, W], mask [W]
 *             folder/image/brain_acc4_1.h5    image_label F32[slices, S, S], attribute max
 * fastMRI:    folder/file_brain_AXT2.h5       kspace, reconstruction_rss, attribute max, no mask if
 *                                             fully sampled
 * </pre>
 *
 * <p>fastMRI's files also carry the scanner's own description, an {@link
 * dev.larmor.models.data.fastmri.IsmrmrdHeader}. It goes with the reconstructions as it stands and
 * tells their size where there is no target; nothing else depends on it.
 *
 * <p>{@link dev.larmor.models.data.fastmri.VolumeSet} checks every file before any work starts;
 * {@link dev.larmor.models.data.fastmri.SliceLoader} then reads slices ahead of their use.
 */
package dev.larmor.models.data.fastmri;
