package dev.larmor.bench.peer;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The trainable parameters of a model by name, in order of construction. They live until {@link
 * #close}.
 */
final class Weights implements AutoCloseable {
  private final Map<String, Tensor> byName = new LinkedHashMap<>();

  /**
   * Makes a parameter, F32, drawn from libtorch's generator uniformly in ±1/sqrt(fanIn) (PyTorch's
   * default initialisation).
   */
  Tensor uniform(String name, long fanIn, long... shape) {
    double bound = 1 / Math.sqrt(fanIn);
    try (Frame _ = new Frame()) {
      Tensor w = torch.empty(shape);
      w.uniform_(-bound, bound, new GeneratorOptional());
      return add(name, w);
    }
  }

  /** Makes a parameter, F32, all elements the same. */
  Tensor constant(String name, double value, long... shape) {
    try (Frame _ = new Frame()) {
      return add(name, torch.full(shape, new Scalar(value)).to(ScalarType.Float));
    }
  }

  /** Makes a parameter of one element, F32. */
  Tensor scalar(String name, float value) {
    try (Frame _ = new Frame()) {
      return add(name, Tensor.create(new float[] {value}, 1));
    }
  }

  private Tensor add(String name, Tensor w) {
    w.set_requires_grad(true);
    if (byName.put(name, w) != null) {
      throw new IllegalStateException("parameter made twice: " + name);
    }
    return Frame.own(w);
  }

  Map<String, Tensor> byName() {
    return byName;
  }

  /** Number of elements of all parameters. */
  long count() {
    return byName.values().stream().mapToLong(Tensor::numel).sum();
  }

  /** Handles to all parameters, for an optimiser. */
  TensorVector vector() {
    Collection<Tensor> all = byName.values();
    return new TensorVector(all.toArray(Tensor[]::new));
  }

  @Override
  public void close() {
    byName.values().forEach(Tensor::close);
    byName.clear();
  }
}
