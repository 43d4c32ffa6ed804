/**
 * The dry run: devices that book every byte and compute nothing, so "does this model, this slice,
 * this batch fit that card, and who eats what?" is answered in milliseconds anywhere.
 *
 * <p>{@code meta} has no limits; {@code meta:cpu} books what the {@code cpu} backend would, {@code
 * meta:gtx1080} and {@code meta:h200} what the CUDA backend would on those {@link
 * dev.larmor.kernels.meta.Card cards}. Time is estimated from each op's {@link
 * dev.larmor.engine.op.Cost} by the {@link dev.larmor.engine.Roofline} in the device's
 * capabilities.
 *
 * <p>A dry run has no values: uploads are dropped and reading a tensor is an error.
 */
package dev.larmor.kernels.meta;
