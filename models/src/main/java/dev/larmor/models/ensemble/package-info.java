/**
 * Reconstruction by several networks: which of them a slice goes to, and how their images become
 * one (specification sections 9 and 11).
 *
 * <p>{@link dev.larmor.models.ensemble.Routing} gives every slice of a volume its {@link
 * dev.larmor.models.ensemble.Ensemble}, the weighted {@link dev.larmor.models.ensemble.Member}s of
 * one expert; with one expert and one member that is the plain case. {@link
 * dev.larmor.models.ensemble.VolumeReconstruction} then works volume by volume and in each member
 * by member. One network at a time is on the device, in the {@link
 * dev.larmor.models.ensemble.NetworkSlot}, and the images of one volume are averaged on the host,
 * so memory depends neither on the number of experts nor on that of members. {@link
 * dev.larmor.models.ensemble.TimeBudget} says how many members there is time for.
 *
 * <p>{@link dev.larmor.models.ensemble.EnsembleSearch} finds the weights, and {@link
 * dev.larmor.models.ensemble.WeightsFile} keeps them.
 */
package dev.larmor.models.ensemble;
