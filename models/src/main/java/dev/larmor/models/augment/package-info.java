/**
 * Random changes of fully sampled slices, so that a network sees more than the data set holds.
 *
 * <p>{@link dev.larmor.models.augment.Augmentation} says what may happen and how often. From a
 * sample's random stream it draws one {@link dev.larmor.models.augment.Variation}, which is then
 * applied to the sample's k-space and target together, on their device, before the sampling mask
 * is:
 *
 * <pre>
 * Augmentation augmentation = new Augmentation(1, 0.5, 0.5, 0, 0, 0, 0); // intensities, mirrored at times
 * Variation variation = augmentation.draw(Philox.of(seed, "augmentation").with(sample));
 * FullSlice varied = variation.apply(new FullSlice(kspace, target), Anatomy.BRAIN);
 * </pre>
 *
 * <p>A variation changes coil images. {@link dev.larmor.models.augment.Intensity} multiplies all
 * coils by one real number for each pixel, so phases and coil sensitivities stay; {@link
 * dev.larmor.models.augment.Coils} changes just those; {@link dev.larmor.models.augment.Geometry}
 * moves the pixels. All keep what training relies on: the target is the root sum of squares of the
 * full k-space, about its centre.
 */
package dev.larmor.models.augment;
