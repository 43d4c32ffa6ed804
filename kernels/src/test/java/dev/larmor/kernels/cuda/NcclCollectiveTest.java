package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.Collective;
import dev.larmor.engine.Collective.Pending;
import dev.larmor.engine.CollectiveException;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shares;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.ThreadRanks;
import dev.larmor.engine.op.Affine;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Emulated cards of ranks that are threads, together by a library that stands in for NCCL. */
@Timeout(60)
class NcclCollectiveTest {
  private static final int RANKS = 3;
  private static final int ROWS = 7;
  private static final String NOT_FOUND = "libnccl.so.2 is not found, or can not be loaded";

  @BeforeAll
  static void findCompiler() {
    assumeTrue(EmulatedCard.isUsable(), "no C++ compiler to emulate a card with");
  }

  private interface Body {
    void run(Device device, Collective cards, Collective ranks);
  }

  /** Runs {@code body} as each of {@code size} ranks, each with a card. */
  private static void together(int size, DeviceConfig config, Body body) {
    ThreadRanks.run(
        size,
        ranks -> {
          try (Device device = Device.open("emulated", config)) {
            Collective cards = device.collective(ranks);
            assertEquals("by NCCL 2.21.5", cards.toString());
            Scope.run(() -> body.run(device, cards, ranks));
            cards.close();
            cards.close();
            Scope.run(() -> assertOver(cards, numbers(device, 1)));
            assertEquals(size, ranks.gather(new byte[0]).size(), "the ranks are still there");
          }
          return null;
        });
  }

  private static Device device(EmulatedCuda cuda, DeviceConfig config) {
    cuda.nccl = EmulatedCard::nccl;
    return Device.over(new CudaBackend("emulated", cuda, config), config);
  }

  /** Values whose sums are rounded, others on each rank. */
  private static Tensor tensor(Device device, int rank, TensorSpec spec) {
    int reals = (int) spec.shape().elements() * (spec.dtype().isComplex() ? 2 : 1);
    double[] values = new double[reals];
    for (int i = 0; i < reals; i++) {
      int whole = (i * 37 + rank * 101 + reals) % 251;
      values[i] = spec.dtype().isFloating() || spec.dtype().isComplex() ? whole / 7.0 : whole;
    }
    return device.fromDoubles(spec, values);
  }

  private static List<TensorSpec> specs(long rows) {
    return List.of(
        TensorSpec.of(DType.F32, rows),
        TensorSpec.of(DType.F32, rows, 257),
        TensorSpec.of(DType.F32, rows, 3, 5, 2),
        TensorSpec.of(DType.F32, rows, 2, 3, 2, 4));
  }

