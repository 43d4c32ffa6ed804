package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Philox;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Blocks never overlap, slabs are used well, and everything goes back to the driver. */
class DeviceArenaTest {
  private static final long KIB = 1 << 10;
  private static final long MIB = 1 << 20;

  private final EmulatedDriver driver =
      new EmulatedDriver(EmulatedCuda.CARD, 256 * MIB, EmulatedCuda.FOLDER);
  private final DeviceArena arena = new DeviceArena(driver);

  @BeforeEach
  void attach() {
    driver.attach();
    driver.refusesSlabs = false;
  }

  @AfterEach
  void close() {
    arena.close();
    assertEquals(0, arena.heldBytes());
    assertEquals(null, driver.close(), "all goes back to the driver");
  }

  @Test
  void cutsSmallBlocksFromOneSlab() {
    List<Long> blocks = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      blocks.add(arena.allocate(16 * KIB));
    }
    assertEquals(DeviceArena.SLAB, driver.heldBytes, "1000 blocks of 16 KiB in 32 MiB");
    assertEquals(1000, blocks.stream().distinct().count());
    blocks.forEach(arena::free);
    assertEquals(0, driver.heldBytes, "an empty slab goes back");
  }

  @Test
  void joinsFreedNeighbours() {
    long[] blocks = new long[8];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = arena.allocate(4 * MIB);
    }
    assertEquals(DeviceArena.SLAB, driver.heldBytes);
    // In an order that needs joins to the left, to the right, and to both.
    for (int i : new int[] {3, 1, 2, 5, 4}) {
      arena.free(blocks[i]);
    }
    long wide = arena.allocate(7 * MIB);
    assertEquals(blocks[1], wide, "20 MiB in one piece");
    assertEquals(DeviceArena.SLAB, driver.heldBytes, "no second slab");
  }

  @Test
  void takesTheTightestGap() {
    long a = arena.allocate(6 * MIB);
    arena.allocate(KIB);
    long b = arena.allocate(2 * MIB);
    arena.allocate(KIB);
    arena.free(a);
    arena.free(b);
    assertEquals(b, arena.allocate(2 * MIB));
  }

  @Test
  void asksTheDriverForLargeBlocks() {
    long block = arena.allocate(DeviceArena.LARGE);
    assertEquals(DeviceArena.LARGE, driver.heldBytes);
    arena.free(block);
    assertEquals(0, driver.heldBytes);
  }

  @Test
  void asksForASmallBlockWhereThereIsNoRoomForASlab() {
    arena.allocate(250 * MIB);
    arena.allocate(MIB);
    assertEquals(251 * MIB, driver.heldBytes);
    assertThrows(OutOfMemoryError.class, () -> arena.allocate(7 * MIB));
  }

  @Test
  void blocksNeverOverlapWhateverTheOrder() {
    Philox stream = Philox.of(5, "arena");
    TreeMap<Long, Long> live = new TreeMap<>();
    Map<Integer, Long> slots = new HashMap<>();
    long asked = 0;
    long most = 0;
    for (int i = 0; i < 20_000; i++) {
      int slot = stream.below(200, 3L * i);
      Long old = slots.remove(slot);
      if (old != null) {
        asked -= live.remove(old);
        arena.free(old);
        continue;
      }
      long bytes = 256L * (1 + stream.below(1 << stream.below(11, 3L * i + 1), 3L * i + 2));
      long address = arena.allocate(bytes);
      assertEquals(0, address % 256);
      Map.Entry<Long, Long> before = live.floorEntry(address);
      Map.Entry<Long, Long> after = live.ceilingEntry(address);
      assertTrue(before == null || before.getKey() + before.getValue() <= address);
      assertTrue(after == null || address + bytes <= after.getKey());
      live.put(address, bytes);
      slots.put(slot, address);
      asked += bytes;
      most = Math.max(most, asked);
    }
    assertTrue(driver.peakBytes <= 2 * most + DeviceArena.SLAB, "little is lost between blocks");
    live.keySet().forEach(arena::free);
    assertEquals(0, driver.heldBytes);
  }
}
