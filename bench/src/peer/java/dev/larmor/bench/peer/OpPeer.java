package dev.larmor.bench.peer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * One operation, forward or backward, named {@code operation/direction/shape}:
 *
 * <ul>
 *   <li>{@code conv/forward/1x32x640x384/32x3}: convolution of {@code NxCxHxW} to 32 channels with
 *       a 3×3 kernel, same padding, no bias; {@code NxCxDxHxW} is 3-D;
 *   <li>{@code complexconv/...}: the same on C64;
 *   <li>{@code upconv/forward/1x64x320x192/32x2}: transposed convolution, stride 2;
 *   <li>{@code normact/forward/1x32x640x384}: instance norm, then leaky ReLU in place;
 *   <li>{@code fft/forward/15x640x372}: 2-D, orthonormal, not centred; {@code fftc} is centred.
 * </ul>
 *
 * <p>{@code backward} times the gradients of input and weight alone, {@code both} the forward pass
 * with its graph and then the backward pass.
 */
public final class OpPeer implements Peer {
  /** Which passes are timed. */
  private enum Direction {
    FORWARD,
    BACKWARD,
    BOTH
  }

  private final String name;
  private final String operation;
  private final Direction direction;
  private final int threads;
  private final Tensor input;
  private final Tensor weight;
  private final Tensor upstream;

  /** Makes the operation's input, weight and upstream gradient, seeded. */
  public OpPeer(String name, int threads, String precision) {
    String[] parts = name.split("/");
    if (parts.length < 3) {
      throw new IllegalArgumentException(
          "operation " + name + " is not operation/direction/shape[/outxkernel]");
    }
    this.name = name + " " + precision;
    this.operation = parts[0];
    this.direction = Direction.valueOf(parts[1].toUpperCase(Locale.ROOT));
    this.threads = threads;
    torch.set_num_threads(threads);
    torch.manual_seed(2025);
    ScalarType type = FiVarNetPeer.scalarType(precision);
    long[] shape = numbers(parts[2]);
    boolean complex = operation.equals("complexconv") || operation.startsWith("fft");
    try (Frame _ = new Frame()) {
      this.input = Frame.own(random(shape, complex, type));
      this.weight =
          parts.length == 3
              ? null
              : Frame.own(random(weightShape(shape, numbers(parts[3])), complex, type));
      try (AutoGradMode _ = new AutoGradMode(false)) {
        this.upstream = Frame.own(run().clone());
      }
    }
    input.set_requires_grad(true);
    if (weight != null) {
      weight.set_requires_grad(true);
    }
  }

  /** The build and the settings of this libtorch, for the report. */
  static String build(int threads) {
    torch.set_num_threads(threads);
    try (Frame _ = new Frame()) {
      return torch.show_config().getString() + torch.get_parallel_info().getString();
    }
  }

  private static long[] numbers(String text) {
    return Arrays.stream(text.split("x")).mapToLong(Long::parseLong).toArray();
  }

  private long[] weightShape(long[] input, long[] outAndKernel) {
    long[] shape = input.clone();
    Arrays.fill(shape, outAndKernel[1]);
    boolean transposed = operation.equals("upconv");
    shape[0] = transposed ? input[1] : outAndKernel[0];
    shape[1] = transposed ? outAndKernel[0] : input[1];
    return shape;
  }

  private static Tensor random(long[] shape, boolean complex, ScalarType type) {
    if (!complex) {
      return torch.randn(shape).to(type);
    }
    long[] pairs = Arrays.copyOf(shape, shape.length + 1);
    pairs[shape.length] = 2;
    return torch.view_as_complex(torch.randn(pairs));
  }

  private Tensor run() {
    return switch (operation) {
      case "conv", "complexconv" -> conv();
      case "upconv" -> Layers.upConv(input, weight);
      case "normact" -> Layers.normAct(input);
      case "fft" ->
          torch.fft_fft2(input, new LongArrayRefOptional(), new long[] {-2, -1}, Coils.ortho());
      case "fftc" -> Coils.fft(input);
      default -> throw new IllegalArgumentException("no operation " + operation);
    };
  }

  private Tensor conv() {
    long[] kernel = weight.shape();
    long[] ones = new long[kernel.length - 2];
    Arrays.fill(ones, 1);
    long[] same = Arrays.stream(kernel).skip(2).map(k -> k / 2).toArray();
    TensorOptional noBias = new TensorOptional();
    return ones.length == 2
        ? torch.conv2d(input, weight, noBias, ones, same, ones, 1)
        : torch.conv3d(input, weight, noBias, ones, same, ones, 1);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public double step() {
    torch.set_num_threads(threads);
    try (Frame _ = new Frame()) {
      if (direction == Direction.FORWARD) {
        try (AutoGradMode _ = new AutoGradMode(false)) {
          long start = System.nanoTime();
          run();
          return (System.nanoTime() - start) * 1e-9;
        }
      }
      List<Tensor> leaves = new ArrayList<>(List.of(input));
      if (weight != null) {
        leaves.add(weight);
      }
      long start = System.nanoTime();
      Tensor output = run();
      if (direction == Direction.BACKWARD) {
        start = System.nanoTime();
      }
      torch.grad(
          new TensorVector(output),
          new TensorVector(leaves.toArray(Tensor[]::new)),
          new TensorVector(upstream),
          new BoolOptional(),
          false,
          false);
      return (System.nanoTime() - start) * 1e-9;
    }
  }

  @Override
  public void close() {
    input.close();
    upstream.close();
    if (weight != null) {
      weight.close();
    }
  }
}
