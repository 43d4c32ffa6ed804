/**
 * How good a reconstruction is: what validation and evaluation report.
 *
 * <p>{@link dev.larmor.models.metric.StructuralSimilarity} compares whole images, as scikit-image
 * does: validation's metric. {@link dev.larmor.models.metric.Quality} is what evaluation knows of
 * one slice, three {@link dev.larmor.models.metric.Figure}s taken where the target shows anatomy.
 */
package dev.larmor.models.metric;
