/**
 * What preprocessing does to the voxels, each step a small class of its own.
 *
 * <p>In the order in which they are used:
 *
 * <ul>
 *   <li>{@link dev.larmor.models.ssl.preprocess.numerics.AxisOrder} puts the axis of the thickest
 *       slices first;
 *   <li>{@link dev.larmor.models.ssl.preprocess.numerics.NonZero} finds the {@link
 *       dev.larmor.models.ssl.preprocess.numerics.Box} to crop to;
 *   <li>{@link dev.larmor.models.ssl.preprocess.numerics.TargetShape} counts the voxels of the new
 *       spacing;
 *   <li>{@link dev.larmor.models.ssl.preprocess.numerics.Normalization} brings intensities to a
 *       common scale;
 *   <li>{@link dev.larmor.models.ssl.preprocess.numerics.SeparateAxis} decides whether slices are
 *       too thick to interpolate across them;
 *   <li>{@link dev.larmor.models.ssl.preprocess.numerics.CubicResampling} resamples images, {@link
 *       dev.larmor.models.ssl.preprocess.numerics.LabelResampling} masks.
 * </ul>
 *
 * <p>The values are those of SciPy and scikit-image, of which nnSSL makes use: to double precision
 * before the last rounding, not to the bit. {@link
 * dev.larmor.models.ssl.preprocess.numerics.Workers} share the lines and planes of a volume; the
 * result does not depend on their number.
 *
 * <p>Everywhere a shape is three extents, the last axis the fastest.
 */
package dev.larmor.models.ssl.preprocess.numerics;
