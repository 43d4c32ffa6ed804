package dev.larmor.engine.op;

import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * A block of the last axes: {@code size} elements from {@code offset} on each (outermost first).
 */
public record Crop(List<Integer> offset, List<Integer> size) implements Op {
  public Crop {
    offset = Check.axes("offset", offset, 0);
    size = Check.axes("size", size, 1);
    if (offset.size() != size.size()) {
      throw new IllegalArgumentException(
          "offset " + offset + " and size " + size + " differ in length");
    }
  }

  /** The crop to the last axes of {@code shape}, from {@code offset}. */
  static Crop to(List<Integer> offset, Shape shape) {
    List<Integer> size = new ArrayList<>();
    for (int i = 0; i < offset.size(); i++) {
      size.add(shape.size(i - offset.size()));
    }
    return new Crop(offset, size);
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.floating(this, x);
    int axes = offset.size();
    Check.that(axes <= x.shape().rank(), this, "crops %d axes of %s", axes, x);
    long[] tail = new long[axes];
    for (int i = 0; i < axes; i++) {
      tail[i] = size.get(i);
      Check.that(
          offset.get(i) + tail[i] <= x.shape().dim(i - axes),
          this,
          "offset %s and size %s reach outside %s",
          offset,
          size,
          x);
    }
    return List.of(x.as(Check.replaceTail(x.shape(), tail)));
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    List<Integer> after = new ArrayList<>();
    Shape outer = r.inputSpec(0).shape();
    for (int i = 0; i < offset.size(); i++) {
      after.add(outer.size(i - offset.size()) - offset.get(i) - size.get(i));
    }
    return new Tensor[] {new Pad(offset, after, Pad.Mode.ZERO).apply(r.upstream(0))};
  }
}
