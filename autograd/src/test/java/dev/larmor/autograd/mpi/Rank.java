package dev.larmor.autograd.mpi;

import dev.larmor.engine.Collective;
import dev.larmor.engine.Collective.Pending;
import dev.larmor.engine.CollectiveException;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shares;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * One rank of {@link MpiCollectiveTest}: does what its arguments say and prints a line when all is
 * well. By hand: {@code mpirun -np 4 java … dev.larmor.autograd.mpi.Rank everything 2147483647}.
 */
final class Rank {
  /** Longer than anything takes on a busy machine. */
  private static final Duration LIMIT = Duration.ofSeconds(100);

  private Rank() {}

  public static void main(String[] arguments) throws InterruptedException {
    StopSignal.install();
    Launch launch = Launch.of(System.getenv()).orElseThrow();
    switch (arguments[0]) {
      case "everything" -> everything(launch, Integer.parseInt(arguments[1]));
      case "forever" -> forever(launch, Duration.ofSeconds(Long.parseLong(arguments[1])));
      case "abort" -> abort(launch, Integer.parseInt(arguments[1]));
      case "signal" -> signal(launch);
      case "late" -> late(launch);
      case "absent" -> absent(launch, Duration.ofSeconds(Long.parseLong(arguments[1])));
      case "refused" -> refused(launch);
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static void say(Launch launch, String words) {
    System.out.println("rank " + launch.rank() + " " + words);
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  private static void everything(Launch launch, int most) {
    MpiCollective ranks = MpiCollective.open(launch, LIMIT, System.err::println, most);
    try {
      check(ranks.size() == launch.size() && ranks.rank() == launch.rank(), "who");
      survivesErrorsOfJava(launch.rank() - ranks.rank());
      try (Device device = Device.open("cpu")) {
        Scope.run(() -> sums(ranks, device));
        Scope.run(() -> sameBits(ranks, device));
        Scope.run(() -> rows(ranks, device));
        Scope.run(() -> tensorsOfRankZero(ranks, device));
        Scope.run(() -> mistakes(ranks, device));
      }
      bytes(ranks);
      ranks.close();
      ranks.close();
    } catch (RuntimeException | Error e) {
      e.printStackTrace();
      ranks.abort(70);
    }
    say(launch, "is well with " + ranks.library());
  }

  /** Signals that are the JVM's: null pointers and full stacks are exceptions through them. */
  private static void survivesErrorsOfJava(int zero) {
    int caught = 0;
    for (int i = 0; i < 30_000; i++) { // often enough to be compiled
      try {
        caught += new int[][] {null}[zero].length;
      } catch (NullPointerException _) {
        caught++;
      }
      try {
        caught += 1 / zero;
      } catch (ArithmeticException _) {
        caught++;
      }
    }
    check(caught == 60_000, "caught " + caught);
    try {
      check(depth(0) < 0, "the stack has an end");
    } catch (StackOverflowError _) {
      // as it should be
    }
  }

  private static int depth(int n) {
    return n < 0 ? n : depth(n + 1) + 1;
  }

  private static Tensor filled(Device device, TensorSpec spec, IntToDoubleFunction value) {
    return device.fromDoubles(
        spec, IntStream.range(0, (int) spec.shape().elements()).mapToDouble(value).toArray());
  }

  private static TensorSpec floats(long... dims) {
    return TensorSpec.of(DType.F32, dims);
  }

  /** Whole numbers, so that sums are exact in any order; many lists under way at once. */
  private static void sums(MpiCollective ranks, Device device) {
    int all = ranks.size() * (ranks.size() + 1) / 2;
    for (int step = 0; step < 3; step++) {
      List<List<Tensor>> lists = new ArrayList<>();
      List<Pending> pending = new ArrayList<>();
      for (int list = 0; list < 12; list++) {
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i <= 20 * list; i++) { // 1 to 221 tensors
          int factor = (ranks.rank() + 1) * (i + 1 + step);
          TensorSpec spec = i % 3 == 0 ? floats(3, 2, 1 + i % 5, 3) : floats(1 + 37 * list);
          tensors.add(filled(device, spec, e -> factor * (double) (e % 50)));
        }
        lists.add(tensors);
        pending.add(ranks.allReduce(tensors));
      }
      for (Pending each : pending.reversed()) { // in any order, and more than once
        each.await();
        each.await();
      }
      for (List<Tensor> tensors : lists) {
        for (int i = 0; i < tensors.size(); i++) {
          double[] sum = tensors.get(i).toDoubles();
          for (int e = 0; e < sum.length; e++) {
            check(sum[e] == (double) all * (i + 1 + step) * (e % 50), "sum of tensor " + i);
          }
        }
      }
    }
    ranks.allReduce(List.of()).await();
    try (Arena arena = Arena.ofConfined()) {
      int length = 300_000;
      MemorySegment host = arena.allocate(ValueLayout.JAVA_FLOAT, length);
      for (int i = 0; i < length; i++) {
        host.setAtIndex(ValueLayout.JAVA_FLOAT, i, (ranks.rank() + 1) * (i % 1000));
      }
      ranks.allReduce(host).await();
      for (int i = 0; i < length; i++) {
        check(host.getAtIndex(ValueLayout.JAVA_FLOAT, i) == all * (i % 1000), "host sum " + i);
      }
    }
  }

  /** Fractions, whose sum hangs on the order: the same bits again, and on every rank. */
  private static void sameBits(MpiCollective ranks, Device device) {
    Philox stream = Philox.of(ranks.rank(), "bits");
    Tensor[] tensors = new Tensor[5];
    for (int i = 0; i < tensors.length; i++) {
      tensors[i] = filled(device, floats(100_003), e -> stream.below(1 << 24, e) / 3e6);
      ranks.allReduce(List.of(tensors[i])).await();
    }
    float[] first = tensors[0].toFloats();
    for (Tensor tensor : tensors) {
      check(Arrays.equals(first, tensor.toFloats()), "the same bits again");
    }
    double[] hash = {Arrays.hashCode(first)};
    check(ranks.gather(hash).stream().allMatch(h -> h[0] == hash[0]), "the same bits everywhere");
  }

  /** Shares of unequal sizes. */
  private static void rows(MpiCollective ranks, Device device) {
    for (int total : new int[] {ranks.size(), 7, 41}) {
      Shares shares = ranks.shares(total);
      Shares.Share own = shares.of(ranks.rank());
      for (long[] row : new long[][] {{3000}, {2, 3, 4}, {}}) {
        long[] dims = LongArrays.prepend(total, row);
        int elements = (int) Arrays.stream(row).reduce(1, Math::multiplyExact);
        Tensor part =
            filled(
                device,
                floats(LongArrays.prepend(own.count(), row)),
                e -> own.first() * elements + e);
        double[] gathered = ranks.allGather(part, shares).toDoubles();
        double[] expected = IntStream.range(0, total * elements).asDoubleStream().toArray();
        check(Arrays.equals(expected, gathered), "gathered rows");

        Tensor all = filled(device, floats(dims), e -> (ranks.rank() + 1) * (double) e);
        Tensor sum = ranks.reduceScatter(all, shares);
        check(sum.shape().dim(0) == own.count(), "scattered rows");
        double factor = ranks.size() * (ranks.size() + 1) / 2.0;
        double[] scattered = sum.toDoubles();
        for (int e = 0; e < scattered.length; e++) {
          check(scattered[e] == factor * (own.first() * elements + e), "scattered sums");
        }
      }
    }
  }

  private static final class LongArrays {
    static long[] prepend(long first, long[] rest) {
      long[] all = new long[rest.length + 1];
      all[0] = first;
      System.arraycopy(rest, 0, all, 1, rest.length);
      return all;
    }
  }

  /** Every dtype that the device has, of odd sizes; and more than one broadcast takes. */
  private static void tensorsOfRankZero(MpiCollective ranks, Device device) {
    List<Tensor> tensors = new ArrayList<>();
    List<byte[]> expected = new ArrayList<>();
    for (DType dtype : List.of(DType.U8, DType.F32, DType.C64, DType.I32, DType.BF16, DType.U8)) {
      for (long[] dims : new long[][] {{3}, {2, 3, 5, 7}, {}}) {
        tensors.add(device.empty(TensorSpec.of(dtype, dims), Tag.TEMPORARY));
      }
    }
    tensors.add(device.empty(floats(3_000_001), Tag.TEMPORARY));
    tensors.add(device.empty(floats(5), Tag.TEMPORARY));
    try (Arena arena = Arena.ofConfined()) {
      for (Tensor tensor : tensors) {
        byte[] values = new byte[(int) tensor.spec().bytes()];
        for (int i = 0; i < values.length; i++) {
          values[i] = (byte) (i % 61);
        }
        expected.add(values);
        MemorySegment host = arena.allocate(values.length, 64);
        tensor.upload(ranks.leads() ? host.copyFrom(MemorySegment.ofArray(values)) : host);
      }
      ranks.broadcast(tensors);
      for (int i = 0; i < tensors.size(); i++) {
        byte[] got = tensors.get(i).download(arena).toArray(ValueLayout.JAVA_BYTE);
        check(Arrays.equals(expected.get(i), got), "broadcast of " + tensors.get(i));
      }
    }
  }

  private static void bytes(Collective ranks) {
    for (int length : new int[] {0, 1, 100_003}) {
      byte[] values = new byte[length];
      Arrays.fill(values, (byte) 7);
      byte[] got = ranks.broadcast(ranks.leads() ? values : null);
      check(Arrays.equals(values, got), "broadcast of " + length + " bytes");
    }
    byte[] own = new byte[ranks.rank() * 1003];
    Arrays.fill(own, (byte) ranks.rank());
    List<byte[]> all = ranks.gather(own);
    check(all.size() == ranks.size(), "gathered");
    for (int r = 0; r < all.size(); r++) {
      byte[] expected = new byte[r * 1003];
      Arrays.fill(expected, (byte) r);
      check(Arrays.equals(expected, all.get(r)), "gathered bytes of " + r);
    }
    check(ranks.sum(1, ranks.rank())[0] == ranks.size(), "sum");
    check(ranks.any(ranks.rank() == ranks.size() - 1) && !ranks.any(false), "any");
    ranks.barrier();
  }

  /** Mistakes are exceptions, and the ranks go on. */
  private static void mistakes(MpiCollective ranks, Device device) {
    try {
      ranks
          .owner
          .ask(
              "a wrong broadcast",
              (mpi, request) -> mpi.broadcast(0, 1, Mpi.Type.BYTE, 999, request))
          .await();
      throw new AssertionError("there is no rank 999");
    } catch (CollectiveException e) {
      String message = e.getMessage();
      check(
          message.startsWith("a wrong broadcast failed: MPI_Ibcast failed: ")
              && message.contains("root"),
          message);
    }
    try {
      ranks.allReduce(List.of(device.fromDoubles(TensorSpec.of(DType.C64, 1), 1, 2)));
      throw new AssertionError("sums are of F32");
    } catch (CollectiveException e) {
      check(e.getMessage().equals("an all-reduce is of F32, got C64[1]"), e.getMessage());
    }
    try {
      ranks.allGather(filled(device, floats(5, 2), e -> e), ranks.shares(7 * ranks.size()));
      throw new AssertionError("five rows are not seven");
    } catch (CollectiveException e) {
      check(e.getMessage().startsWith("expected 7 rows of F32"), e.getMessage());
    }
    ranks.barrier();
  }

  private static void forever(Launch launch, Duration limit) {
    MpiCollective ranks =
        MpiCollective.open(
            launch,
            limit,
            sentence -> {
              System.err.println(sentence);
              throw new IllegalStateException("it cannot be written down");
            });
    try (Device device = Device.open("cpu")) {
      ranks.barrier();
      say(launch, "works as process " + ProcessHandle.current().pid());
      Scope.run(() -> {
        Tensor tensor = filled(device, floats(100_000), e -> 0);
        long said = System.nanoTime();
        while (true) {
          ranks.allReduce(List.of(tensor)).await();
          if (System.nanoTime() - said > 300_000_000) {
            said = System.nanoTime();
            say(launch, "goes on");
          }
        }
      });
    }
  }

  /** The last rank can not go on, while the others wait for it. */
  private static void abort(Launch launch, int exitCode) {
    MpiCollective ranks = MpiCollective.open(launch, LIMIT);
    ranks.barrier();
    if (launch.rank() == launch.size() - 1) {
      ranks.abort(exitCode);
      say(launch, "is still there");
    }
    ranks.barrier();
  }

  /** The signal comes to rank 0 before MPI begins, and to the others after. */
  private static void signal(Launch launch) throws InterruptedException {
    if (launch.rank() == 0) {
      say(launch, "waits early as process " + ProcessHandle.current().pid());
      awaitStop();
    }
    MpiCollective ranks = MpiCollective.open(launch, LIMIT);
    if (launch.rank() > 0) {
      check(!StopSignal.requested(), "no signal yet");
      say(launch, "waits late as process " + ProcessHandle.current().pid());
      awaitStop();
    }
    check(ranks.any(StopSignal.requested()), "requested");
    ranks.close();
    say(launch, "was asked to stop");
  }

  private static void awaitStop() throws InterruptedException {
    while (!StopSignal.requested()) {
      Thread.sleep(10);
    }
  }

  /** The others wait for one that leaves late. */
  private static void late(Launch launch) throws InterruptedException {
    MpiCollective ranks = MpiCollective.open(launch, LIMIT);
    long start = System.nanoTime();
    if (launch.rank() == 1) {
      Thread.sleep(2000);
    }
    ranks.close();
    check(System.nanoTime() - start > 1_500_000_000L, "left together");
    say(launch, "left");
  }

  /** Rank 1 does not begin. */
  private static void absent(Launch launch, Duration limit) throws InterruptedException {
    if (launch.rank() == 1) {
      Thread.sleep(LIMIT);
    }
    try {
      MpiCollective.open(launch, limit);
    } catch (CollectiveException e) {
      System.out.println(e.getMessage());
      Runtime.getRuntime().halt(75);
    }
  }

  private static void refused(Launch launch) {
    try {
      MpiCollective.open(launch, LIMIT);
      System.out.println("opened");
    } catch (CollectiveException e) {
      System.out.println("refused: " + e.getMessage());
    }
  }
}
