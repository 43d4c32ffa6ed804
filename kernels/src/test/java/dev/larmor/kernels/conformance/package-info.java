/**
 * What every backend must hold to, for every op: {@link dev.larmor.kernels.conformance.OpCases}
 * lists the ops with shapes around vector widths and other boundaries, and each test class checks
 * one property over the whole list.
 *
 * <ul>
 *   <li>{@code ReverseRuleTest}: reverse rules against finite differences, in double on {@code
 *       ref};
 *   <li>{@code DeviceAgainstRefTest}: values and gradients of the device under test against {@code
 *       ref};
 *   <li>{@code AdjointTest}: {@code ⟨A x, y⟩ = ⟨x, Aᴴ y⟩} for linear ops, on both;
 *   <li>{@code FusedOpTest}: fused ops against their definition in plainer ops;
 *   <li>{@code MessageTest}: the sentences about wrong inputs;
 *   <li>{@code ReproducibilityTest}: the same bits again, for any number of threads;
 *   <li>{@code DryRunTest}: a dry run books what the device does;
 *   <li>{@code CoverageTest}: no op is missing from these lists.
 * </ul>
 *
 * <p>The device under test is the system property {@code larmor.device}: {@code
 * -Dlarmor.device=cuda:0} runs the suite on a GPU, for the precision {@code larmor.precision}. The
 * build also runs it on the CUDA backend with an emulated card, for {@code fp32} and {@code tf32},
 * which differ in the layout of feature maps.
 */
package dev.larmor.kernels.conformance;
