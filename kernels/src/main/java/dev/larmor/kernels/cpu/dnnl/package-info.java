/**
 * oneDNN, bound by Java's foreign function interface.
 *
 * <p>{@link dev.larmor.kernels.cpu.dnnl.Dnnl} says whether the library is there; {@link
 * dev.larmor.kernels.cpu.dnnl.DnnlEngine} opens it; a {@link dev.larmor.kernels.cpu.dnnl.Primitive}
 * is one compiled computation and a {@link dev.larmor.kernels.cpu.dnnl.MemoryDesc} the layout of
 * one tensor. How a problem is cut into primitives is decided by its users, {@link
 * dev.larmor.kernels.cpu.conv} above all.
 *
 * <p>All memory oneDNN computes in is handed to it by address; what it allocates itself are the
 * objects above and generated code (about 0.3 MB a convolution), destroyed by {@code close()}.
 */
package dev.larmor.kernels.cpu.dnnl;
