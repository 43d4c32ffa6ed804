/**
 * Reverse-mode differentiation and what training needs beside it.
 *
 * <p>A step, whole:
 *
 * {@snippet :
 * try (Tape tape = new Tape(model.parameters(), Recompute.ALWAYS); Gradients gradients = new Gradients()) {
 *   Scope.run(() -> {
 *     Tensor loss = new Training(seed, step, sample).run(() -> tape.record(() -> criterion.of(model.apply(x), y)));
 *     tape.backward(loss, 1, gradients);
 *     optimizer.step(gradients, schedule.rate(step));
 *   });
 * }
 * }
 *
 * <p>{@link dev.larmor.autograd.Module} and {@link dev.larmor.autograd.Layer} are the parts of
 * models, {@link dev.larmor.autograd.Parameter} what they learn. {@link dev.larmor.autograd.Tape}
 * explains the method; {@link dev.larmor.autograd.GradSink} is the hook for accumulation and
 * communication; {@link dev.larmor.autograd.RecomputePlan} trades time for memory by dry runs.
 */
package dev.larmor.autograd;
