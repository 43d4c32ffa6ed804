/**
 * Training and using a reconstruction network.
 *
 * <p>{@link dev.larmor.models.training.Trainer} is the loop, over the folds of a {@link
 * dev.larmor.models.training.Split}: seeded order and masks, accumulation, augmentation, schedule,
 * validation, checkpoints that resume to the same bits. {@link
 * dev.larmor.models.training.Checkpoint} is its file; {@link
 * dev.larmor.models.training.ForeignWeights} are those of other programs. {@link
 * dev.larmor.models.training.DryRun} tells what a step costs without running it. {@link
 * dev.larmor.models.training.Reconstruction} turns k-space files into image files, {@link
 * dev.larmor.models.training.Evaluation} compares those, and the baselines there are, with their
 * targets; {@link dev.larmor.models.training.Score} has the means.
 */
package dev.larmor.models.training;
