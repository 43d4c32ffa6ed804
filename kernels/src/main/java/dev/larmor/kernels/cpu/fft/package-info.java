/**
 * Fast Fourier transforms of any length on the processor's vectors.
 *
 * <p>{@link dev.larmor.kernels.cpu.fft.Fft2Plan} is the door: orthonormal 2-D transforms of
 * complex64 images, forward or inverse, centred or not, whole or divided among threads.
 *
 * <h2>One transform per lane</h2>
 *
 * The transform of an image is one transform per row, then one per column. A machine vector of L
 * floats (4, 8 or 16) works on L rows, or L columns, side by side: every lane does the same
 * arithmetic on its own sequence, so the arithmetic needs no permutation and suits every length. A
 * <em>lane point</em>, the unit of {@code LaneFft}, holds one sample of L sequences: a vector of
 * real parts, then a vector of imaginary parts. {@code LaneTiles} moves pixels in and out: columns
 * by separating the parts of 2·L adjacent floats, rows by transposing squares of 8 by 8 floats. It
 * also does, by choosing where a pixel goes, everything around a transform: the shifts of a centred
 * one, the exchange of real and imaginary parts that makes a forward transform an inverse one
 * (i·conj(F(i·conj(x))) = F⁻¹(x)), and the scale.
 *
 * <h2>Mixed radix</h2>
 *
 * A length n = r₁·r₂·…·rₘ takes m passes of short transforms (Cooley and Tukey [1]) in the
 * arrangement of Stockham [2], which writes each pass where the next finds it, between two buffers,
 * and ends in natural order, without bit reversal. {@code Butterflies} holds the radices 2, 3, 4, 5
 * and 8. The two buffers (160 KiB for 640 points and 16 lanes) live in the second-level cache; the
 * four-step method of Bailey [3], which would run each half of the passes in the first-level cache,
 * was tried and lost to the plain passes' even strides. Twiddle factors are computed in double
 * precision from exact fractions of a turn and rounded once, the chief condition for small errors
 * [6].
 *
 * <h2>Primes</h2>
 *
 * k-space is often 368 = 2⁴·23 or 372 = 2²·3·31 wide. An odd prime radix r up to 131 is done from
 * the definition, half its products saved by symmetry ({@code PrimeButterfly}): about r
 * multiply-adds for each point at the full speed of the machine, where the convolution of Rader [4]
 * trades multiply-adds, which are cheap, for permutations and additions, which are not. A length
 * with a larger prime factor becomes a chirp convolution (Bluestein [5]) of a length 2ᵃ·3ᵇ·5ᶜ
 * ({@code ChirpFft}).
 *
 * <h2>References</h2>
 *
 * <ol>
 *   <li>J. W. Cooley, J. W. Tukey: An algorithm for the machine calculation of complex Fourier
 *       series. Mathematics of Computation 19 (1965) 297–301.
 *   <li>T. G. Stockham: High-speed convolution and correlation. Proc. AFIPS Spring Joint Computer
 *       Conference 28 (1966) 229–233; the autosorting form is treated in P. N. Swarztrauber: FFT
 *       algorithms for vector computers. Parallel Computing 1 (1984) 45–63.
 *   <li>D. H. Bailey: FFTs in external or hierarchical memory. Journal of Supercomputing 4 (1990)
 *       23–35.
 *   <li>C. M. Rader: Discrete Fourier transforms when the number of data samples is prime. Proc.
 *       IEEE 56 (1968) 1107–1108.
 *   <li>L. I. Bluestein: A linear filtering approach to the computation of discrete Fourier
 *       transform. IEEE Transactions on Audio and Electroacoustics 18 (1970) 451–455.
 *   <li>M. Frigo, S. G. Johnson: The design and implementation of FFTW3. Proc. IEEE 93 (2005)
 *       216–231; on accuracy also J. C. Schatzman: Accuracy of the discrete Fourier transform and
 *       the fast Fourier transform. SIAM Journal on Scientific Computing 17 (1996) 1150–1166.
 * </ol>
 */
package dev.larmor.kernels.cpu.fft;
