/**
 * The operations. One op is one record: attributes, checks, reverse rule, cost. Kernels live in the
 * backends under the same names.
 *
 * <p>To add an op, write its record here and name it in {@link dev.larmor.engine.op.Op}'s permits;
 * the compiler then lists the backends' switches that want a kernel. Gradient ops are ops ({@link
 * dev.larmor.engine.op.Conv.Weight}): priced by the dry run, checked against {@code ref}, timed by
 * the benchmarks. A fused op names its definition in plainer ops ({@link
 * dev.larmor.engine.op.Op.Fused}).
 *
 * <p>Code outside this project adds ops by {@link dev.larmor.engine.op.Op.Custom}, and edits
 * nothing here.
 */
package dev.larmor.engine.op;
