/**
 * NVIDIA graphics cards as a backend: {@code dev.larmor.kernels.cuda.CudaBackend}.
 *
 * <h2>Where a kernel is</h2>
 *
 * One line of {@code CudaBackend.run} leads from each op to a class named after its family, which
 * starts kernels of the {@code .cu} file of the same family, beside this class among the resources:
 * {@code Elementwise} and {@code elementwise.cu}, {@code Coils} and {@code coils.cu}. A file has no
 * header but {@code prelude.cuh}, which goes before each; it is compiled for the card at hand when
 * one of its kernels is first asked for ({@code Kernels}), for one element type and one layout, and
 * kept on disk ({@code CachedCompiler}).
 *
 * <h2>The seam</h2>
 *
 * All that is asked of NVIDIA's software is in six small interfaces: {@code Driver}, {@code
 * KernelCompiler}, {@code FftLibrary}, {@code BlasLibrary}, {@code DnnLibrary}, {@code
 * NcclLibrary}, together {@code Cuda}. {@code JCudaCard} is a real card. The tests have an emulated
 * one, which runs the same kernels with the same arguments on the host and checks what a card does
 * not: bounds, barriers, the order of streams, what is given back.
 *
 * <h2>Memory</h2>
 *
 * Feature maps are {@code [N][C][positions]} in fp32, and channels-last where the precision asks
 * for tensor cores that the card has ({@code CudaPlanner}, which knows it without a card, as it
 * knows every op's scratch memory). Blocks come from {@code DeviceArena}. Libraries get a fixed
 * share of scratch memory and must choose algorithms that make do with it; so a dry run books what
 * a card does.
 *
 * <h2>Order</h2>
 *
 * Ops are started, not waited for, all on one stream. Copies have streams of their own ({@code
 * Transfer}): an upload waits for what used its block before, and only work on that block waits for
 * the upload.
 *
 * <h2>Several cards</h2>
 *
 * Ranks of a {@code Collective}, each with a card, introduce themselves ({@code Introduction}) and
 * come to the same conclusion: NCCL from card to card ({@code NcclCollective}, {@code Nccl}), or
 * through the host. What cards do together has a stream, too, beside the one that computes.
 *
 * <h2>The same bits</h2>
 *
 * No kernel adds atomically. Sums are cut into parts by the shape alone, not by the card, and added
 * up in a fixed order; of the libraries' algorithms only the deterministic ones are taken. So a
 * card gives the same bits each time. Another card may have other algorithms in its libraries, and
 * sums over several cards hang on how these are connected ({@code NcclCollective}).
 */
package dev.larmor.kernels.cuda;
