package dev.larmor.engine.op;

import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * The same elements, in row-major order, in another shape. Free unless a channels-last feature map
 * is involved.
 */
public record Reshape(Shape shape) implements Op.View {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.that(
        x.shape().elements() == shape.elements(),
        this,
        "%s has %d elements, %s has %d",
        x,
        x.shape().elements(),
        shape,
        shape.elements());
    return List.of(x.as(shape));
  }

  @Override
  public boolean aliases(TensorSpec input, boolean channelsLast) {
    return !channelsLast || !(input.isFeatureMap() || input.as(shape).isFeatureMap());
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Reshape(r.inputSpec(0).shape()).apply(r.upstream(0))};
  }
}
