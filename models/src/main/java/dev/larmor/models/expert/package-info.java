/**
 * The mixture of experts (specification section 9): one network for each class of volumes – an
 * acceleration and an anatomy – and, if wanted, for each range of their slices.
 *
 * <p>{@link dev.larmor.models.expert.VolumeClass} says to which class a volume belongs, {@link
 * dev.larmor.models.expert.ClassIndex} keeps that in files that can be read and mended by hand,
 * {@link dev.larmor.models.expert.Expert} is the network's place in the mixture: what it trains on
 * and which slices are routed to it. {@link dev.larmor.models.expert.Scenario} is the folder where
 * one training of all experts lies.
 */
package dev.larmor.models.expert;
