/**
 * The two views of SimCLR: an image's patch, twice cropped and changed at random. The network
 * learns to tell which views are of one patch, and so what of an image is its anatomy.
 *
 * <p>A sample's way:
 *
 * <pre>
 * Philox stream = Views.stream(seed, step, sample);
 * Patch patch = Patch.draw(imageExtent, patchExtent, stream.with("patch"));
 * patch.cut(image, outside, values);                    // beyond a small image: outside
 * List&lt;ViewPair&gt; pairs = views.draw(patchExtent, stream.with("views"));
 * pairs.getFirst().first().apply(new Volume(values, patchExtent), view);
 * </pre>
 *
 * <p>All that is random is drawn first, into records; what they then do is not random. {@link
 * dev.larmor.models.simclr.view.StretchedViews} draws as the original does, or with its faults
 * mended; {@link dev.larmor.models.simclr.view.CropViews} as nnssl did before, by a list of {@link
 * dev.larmor.models.simclr.view.Change}s.
 *
 * <p>Everything runs on the thread that calls it, on arrays: loader threads make views while the
 * device trains.
 */
package dev.larmor.models.simclr.view;
