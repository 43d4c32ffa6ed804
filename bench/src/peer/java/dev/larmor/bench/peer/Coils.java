package dev.larmor.bench.peer;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Centred orthonormal Fourier transforms and coil operations: k-space and sensitivity maps C64
 * {@code [coils, H, W]}, an image as its real and imaginary channel, F32 {@code [1, 2, H, W]}.
 */
final class Coils {
  private static final long[] PLANE = {-2, -1};

  /** The characters that {@link #ortho} points to, for the life of the process. */
  private static final BytePointer ORTHO = new BytePointer("ortho").retainReference();

  private Coils() {}

  /** The norm of an orthonormal transform; a view, so of memory that stays. */
  static StringViewOptional ortho() {
    return new StringViewOptional(ORTHO);
  }

  /** Image to k-space. */
  static Tensor fft(Tensor image) {
    try (Frame f = new Frame()) {
      Tensor y = torch.fft_ifftshift(image, PLANE);
      y = Layers.through(y, t -> torch.fft_fft2(t, new LongArrayRefOptional(), PLANE, ortho()));
      return f.keep(torch.fft_fftshift(y, PLANE));
    }
  }

  /** K-space to image. */
  static Tensor ifft(Tensor kspace) {
    try (Frame f = new Frame()) {
      Tensor y = torch.fft_ifftshift(kspace, PLANE);
      y = Layers.through(y, t -> torch.fft_ifft2(t, new LongArrayRefOptional(), PLANE, ortho()));
      return f.keep(torch.fft_fftshift(y, PLANE));
    }
  }

  /** Combines coils: Σ ifft(k)·conj(S), as {@code [1, 2, H, W]}. */
  static Tensor reduce(Tensor kspace, Tensor sens) {
    try (Frame f = new Frame()) {
      Tensor y = ifft(kspace);
      y = Layers.through(y, t -> t.mul(sens.conj()));
      y = Layers.through(y, t -> t.sum(new long[] {0}, true, new ScalarTypeOptional()));
      return f.keep(channels(y));
    }
  }

  /** Spreads an image {@code [1, 2, H, W]} over the coils: fft(x·S). */
  static Tensor expand(Tensor image, Tensor sens) {
    try (Frame f = new Frame()) {
      Tensor y = complex(image).mul(sens);
      return f.keep(Layers.through(y, Coils::fft));
    }
  }

  /** mask ∘ (k − reference); mask F32 {@code [W]}. */
  static Tensor residual(Tensor kspace, Tensor reference, Tensor mask) {
    try (Frame f = new Frame()) {
      Tensor y = kspace.sub(reference, new Scalar(1f));
      y.mul_(mask);
      return f.keep(y);
    }
  }

  /** Root of the sum of squares over coils: C64 {@code [C, H, W]} to F32 {@code [1, H, W]}. */
  static Tensor rss(Tensor image) {
    try (Frame f = new Frame()) {
      Tensor y = torch.view_as_real(image).square();
      y = Layers.through(y, t -> t.sum(new long[] {0, 3}, false, new ScalarTypeOptional()));
      return f.keep(y.sqrt().unsqueeze(0));
    }
  }

  /** C64 {@code [N, H, W]} to F32 {@code [N, 2, H, W]}. */
  static Tensor channels(Tensor image) {
    try (Frame f = new Frame()) {
      return f.keep(torch.view_as_real(image).permute(0, 3, 1, 2).contiguous());
    }
  }

  /** F32 {@code [N, 2, H, W]} to C64 {@code [N, H, W]}. */
  static Tensor complex(Tensor channels) {
    try (Frame f = new Frame()) {
      return f.keep(torch.view_as_complex(channels.permute(0, 2, 3, 1).contiguous()));
    }
  }
}
