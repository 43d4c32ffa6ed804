/**
 * The pre-training of a data set's preprocessed images.
 *
 * <p>{@link dev.larmor.models.ssl.pretrain.PreprocessedImages} knows which images there are, {@link
 * dev.larmor.models.ssl.pretrain.SubjectSplit} which of them are kept for measuring, {@link
 * dev.larmor.models.ssl.pretrain.VolumePatches} reads their patches, and {@link
 * dev.larmor.models.ssl.pretrain.Pretraining} is what {@code fit} trains with them.
 */
package dev.larmor.models.ssl.pretrain;
