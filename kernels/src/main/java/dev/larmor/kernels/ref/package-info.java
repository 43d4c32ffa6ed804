/**
 * The reference backend {@code ref}: what every op means, in the plainest loops there are.
 *
 * <p>Every floating-point element, whatever its dtype, is kept and computed as {@code double}
 * without rounding, in row-major order; so reverse rules can be checked by finite differences, and
 * the other backends are compared with exact results. The memory it takes from the machine is four
 * times what the ledger books, room for a two-byte element as a double.
 *
 * <p>{@link dev.larmor.kernels.ref.RefBackend#run} names the method that defines each op: {@code
 * Elementwise}, {@code Channelwise}, {@code Movement}, {@code Convolution}, {@code Products},
 * {@code Fourier}, {@code Coils}, {@code Images}. A gradient op is written as the transposed loop
 * of its op wherever that is possible: the same indices, read and written the other way round.
 */
package dev.larmor.kernels.ref;
