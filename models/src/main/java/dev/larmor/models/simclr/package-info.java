/**
 * SimCLR for volumes: two views of an image shall have embeddings that are more alike than those of
 * any other image in the batch (Chen et al., "A simple framework for contrastive learning of visual
 * representations", ICML 2020).
 *
 * <p>{@link dev.larmor.models.simclr.SimClr} embeds, {@link dev.larmor.models.simclr.NtXent} says
 * how well, {@link dev.larmor.models.simclr.ContrastiveStep} gives the gradients of a batch of any
 * size, {@link dev.larmor.models.simclr.StepPlan} tells in advance what that costs, and {@link
 * dev.larmor.models.simclr.ViewLoader} makes the batches by a {@link
 * dev.larmor.models.simclr.Sampling}:
 *
 * <pre>
 * ViewBatch batch = loader.next();
 * new ContrastiveStep(network, NtXent.DEFAULT, Recompute.ALWAYS, chunk, 1)
 *     .run(batch.on(device, Negatives.ALL), gradients);
 * adam.step(gradients, 3e-4);
 * loader.recycle(batch);
 * </pre>
 */
package dev.larmor.models.simclr;
