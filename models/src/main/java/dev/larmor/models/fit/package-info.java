/**
 * Fitting a model in epochs of steps, whatever is learned: {@link dev.larmor.models.fit.Fit} is the
 * loop, its checkpoints and its logs; a {@link dev.larmor.models.fit.Task} brings the model, the
 * steps and what is measured between epochs.
 */
package dev.larmor.models.fit;
