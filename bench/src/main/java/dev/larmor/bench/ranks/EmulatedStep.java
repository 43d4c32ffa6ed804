package dev.larmor.bench.ranks;

import dev.larmor.autograd.GradSink;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.Collective;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Shares;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fill;
import dev.larmor.models.simclr.SimClr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * A training step whose computing is slept through, as a host does while a device works; its
 * gradients, their exchange and the exchange of embeddings are real.
 *
 * <p>All gradients of rank r are r + 1 at first, and each exchange turns them into the sum over
 * ranks.
 */
final class EmulatedStep implements AutoCloseable {
  /** How gradients are summed over ranks. */
  enum Way {
    /** Not at all. */
    ALONE,
    /** When all are there. */
    AT_END,
    /** As they come. */
    OVERLAPPED
  }

  /**
   * What a step took.
   *
   * @param waited seconds of it, for sums after the last gradient
   */
  record Timing(double seconds, double waited) {}

  /** What part of the time to the last gradient is the forward pass. */
  private static final double FORWARD = 1.0 / 3;

  private final Collective ranks;
  private final Device device;
  private final Device shapes = Device.open("meta");
  private final SimClr network;
  private final List<Parameter> parameters;
  private final Map<String, Parameter> named = new HashMap<>();
  private final Map<Parameter, Tensor> values = new LinkedHashMap<>();
  private final int embedding;
  private int exchanges;

  /** The gradients of {@code config}'s network. */
  EmulatedStep(Collective ranks, SimClr.Config config) {
    this.ranks = ranks;
    device = Device.open("cpu", DeviceConfig.DEFAULT.withThreads(1));
    network = new SimClr(config);
    network.place(shapes, Philox.of(0, "init"));
    parameters = network.parameters();
    embedding = config.embedding();
    for (Parameter parameter : parameters) {
      named.put(parameter.name(), parameter);
      Fill fill = new Fill(parameter.spec(), ranks.rank() + 1);
      values.put(parameter, Scope.run(() -> device.run(fill)[0].unscoped()));
    }
  }

  /** Bytes of all gradients. */
  long bytes() {
    return parameters.stream().mapToLong(p -> p.spec().bytes()).sum();
  }

  /** Runs the backward pass and the update of {@code trace}; all ranks begin together. */
  Timing backward(StepTrace trace, Way way) {
    ranks.barrier();
    Clock clock = new Clock();
    double waited;
    try (Gradients gradients = gradients(way)) {
      complete(trace, 0, gradients, clock);
      waited = exchange(gradients, clock, way);
    }
    clock.sleep(trace.update());
    return new Timing(clock.seconds(), waited);
  }

  /**
   * A whole step as pre-training does it: the small gathers, the embeddings of {@code images}
   * images of all ranks, the exchange, the update.
   */
  Timing whole(StepTrace trace, int images) {
    Shares shares = ranks.shares(images);
    ranks.barrier();
    Clock clock = new Clock();
    double waited;
    try (Gradients gradients = gradients(Way.OVERLAPPED)) {
      double forward = FORWARD * trace.backward();
      clock.sleep(forward);
      ranks.gather(new double[shares.of(ranks.rank()).count()]); // what images belong to
      exchangeEmbeddings(shares);
      complete(trace, forward, gradients, clock);
      waited = exchange(gradients, clock, Way.OVERLAPPED);
    }
    ranks.gather(0.0, 0.0, 0.0); // figures
    clock.sleep(trace.update());
    ranks.any(false); // asked to stop
    return new Timing(clock.seconds(), waited);
  }

  /** Completes all gradients, each when it is due; {@code passed} seconds of the step are over. */
  private void complete(StepTrace trace, double passed, GradSink sink, Clock clock) {
    double slept = passed;
    for (StepTrace.Arrival arrival : trace.arrivals()) {
      clock.sleep(arrival.seconds() - slept);
      slept = arrival.seconds();
      Parameter parameter = named.get(arrival.parameter());
      sink.complete(parameter, values.get(parameter));
    }
  }

  /** The exchange alone. */
  Timing exchange() {
    return backward(new StepTrace(arrivalsAtOnce(), 0), Way.AT_END);
  }

  private List<StepTrace.Arrival> arrivalsAtOnce() {
    return parameters.reversed().stream().map(p -> new StepTrace.Arrival(p.name(), 0)).toList();
  }

  private Gradients gradients(Way way) {
    if (way == Way.ALONE) {
      return new Gradients();
    }
    Gradients gradients = new Gradients(parameters, ranks);
    if (way == Way.OVERLAPPED) {
      gradients.lastPass();
    }
    return gradients;
  }

  private double exchange(Gradients gradients, Clock clock, Way way) {
    double before = clock.seconds();
    gradients.exchange();
    if (way != Way.ALONE) {
      exchanges++;
      check(gradients);
    }
    return clock.seconds() - before;
  }

  /** Each exchange adds up what the ranks hold, which is the same on all but for the first. */
  private void check(Gradients gradients) {
    double expected =
        ranks.size() * (ranks.size() + 1) / 2.0 * Math.pow(ranks.size(), exchanges - 1.0);
    for (Parameter parameter : List.of(parameters.getFirst(), parameters.getLast())) {
      float found = gradients.of(parameter).toFloats()[0];
      if (ranks.size() > 1 && found != (float) expected) {
        throw new IllegalStateException(
            "%s: sum %s of rank %d, expected %s"
                .formatted(parameter.name(), found, ranks.rank(), expected));
      }
    }
  }

  /** Two views' embeddings to all, and what the loss says to them back. */
  void exchangeEmbeddings(Shares shares) {
    Scope.run(() -> {
      Shape own = Shape.of(shares.of(ranks.rank()).count(), embedding);
      Tensor rows = device.run(new Fill(new TensorSpec(DType.F32, own), 1))[0];
      for (int view = 0; view < 2; view++) {
        ranks.reduceScatter(ranks.allGather(rows, shares), shares);
      }
      return null;
    });
  }

  /** Downloads and uploads all gradients, as an exchange through host memory does. */
  double stage() {
    Clock clock = new Clock();
    try (Arena arena = Arena.ofConfined()) {
      long most = parameters.stream().mapToLong(p -> p.spec().bytes()).max().orElseThrow();
      MemorySegment host = arena.allocate(most, 64);
      for (Tensor value : values.values()) {
        MemorySegment part = host.asSlice(0, value.spec().bytes());
        value.download(part);
        value.upload(part);
      }
    }
    return clock.seconds();
  }

  /** Time that passes, and a sleep that makes up for having slept too long before. */
  private static final class Clock {
    private static final double SHORTEST = 1e-3;

    private final long start = System.nanoTime();
    private double owed;

    double seconds() {
      return (System.nanoTime() - start) * 1e-9;
    }

    void sleep(double seconds) {
      owed += seconds;
      while (owed > SHORTEST) {
        double before = seconds();
        LockSupport.parkNanos((long) (owed * 1e9));
        owed -= seconds() - before;
      }
    }
  }

  @Override
  public void close() {
    values.values().forEach(Tensor::close);
    network.close();
    device.close();
    shapes.close();
  }
}
