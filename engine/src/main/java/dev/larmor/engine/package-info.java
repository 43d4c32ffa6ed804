/**
 * Values, memory and execution.
 *
 * <p>A {@link dev.larmor.engine.Device} is an open backend. Ops run on it through {@link
 * dev.larmor.engine.op.Op#apply}; what they make is a {@link dev.larmor.engine.Tensor}, owned by
 * the innermost {@link dev.larmor.engine.Scope} and freed when that ends:
 *
 * {@snippet :
 * try (Device device = Device.open("cpu")) {
 *   Scope.run(() -> {
 *     Tensor x = device.tensor(TensorSpec.of(DType.F32, 3), 1, 2, 3);
 *     Tensor y = Affine.scale(2).apply(x);
 *     System.out.println(Arrays.toString(y.toFloats()));
 *   }); // x and y are freed here
 * }
 * }
 *
 * <p>Every byte is booked in the device's {@link dev.larmor.engine.Ledger} against its budget.
 * There are no finalizers and nothing waits for the garbage collector. A {@link
 * dev.larmor.engine.Recorder} – autograd's tape – is told of each op.
 *
 * <p>Implementing {@link dev.larmor.engine.Backend}, nine methods, brings a new kind of device.
 */
package dev.larmor.engine;
