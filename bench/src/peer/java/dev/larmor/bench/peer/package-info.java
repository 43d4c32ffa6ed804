/**
 * The peer: what Larmor is measured against.
 *
 * <p>FI-VarNet written once more, on libtorch's C++ API through JavaCPP ({@code
 * org.bytedeco:pytorch}), so that both systems do the same work in the same language on the same
 * machine. Nothing here depends on Larmor's engine, and nothing of it is in the default build: it
 * is the source root of the Maven profile {@code peer} of this module.
 *
 * <ul>
 *   <li>{@link dev.larmor.bench.peer.FiVarNet} is the model, a list of {@link
 *       dev.larmor.bench.peer.Stage}s over a few named {@link dev.larmor.bench.peer.Slot}s.
 *   <li>{@link dev.larmor.bench.peer.StagedRun} runs the stages and their backward pass with any
 *       choice of stages recomputed; libtorch's C++ API has no checkpoint of its own.
 *   <li>{@link dev.larmor.bench.peer.FiVarNetPeer} is one training step or one reconstruction,
 *       {@link dev.larmor.bench.peer.OpPeer} one operation; both are a {@link
 *       dev.larmor.bench.peer.Peer}.
 *   <li>{@link dev.larmor.bench.peer.PeerMain} makes a process of one, {@link
 *       dev.larmor.bench.peer.GoldenCheck} shows that it computes what the reference computed.
 *   <li>{@link dev.larmor.bench.peer.MklFftMain} times the FFT of another libtorch, the official
 *       one with MKL, in a process of its own: two libtorchs cannot share one.
 * </ul>
 *
 * <p>Memory is compared too, so tensors are freed where the last reader is done with them and never
 * left to the garbage collector: see {@link dev.larmor.bench.peer.Frame}.
 */
package dev.larmor.bench.peer;