  /** In both layouts of feature maps, shares of 2, 2 and 3 rows. */
  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "TF32"})
  void giveWhatTheHostGives(Precision precision) {
    together(
        RANKS,
        DeviceConfig.DEFAULT.withPrecision(precision),
        (device, cards, ranks) -> {
          int rank = ranks.rank();
          List<Tensor> sums = specs(ROWS).stream().map(s -> tensor(device, rank, s)).toList();
          List<Tensor> same = specs(ROWS).stream().map(s -> tensor(device, rank, s)).toList();
          cards.allReduce(sums).await();
          ranks.allReduce(same).await();
          for (int i = 0; i < sums.size(); i++) {
            assertArrayEquals(same.get(i).toFloats(), sums.get(i).toFloats());
          }
          Shares shares = cards.shares(ROWS);
          for (TensorSpec spec : specs(shares.of(rank).count())) {
            Tensor own = tensor(device, rank, spec);
            Tensor all = cards.allGather(own, shares);
            Tensor expected = ranks.allGather(own, shares);
            assertEquals(expected.spec(), all.spec());
            assertArrayEquals(expected.toFloats(), all.toFloats());
          }
          for (TensorSpec spec : specs(ROWS)) {
            Tensor all = tensor(device, rank, spec);
            Tensor own = cards.reduceScatter(all, shares);
            Tensor expected = ranks.reduceScatter(all, shares);
            assertEquals(expected.spec(), own.spec());
            assertArrayEquals(expected.toFloats(), own.toFloats());
          }
        });
  }

  @Test
  void broadcastsEveryDtype() {
    together(
        RANKS,
        DeviceConfig.DEFAULT,
        (device, cards, ranks) -> {
          List<TensorSpec> specs =
              device.capabilities().dtypes().stream()
                  .map(dtype -> TensorSpec.of(dtype, 2, 3, 5, 3))
                  .toList();
          List<Tensor> tensors = specs.stream().map(s -> tensor(device, ranks.rank(), s)).toList();
          cards.broadcast(tensors);
          for (int i = 0; i < specs.size(); i++) {
            assertArrayEquals(
                tensor(device, 0, specs.get(i)).toDoubles(), tensors.get(i).toDoubles());
          }
        });
  }

  private static Tensor numbers(Device device, float... values) {
    return device.tensor(TensorSpec.of(DType.F32, values.length), values);
  }

  /** Buckets go on beside what is computed; what needs them waits, from step to step. */
  @Test
  void goOnBesideWhatIsComputed() {
    together(
        2,
        DeviceConfig.DEFAULT,
        (device, cards, ranks) -> {
          for (int step = 0; step < 3; step++) {
            float own = step + ranks.rank();
            int expected = 2 * step + 1;
            Scope.run(() -> {
              Tensor first = Affine.scale(1).apply(numbers(device, own, 1));
              Pending one = cards.allReduce(List.of(first));
              Tensor second = Affine.scale(10).apply(numbers(device, own, 1)); // beside it
              Pending two = cards.allReduce(List.of(second));
              one.await();
              two.await();
              assertArrayEquals(
                  new float[] {2 * expected, 4}, Affine.scale(2).apply(first).toFloats());
              assertArrayEquals(new float[] {10 * expected, 20}, second.toFloats());
            });
          }
        });
  }

  /** That the tests above pass says something only if the card notices a missing wait. */
  @Test
  void usingATensorBeforeItsSumIsNoticed() {
    together(
        2,
        DeviceConfig.DEFAULT,
        (device, cards, ranks) -> {
          Tensor x = numbers(device, 1, 2);
          Pending sum = cards.allReduce(List.of(x));
          AssertionError e = assertThrows(AssertionError.class, () -> Affine.scale(2).apply(x));
          assertEquals(
              "affine on COMPUTE does not wait for what is done to the same memory",
              e.getMessage());
          assertThrows(AssertionError.class, x::toFloats);
          sum.await();
          assertArrayEquals(new float[] {4, 8}, Affine.scale(2).apply(x).toFloats());
        });
  }

  /** A download in between makes the ops so far done, but not the exchange. */
  @Test
  void anUploadWaitsForTheSumItReplaces() {
    together(
        2,
        DeviceConfig.DEFAULT,
        (device, cards, ranks) -> {
          Tensor x = numbers(device, 1, 2);
          Tensor other = numbers(device, 5);
          Pending sum = cards.allReduce(List.of(x));
          assertEquals(5, other.item());
          sum.await();
          try (Arena arena = Arena.ofConfined()) {
            x.upload(arena.allocateFrom(ValueLayout.JAVA_FLOAT, 7, 8));
          }
          assertArrayEquals(new float[] {7, 8}, x.toFloats());
        });
  }

  @Test
  void refuseTensorsThatAreNotTheirs() {
    together(
        2,
        DeviceConfig.DEFAULT,
        (device, cards, ranks) -> {
          Tensor bytes = device.fromDoubles(TensorSpec.of(DType.U8, 2), 1, 2);
          assertEquals(
              "sums over ranks are of F32, not U8[2]",
              assertThrows(CollectiveException.class, () -> cards.allReduce(List.of(bytes)))
                  .getMessage());
          try (Device ref = Device.open("ref")) {
            Scope.run(() -> {
              Tensor x = numbers(ref, 1);
              assertEquals(
                  "F32[1] is on ref, not on this rank's emulated",
                  assertThrows(CollectiveException.class, () -> cards.broadcast(List.of(x)))
                      .getMessage());
            });
          }
        });
  }

  /** NCCL takes no more than 2048 calls in a group; a network and its optimiser have more. */
  @Test
  void moreTensorsThanAGroupTakes() {
    together(
        2,
        DeviceConfig.DEFAULT,
        (device, cards, ranks) -> {
          List<Tensor> tensors =
              IntStream.range(0, 2500).mapToObj(i -> numbers(device, i, ranks.rank())).toList();
          cards.broadcast(tensors);
          assertArrayEquals(new float[] {2499, 0}, tensors.getLast().toFloats());
          cards.allReduce(tensors).await();
          assertArrayEquals(new float[] {0, 0}, tensors.getFirst().toFloats());
          assertArrayEquals(new float[] {2 * 2499, 0}, tensors.getLast().toFloats());
        });
  }

  @Test
  void errorsAreInTheLibrarysWords() {
    together(
        2,
        DeviceConfig.DEFAULT,
        (device, cards, ranks) -> {
          Tensor x = numbers(device, new float[666]);
          assertEquals(
              "ncclAllReduce failed: invalid argument (666 elements); NCCL_DEBUG=WARN tells more",
              assertThrows(CollectiveException.class, () -> cards.allReduce(List.of(x)))
                  .getMessage());
          Tensor y = numbers(device, 1);
          cards.allReduce(List.of(y)).await();
          assertEquals(2, y.item());
        });
  }

  /** Its card ends, with no word to the others; whoever then reads results is told. */
  @Test
  void aRankThatIsLostIsNoticed() {
    ThreadRanks.run(
        2,
        ranks -> {
          Device device = Device.open("emulated");
          Collective cards = device.collective(ranks);
          if (ranks.rank() == 0) {
            Scope.run(() -> {
              Tensor x = numbers(device, 1);
              CollectiveException e =
                  assertThrows(
                      CollectiveException.class,
                      () -> {
                        while (true) {
                          x.item();
                          Thread.sleep(10);
                        }
                      });
              assertEquals(
                  "rank 0 lost the other ranks' cards: remote process exited;"
                      + " NCCL_DEBUG=WARN tells more",
                  e.getMessage());
              assertThrows(CollectiveException.class, device::synchronize);
              assertThrows(CollectiveException.class, () -> cards.allReduce(List.of(x)));
            });
            cards.close(); // does not wait for the one who is gone
          }
          device.close();
          return null;
        });
  }

  /** A rank that can not go on ends its card's exchange before it ends the job. */
  @Test
  void aRankThatAbortsEndsTheOthersExchange() {
    assertThrows(
        CollectiveException.class,
        () ->
            ThreadRanks.run(
                2,
                ranks -> {
                  try (Device device = Device.open("emulated")) {
                    Collective cards = device.collective(ranks);
                    if (ranks.rank() == 1) {
                      cards.abort(70); // a process among several would not come back
                      Scope.run(() -> assertOver(cards, numbers(device, 1)));
                    } else {
                      Scope.run(() -> cards.allReduce(List.of(numbers(device, 1))));
                    }
                  }
                  return null;
                }));
  }

  private static void assertOver(Collective cards, Tensor x) {
    assertEquals(
        "the collective of emulated is closed",
        assertThrows(IllegalStateException.class, () -> cards.allReduce(List.of(x))).getMessage());
  }

  private static String hostName() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void twoRanksOnOneCardAreRefused() {
    CollectiveException e =
        assertThrows(
            CollectiveException.class,
            () ->
                ThreadRanks.run(
                    2,
                    ranks -> {
                      EmulatedCuda cuda = new EmulatedCuda(EmulatedCuda.CARD);
                      cuda.driver().busId = "0000:3b:00.0";
                      try (Device device = device(cuda, DeviceConfig.DEFAULT)) {
                        return device.collective(ranks);
                      }
                    }));
    assertEquals(
        "ranks 0 and 1 of host "
            + hostName()
            + " are both on emulated (0000:3b:00.0): give each a card of its own, with --device"
            + " cuda, or set NCCL_LIBRARY=off to go through the host",
        e.getMessage());
  }

  /** If one rank has no library, all go through the host, even if they share a card. */
  @Test
  void withoutTheLibraryAllGoThroughTheHost() {
    ThreadRanks.run(
        2,
        ranks -> {
          EmulatedCuda cuda = new EmulatedCuda(EmulatedCuda.CARD);
          cuda.driver().busId = "0000:3b:00.0";
          try (Device device = device(cuda, DeviceConfig.DEFAULT)) {
            if (ranks.rank() == 1) {
              cuda.nccl = null;
            }
            try (Collective cards = device.collective(ranks)) {
              assertEquals(
                  "through the host: " + NOT_FOUND + " (rank 1, host " + hostName() + ")",
                  cards.toString());
              Scope.run(() -> {
                Tensor x = numbers(device, 1, 2);
                cards.allReduce(List.of(x)).await();
                assertArrayEquals(new float[] {2, 4}, x.toFloats());
              });
            }
            ranks.barrier();
          }
          return null;
        });
  }

  @Test
  void ranksOnOtherDevicesGoThroughTheHost() {
    ThreadRanks.run(
        2,
        ranks -> {
          try (Device device = ranks.leads() ? Device.open("ref") : Device.open("emulated")) {
            assertEquals(
                "through the host: ranks compute on emulated and ref",
                device.collective(ranks).toString());
          }
          return null;
        });
    try (Device device = Device.open("ref")) {
      assertEquals("one rank alone", device.collective(Collective.single()).toString());
      ThreadRanks.run(
          2,
          ranks -> {
            try (Device own = Device.open("ref")) {
              assertEquals("through the host", own.collective(ranks).toString());
            }
            return null;
          });
    }
  }

  private static Introduction on(String host, String busId, String nccl) {
    return new Introduction(host, host, "cuda:0", busId, false, nccl, "");
  }

  @Test
  void allRanksComeToTheSameConclusion() {
    Introduction first = on("a", "1", "NCCL 2.21.5");
    assertNull(Introduction.obstacle(List.of(first, on("b", "1", "NCCL 2.21.5"))));
    assertEquals(
        "rank 0 has NCCL 2.21.5 and rank 1 NCCL 2.18.3",
        Introduction.obstacle(List.of(first, on("b", "1", "NCCL 2.18.3"))));
    assertEquals(
        "the cards of ranks 0 and 1 keep feature maps in different orders",
        Introduction.obstacle(
            List.of(first, new Introduction("b", "b", "cuda:0", "1", true, first.nccl(), ""))));
    assertTrue(
        assertThrows(
                CollectiveException.class,
                () ->
                    Introduction.obstacle(
                        List.of(first, on("b", "1", first.nccl()), on("b", "1", first.nccl()))))
            .getMessage()
            .startsWith("ranks 1 and 2 of host b are both on cuda:0 (1): "));
  }
}
