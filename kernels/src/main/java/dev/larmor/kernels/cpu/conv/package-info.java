/**
 * Convolutions on the CPU: real and complex, 1-D to 3-D, forward and both gradients.
 *
 * <p>{@link dev.larmor.kernels.cpu.conv.Convolutions} is the door and {@link
 * dev.larmor.kernels.cpu.conv.ConvShape} the geometry. Behind it a {@code ConvPlan} is one way to
 * compute one geometry in one direction, cached.
 *
 * <h2>One thread team, the same bits on any number of threads</h2>
 *
 * oneDNN [1] is never given more than one thread. {@code DnnlPlanner} cuts a problem into parts by
 * its shape alone, and the workers of the {@link dev.larmor.kernels.cpu.Team} execute primitives on
 * the parts. Where the threads run out of parts they help nobody else, but which worker took which
 * part cannot be seen in the result, as it can with oneDNN's own threads, whose weight gradients
 * are summed in as many pieces as there are threads.
 *
 * <ul>
 *   <li>{@code RowSplit}: images and blocks of rows, for large images.
 *   <li>{@code ChannelSplit}: slabs of channels, for small images with many channels.
 * </ul>
 *
 * <h2>Convolutions made of others</h2>
 *
 * <ul>
 *   <li>{@code ComplexConvolution}: a complex convolution is a real one of twice the channels.
 *   <li>{@code FoldedKernel}: with 2 output channels most of a vector would be idle, so the
 *       kernel's columns become output channels.
 *   <li>{@code MirroredConvolution}: gradients as the other direction of the mirror image, where
 *       that is the faster one.
 * </ul>
 *
 * <h2>Without oneDNN</h2>
 *
 * {@code DirectConvolution} and {@code DirectWeightGradient} are the definition, in registers, with
 * the Vector API, on the same layouts; {@code WidenedConvolution} gives them BF16.
 *
 * <h2>Reference</h2>
 *
 * <ol>
 *   <li>oneDNN developer guide, version 3.11: convolution, scratchpad mode, memory descriptors.
 * </ol>
 */
package dev.larmor.kernels.cpu.conv;
