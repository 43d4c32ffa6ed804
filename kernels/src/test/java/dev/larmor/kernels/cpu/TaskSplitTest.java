package dev.larmor.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tensors large enough to be cut into many tasks: the bits must not depend on who runs them. (The
 * conformance suite's are smaller than a task.)
 */
class TaskSplitTest {
  /** 17 channels fill no vector; each sample is several parts with an incomplete row at its end. */
  private static final Shape MAPS = Shape.of(2, 17, 111, 131);

  private static final Shape COILS = Shape.of(5, 2, 90, 77);

  private static Tensor random(Device device, Shape shape, String name) {
    return new Uniform(Philox.of(1, name), shape, -1, 1).on(device);
  }

  private static Arguments onMaps(String name, Function<Tensor[], Tensor[]> body) {
    return Arguments.of(
        name,
        (Function<Device, Tensor[]>)
            device -> {
              Tensor x = random(device, MAPS, "x");
              Tensor g = random(device, MAPS, "g");
              List<Tensor> results = new ArrayList<>(List.of(body.apply(new Tensor[] {x, g})));
              Tensor[] halves = {new Cast(DType.BF16).apply(x), new Cast(DType.BF16).apply(g)};
              results.addAll(List.of(body.apply(halves)));
              return results.toArray(Tensor[]::new);
            });
  }

  private static Arguments onCoils(String name, Function<Tensor[], Tensor[]> body) {
    return Arguments.of(
        name,
        (Function<Device, Tensor[]>)
            device -> {
              Tensor k = new ChannelsToComplex().apply(random(device, COILS, "k"));
              Tensor s = new ChannelsToComplex().apply(random(device, COILS, "s"));
              return body.apply(new Tensor[] {k, s, new Narrow(0, 0, 1).apply(k)});
            });
  }

  private static Tensor channel(Tensor x) {
    return random(x.device(), Shape.of(x.shape().dim(1)), "channel");
  }

  private static Tensor[] affineNorm(Tensor x) {
    return new InstanceNormAffineAct(1e-5f, 0.2f).applyAll(x, channel(x), channel(x));
  }

  private static Tensor labels(Tensor x) {
    TensorSpec spec = TensorSpec.of(DType.I32, 2, 111, 131);
    Philox stream = Philox.of(1, "labels");
    double[] labels = new double[(int) spec.shape().elements()];
    Arrays.setAll(labels, i -> stream.below(17, i));
    return x.device().fromDoubles(spec, labels);
  }

  static Stream<Arguments> cases() {
    return Stream.of(
        onMaps("sum", t -> new Sum().applyAll(t[0])),
        onMaps("dot", t -> new Dot().applyAll(t)),
        onMaps("channel sum", t -> new ChannelSum().applyAll(t[0])),
        onMaps("channel dot", t -> new ChannelDot().applyAll(t)),
        onMaps("channel total", t -> new ChannelTotal().applyAll(t[0])),
        onMaps("moments", t -> new Moments(1).applyAll(t[0])),
        onMaps("norm", t -> new InstanceNormAct(1e-5f, 0.2f).applyAll(t[0])),
        onMaps(
            "norm gradient",
            t -> {
              Tensor[] y = new InstanceNormAct(1e-5f, 0.2f).applyAll(t[0]);
              return new InstanceNormAct.Grad(0.2f).applyAll(t[1], y[0], y[1]);
            }),
        onMaps("affine norm", t -> affineNorm(t[0])),
        onMaps(
            "affine norm gradient",
            t -> {
              Tensor[] y = affineNorm(t[0]);
              Tensor channel = channel(t[0]);
              return new InstanceNormAffineAct.Grad(0.2f)
                  .applyAll(t[1], t[0], y[1], y[2], channel, channel);
            }),
        onMaps("softmax", t -> new Softmax().applyAll(new Cast(DType.F32).apply(t[0]))),
        onMaps(
            "cross-entropy",
            t -> new CrossEntropy(0.1).applyAll(new Cast(DType.F32).apply(t[0]), labels(t[0]))),
        onMaps("concat", t -> new Concat(1).applyAll(t)),
        onCoils("reduce", t -> new SensReduce().applyAll(t[0], t[1])),
        onCoils("expand", t -> new SensExpand().applyAll(t[2], t[1])),
        onCoils("map gradient", t -> new SensReduce.MapGrad().applyAll(t[0], t[2])),
        onCoils("rss", t -> new Rss().applyAll(t[0])),
        onCoils("rss normalisation", t -> new RssNormalize.Grad().applyAll(t[0], t[1])));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void bitsDoNotDependOnThreads(String name, Function<Device, Tensor[]> body) {
    List<double[]> one = run(1, body);
    for (int threads = 2; threads <= 3; threads++) {
      List<double[]> several = run(threads, body);
      for (int i = 0; i < one.size(); i++) {
        assertArrayEquals(one.get(i), several.get(i), name + " with " + threads + " threads");
      }
    }
  }

  private static List<double[]> run(int threads, Function<Device, Tensor[]> body) {
    try (Device device = Device.open("cpu", DeviceConfig.DEFAULT.withThreads(threads))) {
      return Scope.run(() -> Stream.of(body.apply(device)).map(Tensor::toDoubles).toList());
    }
  }
}
