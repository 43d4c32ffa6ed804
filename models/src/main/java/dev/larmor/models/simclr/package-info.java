/**
 * SimCLR for volumes: two views of an image shall have embeddings that are more alike than those of
 * any other image in the batch (Chen et al., "A simple framework for contrastive learning of visual
 * representations", ICML 2020).
 *
 * <p>{@link dev.larmor.models.simclr.SimClr} embeds, {@link dev.larmor.models.simclr.NtXent} says
 * how well:
 *
 * <pre>
 * NtXent.Batch batch = NtXent.DEFAULT.loss(network.apply(firstViews), network.apply(secondViews));
 * </pre>
 */
package dev.larmor.models.simclr;
