package dev.larmor.engine;

import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.op.Cast;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.Op;
import dev.larmor.engine.op.OpException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An open backend with its ledger and pool: where tensors live and ops run. A device is driven by
 * one thread at a time.
 *
 * <p>Running an op is always the same five steps: infer the outputs (all checking happens there, so
 * every backend says the same error), take memory for them and the workspace, let the backend
 * compute, give the workspace back, tell the recorder.
 */
public final class Device implements AutoCloseable {
  static final ScopedValue<Recorder> RECORDER = ScopedValue.newInstance();
  private static final Set<Device> OPEN = ConcurrentHashMap.newKeySet();

  private final Backend backend;
  private final DeviceConfig config;
  private final Ledger ledger;
  private final Pool pool;
  private OpListener listener;
  private long tensorIds;
  private boolean closed;

  private Device(Backend backend, DeviceConfig config) {
    this.backend = backend;
    this.config = config;
    this.ledger = new Ledger(config.budgetBytes());
    this.pool = new Pool(backend, ledger, config.cacheBytes());
    OPEN.add(this);
  }

  /** Opens {@code name} with {@link DeviceConfig#DEFAULT}. */
  public static Device open(String name) {
    return open(name, DeviceConfig.DEFAULT);
  }

  /**
   * Opens a device by name: {@code cpu}, {@code ref}, {@code meta}, {@code meta:gtx1080}, …
   *
   * @throws DeviceException in one sentence, if there is no such device, it can not be used here,
   *     or it does not compute in the configuration's precision
   */
  public static Device open(String name, DeviceConfig config) {
    List<String> known = new ArrayList<>();
    for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
      if (provider.provides(name)) {
        return over(provider.open(name, config), config);
      }
      known.add(provider.devices());
    }
    known.sort(null);
    throw new DeviceException(
        "unknown device '"
            + name
            + "': "
            + (known.isEmpty() ? "no backend is on the class path" : "expected one of " + known));
  }

  /**
   * A device over a backend made by hand, which the device will close.
   *
   * @throws DeviceException if the backend does not compute in the configuration's precision; it is
   *     closed then
   */
  public static Device over(Backend backend, DeviceConfig config) {
    Precision precision = config.precision();
    Set<DType> dtypes = backend.capabilities().dtypes();
    if (dtypes.contains(precision.features())) {
      return new Device(backend, config);
    }
    String name = backend.name();
    backend.close();
    // Whether there is TF32 beside F32 is for the backend to know.
    String others =
        Stream.of(Precision.FP32, Precision.BF16, Precision.FP16)
            .filter(p -> dtypes.contains(p.features()))
            .map(Precision::label)
            .collect(Collectors.joining(" or "));
    throw new DeviceException(
        "%s does not compute in %s, which %s keeps feature maps in: use %s"
            .formatted(name, precision.features(), precision.label(), others));
  }

  /** Every device not yet closed; tests check that each one's ledger is back at zero. */
  public static Set<Device> opened() {
    return Set.copyOf(OPEN);
  }

  public String name() {
    return backend.name();
  }

  public Capabilities capabilities() {
    return backend.capabilities();
  }

  /** The device that books what this one does and computes nothing. */
  public String dryRun() {
    return backend.dryRun();
  }

  public DeviceConfig config() {
    return config;
  }

  public Ledger ledger() {
    return ledger;
  }

  /** Is told of every op after it ran: the dry run's counting, profiles. */
  public interface OpListener {
    void ran(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs, String where);
  }

  /** Sets the listener; null for none. */
  public void listen(OpListener to) {
    listener = to;
  }

  /** Waits until everything asked for is done. */
  public void synchronize() {
    backend.synchronize();
  }

  /**
   * What ranks use for tensors on their devices: the devices' own way from one to the other where
   * they have one, else through the host. Its {@code toString} says which, for people. All ranks
   * call this. Closing it leaves {@code ranks} open; it is closed before this device is.
   *
   * @throws CollectiveException in one sentence, if these devices can not work together
   */
  public Collective collective(Collective ranks) {
    checkOpen();
    if (ranks.size() == 1) {
      return new LentRanks(ranks, "one rank alone");
    }
    String kind = name().replaceFirst(":.*", "");
    Set<String> kinds = new TreeSet<>(ranks.gather(List.of(kind)));
    return kinds.size() == 1
        ? backend.collective(this, ranks)
        : new LentRanks(ranks, "through the host: ranks compute on " + String.join(" and ", kinds));
  }

  /** Frees the memory that the pool keeps for reuse. */
  public void trim() {
    pool.trim(0);
  }

  /**
   * Runs an op; what it makes belongs to the innermost {@link Scope}.
   *
   * @throws OpException if the op does not take these inputs, in one sentence with the shapes and
   *     the module
   * @throws BudgetExceededException if there is no room for the outputs or the workspace, with the
   *     bill
   */
  public Tensor[] run(Op op, Tensor... inputs) {
    checkOpen();
    List<TensorSpec> in = new ArrayList<>(inputs.length);
    List<Backend.Operand> operands = new ArrayList<>(inputs.length);
    for (Tensor tensor : inputs) {
      if (tensor.device() != this) {
        throw new OpException(
            op,
            "input " + tensor.spec() + " is on " + tensor.device().name() + ", not on " + name());
      }
      in.add(tensor.spec());
      operands.add(tensor.operand());
    }
    List<TensorSpec> out = infer(op, in);
    Tensor[] outputs =
        op instanceof Op.View view && view.aliases(in.getFirst(), capabilities().channelsLast())
            ? new Tensor[] {Scope.adopt(inputs[0].view(out.getFirst()))}
            : compute(op, in, operands, out);
    if (listener != null) {
      listener.ran(op, in, out, Scope.path());
    }
    Recorder recorder = Recorder.current();
    if (recorder != null) {
      recorder.record(op, inputs, outputs);
    }
    return outputs;
  }

  private List<TensorSpec> infer(Op op, List<TensorSpec> in) {
    List<TensorSpec> out;
    try {
      out = op.infer(in);
    } catch (OpException e) {
      throw e.at(Scope.path());
    }
    checkDtypes(op, "input ", in);
    checkDtypes(op, "output ", out);
    return out;
  }

  private void checkDtypes(Op op, String what, List<TensorSpec> specs) {
    Set<DType> dtypes = capabilities().dtypes();
    for (TensorSpec spec : specs) {
      if (!dtypes.contains(spec.dtype()) && !(spec.dtype() == DType.F64 && keepsDoubles(op))) {
        throw new OpException(
                op, backend.name() + " does not compute in " + spec.dtype() + ": " + what + spec)
            .at(Scope.path());
      }
    }
  }

  /** Doubles are moved and converted on every device; others' kernels may compute with them. */
  private static boolean keepsDoubles(Op op) {
    return switch (op) {
      case Cast _, Fill _, Op.View _, Op.Custom _ -> true;
      default -> false;
    };
  }

  private Tensor[] compute(
      Op op, List<TensorSpec> in, List<Backend.Operand> operands, List<TensorSpec> out) {
    Tensor[] outputs = new Tensor[out.size()];
    List<Backend.Operand> results = new ArrayList<>(outputs.length);
    String where = Scope.path();
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] = empty(out.get(i), Tag.TEMPORARY);
      results.add(outputs[i].operand());
    }
    long bytes = backend.workspaceBytes(op, in, out);
    if (!pool.fits(bytes)) {
      bytes = backend.leastWorkspaceBytes(op, in, out);
    }
    Buffer workspace = bytes == 0 ? null : pool.take(bytes, Tag.WORKSPACE, where);
    try {
      backend.run(op, operands, results, workspace);
    } finally {
      if (workspace != null) {
        pool.give(workspace, Tag.WORKSPACE, where);
      }
    }
    return outputs;
  }

  /** A tensor with undefined contents. */
  public Tensor empty(TensorSpec spec, Tag tag) {
    checkOpen();
    String where = Scope.path();
    Buffer buffer = pool.take(Math.max(1, spec.bytes()), tag, where);
    return Scope.adopt(new Tensor(spec, new Storage(this, buffer, tag, where)));
  }

  /** A tensor with row-major elements from {@code host}, {@code spec.bytes()} bytes. */
  public Tensor tensor(TensorSpec spec, MemorySegment host) {
    Tensor tensor = empty(spec, Tag.TEMPORARY);
    upload(host, tensor);
    return tensor;
  }

  /** A real or complex tensor with row-major elements; (re, im) pairs for {@link DType#C64}. */
  public Tensor tensor(TensorSpec spec, float... values) {
    long expected = reals(spec);
    boolean floats = spec.dtype() == DType.F32 || spec.dtype() == DType.C64;
    if (!floats || values.length != expected) {
      throw new IllegalArgumentException(
          values.length
              + " floats given for "
              + spec
              + ", expected "
              + expected
              + " for F32 or C64");
    }
    try (Arena arena = Arena.ofConfined()) {
      return tensor(spec, arena.allocateFrom(ValueLayout.JAVA_FLOAT, values));
    }
  }

  /** A scalar. */
  public Tensor scalar(double value) {
    return run(new Fill(TensorSpec.of(DType.F32), value))[0];
  }

  /**
   * A tensor set from doubles, (re, im) pairs for complex: rounded to the dtype, but kept as they
   * are on {@code ref}.
   */
  public Tensor fromDoubles(TensorSpec spec, double... values) {
    if (values.length != reals(spec)) {
      throw new IllegalArgumentException(
          values.length + " doubles given for " + spec + ", expected " + reals(spec));
    }
    Tensor tensor = empty(spec, Tag.TEMPORARY);
    try (Arena arena = Arena.ofConfined()) {
      backend.upload(
          arena.allocateFrom(ValueLayout.JAVA_DOUBLE, values),
          DType.F64,
          spec,
          tensor.operand().buffer());
    }
    return tensor;
  }

  double[] toDoubles(Tensor tensor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(reals(tensor.spec()) * Double.BYTES, Double.BYTES);
      backend.download(tensor.operand().buffer(), tensor.spec(), host, DType.F64);
      return host.toArray(ValueLayout.JAVA_DOUBLE);
    }
  }

  private static long reals(TensorSpec spec) {
    return spec.shape().elements() * (spec.dtype().isComplex() ? 2 : 1);
  }

  void upload(MemorySegment host, Tensor tensor) {
    checkOpen();
    checkBytes(host, tensor);
    backend.upload(host, tensor.dtype(), tensor.spec(), tensor.operand().buffer());
  }

  void download(Tensor tensor, MemorySegment host) {
    checkOpen();
    checkBytes(host, tensor);
    backend.download(tensor.operand().buffer(), tensor.spec(), host, tensor.dtype());
  }

  private static void checkBytes(MemorySegment host, Tensor tensor) {
    if (host.byteSize() < tensor.spec().bytes()) {
      throw new IllegalArgumentException(
          "host memory has "
              + host.byteSize()
              + " bytes, "
              + tensor.spec()
              + " needs "
              + tensor.spec().bytes());
    }
  }

  void reclaim(Storage storage) {
    if (closed) {
      // Closing the backend took the memory already.
      ledger.credit(storage.tag(), storage.where, storage.buffer.bytes());
      return;
    }
    pool.give(storage.buffer, storage.tag(), storage.where);
  }

  long nextTensorId() {
    return ++tensorIds;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("device " + backend.name() + " is closed");
    }
  }

  /**
   * Closes the backend.
   *
   * @throws IllegalStateException if tensors are still held: the bill says whose
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    OPEN.remove(this);
    pool.trim(0);
    long leaked = ledger.live();
    String bill = leaked == 0 ? "" : ledger.bill().toString();
    backend.close();
    if (leaked != 0) {
      throw new IllegalStateException(
          "device " + backend.name() + " closed with tensors held: " + bill);
    }
  }
}
