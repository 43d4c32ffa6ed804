/**
 * The two views of SimCLR: an image's patch, twice cropped and changed at random. The network
 * learns to tell which views are of one patch, and so what of an image is its anatomy.
 *
 * <p>A sample's way:
 *
 * <pre>
 * Philox stream = Views.stream(seed, step, sample);
 * Patch patch = Patch.draw(imageExtent, patchExtent, stream);   // may reach beyond a small image
 * patch.cut(image, outside, values);
 * ViewPair pair = Views.ORIGINAL.draw(patchExtent, stream);     // what is done, by numbers
 * pair.first().apply(new Volume(values, patchExtent), Extent.cube(Views.SIDE), view);
 * </pre>
 *
 * <p>All that is random is drawn first, into records; what they then do is not random. {@link
 * dev.larmor.models.simclr.view.Views} draws as the original does, or with its faults mended.
 *
 * <p>Everything runs on the thread that calls it, on arrays: loader threads make views while the
 * device trains.
 */
package dev.larmor.models.simclr.view;
