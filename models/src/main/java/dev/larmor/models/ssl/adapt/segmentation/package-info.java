/**
 * Segmentation with a pre-trained encoder or without: nnU-Net's way (Isensee et al., Nature Methods
 * 2021) from files to files.
 *
 * <ol>
 *   <li>{@code dataset} reads what is there: images, labels, folds;
 *   <li>{@link dev.larmor.models.ssl.adapt.segmentation.Preparation} makes images alike, {@link
 *       dev.larmor.models.ssl.adapt.segmentation.PreparedCases} keeps them on the disk;
 *   <li>{@link dev.larmor.models.ssl.adapt.segmentation.FoldTraining} draws patches of them, a
 *       third around something to be found, and trains a {@link
 *       dev.larmor.models.resenc.ResidualUnet} with {@link
 *       dev.larmor.models.ssl.adapt.segmentation.DiceCrossEntropy};
 *   <li>{@link dev.larmor.models.ssl.adapt.segmentation.Segmentation} segments whole images by a
 *       {@link dev.larmor.models.ssl.adapt.segmentation.SlidingWindow}, on their own grids;
 *   <li>{@code score} compares with the truth and reports.
 * </ol>
 *
 * <p>A checkpoint says what it is of, {@link dev.larmor.models.ssl.adapt.segmentation.Segmenter},
 * so it alone suffices to segment other images.
 */
package dev.larmor.models.ssl.adapt.segmentation;
