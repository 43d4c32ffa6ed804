/**
 * The processor as a backend: {@link dev.larmor.kernels.cpu.CpuBackend}.
 *
 * <h2>Where a kernel is</h2>
 *
 * One line of {@code CpuBackend.run} leads from each op to its kernel, in a class named after the
 * family: {@code Elementwise}, {@code ChannelKernels}, {@code InstanceNorm}, {@code Pooling},
 * {@code Slices}, {@code Padding}, {@code Kspace}, {@code Coils}, {@code Similarity}, …
 * Convolutions and matrix products go through {@code Contractions} to {@link
 * dev.larmor.kernels.cpu.conv}, Fourier transforms through {@code Fourier} to {@link
 * dev.larmor.kernels.cpu.fft}. Scratch memory is asked for in {@code CpuWorkspace}, by the same
 * rules in a dry run.
 *
 * <h2>Memory</h2>
 *
 * Feature maps are channels-last, {@code [N][positions][C]}, everything else is row-major; {@code
 * MemoryOrder} converts. Blocks are whole 64-byte lines, so a loop over a whole tensor may run up
 * to the end of its last vector. Kernels reach memory by address, through {@code Lanes}.
 *
 * <h2>Tasks</h2>
 *
 * A kernel cuts its work into tasks for the {@link dev.larmor.kernels.cpu.Team} by the shape alone;
 * sums are kept for each task and added up in the order of the tasks. So results have the same bits
 * from run to run and for any number of threads.
 *
 * <h2>Loops</h2>
 *
 * Most kernels are bound by memory. What makes a loop reach its speed, as measured:
 *
 * <ul>
 *   <li>memory is read from one end to the other: with four streams a few kilobytes apart, or runs
 *       with gaps between, the prefetcher gives a third of the bandwidth;
 *   <li>the element type is a constant of the class ({@code Bf16Twin});
 *   <li>a method has few vector operations, some dozens: beyond that the compiler stops inlining,
 *       and vectors that go to a call become objects.
 * </ul>
 */
package dev.larmor.kernels.cpu;
