package dev.larmor.kernels.conformance;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.Op;
import dev.larmor.engine.op.Reads;
import dev.larmor.engine.op.Reverse;
import java.util.Set;
import java.util.TreeSet;

/** The reverse rule of one op, and a watch on what it reads. */
final class Backward implements Reverse {
  private final Op op;
  private final Tensor[] inputs;
  private final Tensor[] outputs;
  private final Tensor[] upstream;
  private final Set<Integer> wanted;
  private int inputsRead;
  private int outputsRead;

  /**
   * @param upstream gradients of the outputs; null for none
   */
  Backward(Op op, Tensor[] inputs, Tensor[] outputs, Tensor[] upstream, Set<Integer> wanted) {
    this.op = op;
    this.inputs = inputs;
    this.outputs = outputs;
    this.upstream = upstream;
    this.wanted = new TreeSet<>(wanted);
  }

  /** Gradients of the inputs. */
  Tensor[] run() {
    return op.vjp(this);
  }

  /** What {@link #run} read. */
  Reads read() {
    return new Reads(inputsRead, outputsRead);
  }

  @Override
  public Tensor input(int i) {
    if (!op.reads().input(i)) {
      throw new AssertionError(op.name() + " reads input " + i + ", which it did not ask to keep");
    }
    inputsRead |= 1 << i;
    return inputs[i];
  }

  @Override
  public Tensor output(int i) {
    if (!op.reads().output(i)) {
      throw new AssertionError(op.name() + " reads output " + i + ", which it did not ask to keep");
    }
    outputsRead |= 1 << i;
    return outputs[i];
  }

  @Override
  public TensorSpec inputSpec(int i) {
    return inputs[i].spec();
  }

  @Override
  public int inputs() {
    return inputs.length;
  }

  @Override
  public boolean wants(int i) {
    return wanted.contains(i);
  }

  @Override
  public Tensor upstreamOrNull(int i) {
    return upstream[i];
  }

  @Override
  public Tensor upstream(int i) {
    return upstream[i] != null
        ? upstream[i]
        : new Fill(outputs[i].spec(), 0).on(outputs[i].device());
  }
}
