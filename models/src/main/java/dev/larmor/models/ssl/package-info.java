/**
 * Self-supervised pre-training on volumes without labels: the data's way to the network.
 *
 * <ul>
 *   <li>{@code ssl.collection} knows which images there are and where everything lies;
 *   <li>{@code ssl.preprocess} makes them alike – axes, spacing, intensities – and stores them so
 *       that a patch is read without the rest;
 *   <li>{@code ssl.adapt} takes a pre-trained encoder to what it is for.
 * </ul>
 *
 * <p>What is trained is in {@code simclr}.
 */
package dev.larmor.models.ssl;
