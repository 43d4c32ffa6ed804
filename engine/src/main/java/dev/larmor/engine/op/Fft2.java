package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Orthonormal two-dimensional Fourier transform over the last two axes, any lengths, of {@code
 * C64[H, W]} or {@code C64[N, H, W]}.
 *
 * <p>{@code centred} is {@code fftshift ∘ F ∘ ifftshift}: the zero frequency and the image's centre
 * lie at index ⌊n/2⌋. The transform is unitary, so the reverse rule is the opposite direction.
 */
public record Fft2(boolean inverse, boolean centred) implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.that(
        x.dtype() == DType.C64 && (x.shape().rank() == 2 || x.shape().rank() == 3),
        this,
        "input must be C64[H, W] or C64[N, H, W]: %s",
        x);
    return in;
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Fft2(!inverse, centred).apply(r.upstream(0))};
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, flopPerElement(in.getFirst()));
  }

  /** The customary count, 5·log2(H·W) for each element. */
  static double flopPerElement(TensorSpec x) {
    return 5 * Math.log((double) x.shape().dim(-1) * x.shape().dim(-2)) / Math.log(2);
  }
}
