package dev.larmor.bench;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Recorder;
import dev.larmor.engine.Roofline;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.AdamStep;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.AvgPool;
import dev.larmor.engine.op.Axpy;
import dev.larmor.engine.op.Cast;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Conv;
import dev.larmor.engine.op.ConvTranspose;
import dev.larmor.engine.op.Cost;
import dev.larmor.engine.op.CrossEntropy;
import dev.larmor.engine.op.Dot;
import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.InstanceNormAct;
import dev.larmor.engine.op.InstanceNormAffineAct;
import dev.larmor.engine.op.MaskColumns;
import dev.larmor.engine.op.MaskedResidual;
import dev.larmor.engine.op.Moments;
import dev.larmor.engine.op.Narrow;
import dev.larmor.engine.op.Op;
import dev.larmor.engine.op.Pad;
import dev.larmor.engine.op.Rss;
import dev.larmor.engine.op.RssNormalize;
import dev.larmor.engine.op.SensExpand;
import dev.larmor.engine.op.SensReduce;
import dev.larmor.engine.op.SgdStep;
import dev.larmor.engine.op.SobelMagnitude;
import dev.larmor.engine.op.SoftDataConsistency;
import dev.larmor.engine.op.Softmax;
import dev.larmor.engine.op.Ssim;
import dev.larmor.engine.op.Uniform;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * One op on data that stays on the device, named {@code operation/direction/shape[/out x kernel]}:
 *
 * <ul>
 *   <li>{@code conv/forward/1x32x640x384/32x3}: convolution of {@code NxCxHxW} (or {@code
 *       NxCxDxHxW}) to 32 channels with a 3 × 3 (× 3) kernel, same padding, no bias; {@code
 *       complexconv} is C64; {@code upconv} is transposed, stride 2;
 *   <li>{@code normact}, {@code normaffine} (with gamma and beta), {@code pool}, {@code concat},
 *       {@code narrow} (to half of the channels), {@code reflect} (to multiples of 16), {@code
 *       add}, {@code axpy}, {@code moments}, {@code cast} (to the precision's dtype): feature maps;
 *   <li>{@code fft} (plain), {@code fftc} (centred), {@code reduce}, {@code expand}, {@code rss},
 *       {@code rssnorm}, {@code residual} and {@code dc} (masked residual, data consistency of an
 *       image cascade): {@code CxHxW} coil data;
 *   <li>{@code softmax}, {@code entropy} (cross-entropy): logits, {@code NxC} or feature maps;
 *   <li>{@code ssim}, {@code sobel}: {@code NxHxW} images; {@code adam}, {@code sgd}: a parameter
 *       of {@code n} elements.
 * </ul>
 *
 * <p>{@code backward} runs the gradient ops alone, {@code both} the forward op first.
 */
public final class TimedOp implements Timed {
  private final String name;
  private final Device device;
  private final List<Tensor> held = new ArrayList<>();
  private final Op forward;
  private final Tensor[] inputs;
  private final List<Op> gradients = new ArrayList<>();
  private final List<Tensor[]> gradientInputs = new ArrayList<>();
  private final boolean runForward;
  private final boolean runBackward;

  /**
   * Makes the op's inputs.
   *
   * @param precision of feature maps and the products with them
   */
  public TimedOp(String name, int threads, Precision precision) {
    this(name, DEVICE, threads, precision);
  }

  TimedOp(String name, String deviceName, int threads, Precision precision) {
    String[] parts = name.split("/");
    if (parts.length < 3) {
      throw new IllegalArgumentException(name + " is not operation/direction/shape[/out x kernel]");
    }
    this.name = name + " " + precision.label();
    this.runForward = !parts[1].equals("backward");
    this.runBackward = !parts[1].equals("forward");
    this.device =
        Device.open(deviceName, DeviceConfig.DEFAULT.withThreads(threads).withPrecision(precision));
    long[] shape = numbers(parts[2]);
    int rank = shape.length - 2;
    DType features = precision.features();
    switch (parts[0]) {
      case "conv", "complexconv" -> {
        long[] k = numbers(parts[3]);
        boolean complex = parts[0].equals("complexconv");
        Conv conv = Conv.padded(rank, (int) k[1] / 2);
        Tensor x = random(complex ? DType.C64 : features, shape);
        Tensor w = random(complex ? DType.C64 : DType.F32, kernel(k[0], shape[1], k[1], rank));
        Tensor g = random(x.dtype(), Shape.of(shape).with(1, k[0]).dims());
        forward = conv;
        inputs = new Tensor[] {x, w};
        gradient(new Conv.Input(conv, x.shape()), g, w);
        gradient(new Conv.Weight(conv, w.shape()), x, g);
      }
      case "upconv" -> {
        long[] k = numbers(parts[3]);
        ConvTranspose conv = ConvTranspose.strided(rank, 2);
        Tensor x = random(features, shape);
        Tensor w = random(DType.F32, kernel(shape[1], k[0], k[1], rank));
        Tensor g =
            random(features, conv.infer(List.of(x.spec(), w.spec())).getFirst().shape().dims());
        forward = conv;
        inputs = new Tensor[] {x, w};
        gradient(conv.adjoint(), g, w);
        gradient(new Conv.Weight(conv.adjoint(), w.shape()), g, x);
      }
      case "normact" -> {
        Tensor x = random(features, shape);
        InstanceNormAct norm = new InstanceNormAct(1e-5f, 0.2f);
        forward = norm;
        inputs = new Tensor[] {x};
        Tensor[] y = hold(() -> norm.applyAll(x));
        gradient(new InstanceNormAct.Grad(0.2f), random(features, shape), y[0], y[1]);
      }
      case "normaffine" -> {
        Tensor x = random(features, shape);
        Tensor gamma = random(DType.F32, shape[1]);
        Tensor beta = random(DType.F32, shape[1]);
        InstanceNormAffineAct norm = new InstanceNormAffineAct(1e-5f, 0.2f);
        forward = norm;
        inputs = new Tensor[] {x, gamma, beta};
        Tensor[] y = hold(() -> norm.applyAll(inputs));
        gradient(
            new InstanceNormAffineAct.Grad(0.2f),
            random(features, shape),
            x,
            y[1],
            y[2],
            gamma,
            beta);
      }
      case "softmax" -> {
        forward = new Softmax();
        inputs = new Tensor[] {random(DType.F32, shape)};
        Tensor y = hold(() -> forward.applyAll(inputs))[0];
        gradient(new Softmax.Grad(), random(DType.F32, shape), y);
      }
      case "entropy" -> {
        CrossEntropy entropy = new CrossEntropy(0);
        Tensor logits = random(DType.F32, shape);
        Tensor labels = labels(shape);
        forward = entropy;
        inputs = new Tensor[] {logits, labels};
        Tensor g = hold(() -> new Tensor[] {device.scalar(1)})[0];
        gradient(new CrossEntropy.Grad(entropy), g, logits, labels);
      }
      case "pool" -> {
        AvgPool pool = new AvgPool(rank == 2 ? List.of(2, 2) : List.of(2, 2, 2));
        Tensor x = random(features, shape);
        forward = pool;
        inputs = new Tensor[] {x};
        Tensor y = hold(() -> pool.applyAll(x))[0];
        gradient(new AvgPool.Grad(pool, x.shape()), y);
      }
      case "concat" -> {
        forward = new Concat(1);
        inputs = new Tensor[] {random(features, shape), random(features, shape)};
      }
      case "add" -> {
        forward = new Add();
        inputs = new Tensor[] {random(features, shape), random(features, shape)};
      }
      case "axpy" -> {
        forward = new Axpy(1e-3);
        inputs = new Tensor[] {random(features, shape), random(features, shape)};
      }
      case "narrow" -> {
        forward = new Narrow(1, 0, (int) shape[1] / 2);
        inputs = new Tensor[] {random(features, shape)};
      }
      case "reflect" -> {
        Pad pad =
            new Pad(
                List.of(0, 0),
                List.of(multipleOf16(shape[2]), multipleOf16(shape[3])),
                Pad.Mode.REFLECT);
        Tensor x = random(features, shape);
        forward = pad;
        inputs = new Tensor[] {x};
        Tensor y = hold(() -> pad.applyAll(x))[0];
        gradient(new Pad.Fold(pad, x.shape()), y);
      }
      case "moments" -> {
        Moments moments = new Moments(0);
        Tensor x = random(DType.F32, shape);
        forward = moments;
        inputs = new Tensor[] {x};
        Tensor[] y = hold(() -> moments.applyAll(x));
        gradient(new Moments.Grad(0), x, y[0], y[0], y[1]);
      }
      case "cast" -> {
        forward = new Cast(features);
        inputs = new Tensor[] {random(DType.F32, shape)};
        gradient(new Cast(DType.F32), random(features, shape));
      }
      case "fft", "fftc" -> {
        boolean centred = parts[0].equals("fftc");
        forward = new Fft2(false, centred);
        inputs = new Tensor[] {random(DType.C64, shape)};
        gradient(new Fft2(true, centred), random(DType.C64, shape));
      }
      case "reduce" -> {
        forward = new SensReduce();
        inputs = new Tensor[] {random(DType.C64, shape), random(DType.C64, shape)};
        Tensor g = random(DType.C64, 1, shape[1], shape[2]);
        gradient(new SensExpand(), g, inputs[1]);
        gradient(new SensReduce.MapGrad(), inputs[0], g);
      }
      case "expand" -> {
        forward = new SensExpand();
        inputs = new Tensor[] {random(DType.C64, 1, shape[1], shape[2]), random(DType.C64, shape)};
        Tensor g = random(DType.C64, shape);
        gradient(new SensReduce(), g, inputs[1]);
        gradient(new SensReduce.MapGrad(), g, inputs[0]);
      }
      case "rssnorm" -> {
        forward = new RssNormalize();
        inputs = new Tensor[] {random(DType.C64, shape)};
        gradient(new RssNormalize.Grad(), random(DType.C64, shape), inputs[0]);
      }
      case "rss" -> {
        forward = new Rss();
        inputs = new Tensor[] {random(DType.C64, shape)};
        Tensor y = hold(() -> new Rss().applyAll(inputs))[0];
        gradient(new Rss.Grad(), y, inputs[0], y);
      }
      case "residual" -> {
        forward = new MaskedResidual();
        Tensor k = random(DType.C64, shape);
        Tensor mask = random(DType.F32, shape[2]);
        inputs = new Tensor[] {k, random(DType.C64, shape), mask};
        gradient(new MaskColumns(), k, mask);
      }
      case "dc" -> {
        forward = new SoftDataConsistency();
        Tensor k = random(DType.C64, shape);
        Tensor measured = random(DType.C64, shape);
        Tensor mask = random(DType.F32, shape[2]);
        Tensor w = hold(() -> new Tensor[] {device.scalar(1)})[0];
        inputs = new Tensor[] {k, measured, random(DType.C64, shape), mask, w};
        gradient(new SoftDataConsistency.KspaceGrad(), k, mask, w);
        gradient(new MaskedResidual(), k, measured, mask);
        gradient(new Dot(), k, measured);
      }
      case "sobel" -> {
        forward = new SobelMagnitude(1e-12);
        inputs = new Tensor[] {random(DType.F32, shape)};
        gradient(new SobelMagnitude.Grad(1e-12), random(DType.F32, shape), inputs[0]);
      }
      case "ssim" -> {
        Ssim ssim = Ssim.STANDARD;
        forward = ssim;
        Tensor range =
            hold(() -> new Tensor[] {new Fill(TensorSpec.of(DType.F32, shape[0]), 1).on(device)})[
                0];
        inputs = new Tensor[] {random(DType.F32, shape), random(DType.F32, shape), range};
        Tensor map = hold(() -> ssim.applyAll(inputs))[0];
        gradient(new Ssim.Grad(ssim), map, inputs[0], inputs[1], range);
      }
      case "adam" -> {
        forward = new AdamStep(1e-6, 0.9, 0.999, 1e-8, 0, true, 1);
        inputs = new Tensor[4];
        Arrays.setAll(inputs, i -> random(DType.F32, shape));
      }
      case "sgd" -> {
        forward = new SgdStep(1e-6, 0.99, 3e-5, true);
        inputs = new Tensor[3];
        Arrays.setAll(inputs, i -> random(DType.F32, shape));
      }
      default -> throw new IllegalArgumentException("no operation " + parts[0]);
    }
    if (runBackward && gradients.isEmpty()) {
      throw new IllegalArgumentException(parts[0] + " has no gradient op of its own");
    }
    device.ledger().resetPeak();
  }

  private static int multipleOf16(long size) {
    return Math.floorMod(-Math.toIntExact(size), 16);
  }

  private static long[] numbers(String text) {
    return Arrays.stream(text.split("x")).mapToLong(Long::parseLong).toArray();
  }

  private static long[] kernel(long out, long in, long size, int rank) {
    long[] dims = new long[rank + 2];
    Arrays.fill(dims, size);
    dims[0] = out;
    dims[1] = in;
    return dims;
  }

  private void gradient(Op op, Tensor... in) {
    gradients.add(op);
    gradientInputs.add(in);
  }

  private Tensor random(DType dtype, long... dims) {
    TensorSpec spec = TensorSpec.of(dtype, dims);
    Philox stream = Philox.of(held.size(), "bench");
    return hold(() -> {
      if (dtype != DType.C64) {
        Tensor values = new Uniform(stream, spec.shape(), -1, 1).on(device);
        return new Tensor[] {dtype == DType.F32 ? values : new Cast(dtype).apply(values)};
      }
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment host = arena.allocate(spec.bytes(), 64);
        for (long i = 0; i < 2 * spec.shape().elements(); i++) {
          host.setAtIndex(ValueLayout.JAVA_FLOAT, i, 2 * stream.uniform(i) - 1);
        }
        return new Tensor[] {device.tensor(spec, host)};
      }
    })[0];
  }

  private Tensor labels(long[] logits) {
    long[] dims = new long[logits.length - 1];
    dims[0] = logits[0];
    System.arraycopy(logits, 2, dims, 1, dims.length - 1);
    TensorSpec spec = TensorSpec.of(DType.I32, dims);
    Philox stream = Philox.of(held.size(), "bench");
    double[] values = new double[Math.toIntExact(spec.shape().elements())];
    Arrays.setAll(values, i -> stream.below((int) logits[1], i));
    return hold(() -> new Tensor[] {device.fromDoubles(spec, values)})[0];
  }

  private Tensor[] hold(Supplier<Tensor[]> make) {
    Tensor[] tensors = Scope.run(make);
    for (Tensor tensor : tensors) {
      held.add(tensor.tag(Tag.PARAMETER));
    }
    return tensors;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void run() {
    Recorder.paused(() ->
        Scope.run(() -> {
          if (runForward) {
            forward.applyAll(inputs);
          }
          if (runBackward) {
            for (int i = 0; i < gradients.size(); i++) {
              gradients.get(i).applyAll(gradientInputs.get(i));
            }
          }
          device.synchronize();
          return null;
        }));
  }

  @Override
  public double leastSeconds() {
    Roofline roofline = device.capabilities().roofline();
    if (roofline == null) {
      return Double.NaN;
    }
    double seconds = runForward ? roofline.seconds(cost(forward, inputs)) : 0;
    for (int i = 0; runBackward && i < gradients.size(); i++) {
      seconds += roofline.seconds(cost(gradients.get(i), gradientInputs.get(i)));
    }
    return seconds;
  }

  private static Cost cost(Op op, Tensor... inputs) {
    List<TensorSpec> in = Arrays.stream(inputs).map(Tensor::spec).toList();
    return op.cost(in, op.infer(in));
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public void close() {
    held.forEach(Tensor::close);
    device.close();
  }
}
