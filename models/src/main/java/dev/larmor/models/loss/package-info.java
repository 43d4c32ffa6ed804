/**
 * Losses between a reconstruction and its target, by the names they have on the command line
 * ({@link dev.larmor.models.loss.Criterion}). They are made of ops, so they run and differentiate
 * wherever the model does.
 *
 * <p>Most look at the anatomy alone ({@link dev.larmor.models.loss.AnatomicalRegion}): the air
 * around a head is noise, and there is a lot of it.
 */
package dev.larmor.models.loss;
