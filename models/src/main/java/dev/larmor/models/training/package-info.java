/**
 * Training and using a reconstruction network.
 *
 * <p>{@link dev.larmor.models.training.Trainer} is the loop: seeded order and masks, accumulation,
 * schedule, augmentation, validation, checkpoints that resume to the same bits. {@link
 * dev.larmor.models.training.Checkpoint} is its file. {@link dev.larmor.models.training.DryRun}
 * tells what a step costs without running it. {@link dev.larmor.models.training.Reconstruction}
 * turns k-space files into image files, {@link dev.larmor.models.training.Evaluation} scores those.
 */
package dev.larmor.models.training;
