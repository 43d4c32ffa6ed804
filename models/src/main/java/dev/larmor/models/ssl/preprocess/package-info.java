/**
 * Preprocessing for the pre-training: from a volume as it was read to one that patches are cut
 * from.
 *
 * <ul>
 *   <li>{@link dev.larmor.models.ssl.preprocess.plan} says how a collection is preprocessed;
 *   <li>{@link dev.larmor.models.ssl.preprocess.Preprocessor} does it with one image, by the steps
 *       in {@link dev.larmor.models.ssl.preprocess.numerics};
 *   <li>{@code ssl.preprocess.store} keeps the result in a file that gives out patches.
 * </ul>
 *
 * <p>Nothing here looks for files: images come in as {@link dev.larmor.models.data.image.Image3d}.
 */
package dev.larmor.models.ssl.preprocess;
