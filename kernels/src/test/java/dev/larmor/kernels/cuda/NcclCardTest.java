package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Collective;
import dev.larmor.engine.CollectiveException;
import dev.larmor.engine.ThreadRanks;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two cards through JCuda and its natives, and NCCL, with {@link StandIn}s behind them: where the
 * library is found, what it is given, how cards are told apart.
 */
class NcclCardTest {
  @TempDir static Path directory;

  private static String run(String... variables) throws Exception {
    StandIn.nccl(directory);
    var process = StandIn.card(directory).with("STANDIN_CARDS", 2).with("NCCL_LIBRARY", "");
    for (int i = 0; i < variables.length; i += 2) {
      process.with(variables[i], variables[i + 1]);
    }
    return process.run(Program.class);
  }

  @Test
  void sumsOverTwoCards() throws Exception {
    assertEquals("NCCL 2.21.5: [12.0, 24.0, 36.0] [12.0, 24.0, 36.0]", run());
  }

  @Test
  void theLibraryIsTheUsersChoice() throws Exception {
    String off = run("NCCL_LIBRARY", "off");
    assertTrue(off.startsWith("NCCL_LIBRARY is off (rank 0, host "), off);
    String nowhere = run("NCCL_LIBRARY", "/nowhere/libnccl.so.2");
    assertTrue(
        nowhere.startsWith("/nowhere/libnccl.so.2 is not found, or can not be loaded"), nowhere);
    String other = run("NCCL_LIBRARY", directory.resolve("libcuda.so.1").toString());
    assertTrue(other.contains("libcuda.so.1 is older than NCCL 2.13"), other);
  }

  @Test
  void cardsAreToldApartByTheirPlaces() throws Exception {
    String shared = run("STANDIN_ONE_PLACE", "1");
    assertTrue(shared.contains("are both on cuda:0 (0000:3b:00.0): give each a card"), shared);
  }

  /** What runs in the child. */
  static final class Program {
    public static void main(String[] args) {
      Cards.count();
      List<JCudaCard> cards = IntStream.range(0, 2).mapToObj(JCudaCard::new).toList();
      List<Introduction> peers =
          cards.stream().map(card -> Introduction.of("cuda:0", card, false)).toList();
      try {
        String obstacle = Introduction.obstacle(peers);
        System.out.println(
            obstacle == null
                ? peers.getFirst().nccl()
                    + ": "
                    + String.join(
                        " ", ThreadRanks.run(2, ranks -> sum(ranks, cards.get(ranks.rank()))))
                : obstacle);
      } catch (CollectiveException e) {
        System.out.println(e.getMessage());
      }
      cards.forEach(JCudaCard::close);
    }

    private static String sum(Collective ranks, JCudaCard card) {
      Driver driver = card.driver();
      driver.attach();
      float scale = ranks.leads() ? 2 : 10;
      MemorySegment pinned = driver.allocatePinned(12);
      pinned.copyFrom(MemorySegment.ofArray(new float[] {scale, 2 * scale, 3 * scale}));
      long x = driver.allocate(12);
      driver.upload(pinned, x, Driver.Stream.COLLECTIVE);
      byte[] id = ranks.broadcast(ranks.leads() ? card.nccl().uniqueId() : new byte[0]);
      NcclLibrary.Communicator together = card.nccl().join(id, ranks.rank(), 2);
      together.group(() -> together.allReduce(x, 3));
      driver.download(x, pinned, Driver.Stream.COLLECTIVE);
      driver.synchronize(Driver.Stream.COLLECTIVE);
      ranks.barrier();
      together.destroy();
      return Arrays.toString(pinned.toArray(ValueLayout.JAVA_FLOAT));
    }
  }
}
