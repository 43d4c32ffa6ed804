package dev.larmor.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Ledger.Tag;
import org.junit.jupiter.api.Test;

class PoolTest {
  private final BytesOnly backend = new BytesOnly();

  private Pool pool(Ledger ledger, long cache) {
    return new Pool(backend, ledger, cache);
  }

  @Test
  void sizeClassesLoseAtMostAnEighth() {
    assertEquals(256, Pool.sizeClass(1));
    assertEquals(256, Pool.sizeClass(256));
    assertEquals(512, Pool.sizeClass(257));
    assertEquals(9 * 1024, Pool.sizeClass(8 * 1024 + 1));
    assertEquals(8L << 30, Pool.sizeClass(8L << 30));
    assertEquals(9L << 30, Pool.sizeClass((8L << 30) + 1));
    for (long bytes = 2048; bytes < 1L << 40; bytes += bytes / 7) {
      long size = Pool.sizeClass(bytes);
      assertTrue(size >= bytes && size - bytes <= bytes / 8, bytes + " -> " + size);
      assertEquals(0, size % 256);
      assertEquals(size, Pool.sizeClass(size), "a class is its own class");
    }
  }

  @Test
  void reusesABlockOfTheSameClass() {
    Ledger ledger = new Ledger(Long.MAX_VALUE);
    Pool pool = pool(ledger, 1 << 20);
    Buffer first = pool.take(5000, Tag.TEMPORARY, "");
    pool.give(first, Tag.TEMPORARY, "");
    assertEquals(0, ledger.live());
    assertEquals(5120, ledger.cached());
    assertSame(first, pool.take(5100, Tag.SAVED, "x"));
    assertEquals(5120, ledger.live(Tag.SAVED));
    assertEquals(0, ledger.cached());
  }

  @Test
  void reusesNoBlockOfAnotherClass() {
    Ledger ledger = new Ledger(Long.MAX_VALUE);
    Pool pool = pool(ledger, 1 << 20);
    Buffer large = pool.take(9216, Tag.TEMPORARY, "");
    pool.give(large, Tag.TEMPORARY, "");
    assertNotSame(large, pool.take(8192, Tag.TEMPORARY, ""));
    assertEquals(8192, ledger.live(), "what is live depends on the requests alone");
  }

  @Test
  void holdsWhatWasOnceLive() {
    Ledger ledger = new Ledger(Long.MAX_VALUE);
    Pool pool = pool(ledger, 0);
    Buffer[] blocks = new Buffer[8];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = pool.take(1024L * (i + 1), Tag.TEMPORARY, "");
    }
    for (Buffer block : blocks) {
      pool.give(block, Tag.TEMPORARY, "");
    }
    assertEquals(36 * 1024, ledger.cached());
    Buffer fresh = pool.take(9 * 1024, Tag.TEMPORARY, "");
    assertEquals(36 * 1024, backend.heldBytes(), "9 went, the largest first, then the smallest");
    pool.give(fresh, Tag.TEMPORARY, "");
    assertEquals(ledger.cached(), backend.heldBytes());
    pool.trim(0);
    assertEquals(0, backend.heldBytes());
  }

  @Test
  void holdsItsBoundEvenIfLessWasLive() {
    Ledger ledger = new Ledger(Long.MAX_VALUE);
    Pool pool = pool(ledger, 10 * 1024);
    for (int i = 1; i <= 8; i++) {
      pool.give(pool.take(1024L * i, Tag.TEMPORARY, ""), Tag.TEMPORARY, "");
      assertTrue(ledger.cached() <= 10 * 1024);
    }
    assertTrue(ledger.cached() >= 8 * 1024);
  }

  @Test
  void emptiesTheCacheBeforeItRefuses() {
    Ledger ledger = new Ledger(8192);
    Pool pool = pool(ledger, 1 << 20);
    pool.give(pool.take(4096, Tag.TEMPORARY, ""), Tag.TEMPORARY, "");
    Buffer block = pool.take(8192, Tag.TEMPORARY, "");
    assertEquals(0, ledger.cached());
    assertEquals(8192, backend.heldBytes());
    assertThrows(BudgetExceededException.class, () -> pool.take(1, Tag.TEMPORARY, ""));
    pool.give(block, Tag.TEMPORARY, "");
  }

  @Test
  void emptiesTheCacheWhenTheDeviceHasNoMore() {
    backend.memory = 8192;
    Ledger ledger = new Ledger(Long.MAX_VALUE);
    Pool pool = pool(ledger, 1 << 20);
    pool.give(pool.take(4096, Tag.TEMPORARY, ""), Tag.TEMPORARY, "");
    pool.take(8192, Tag.TEMPORARY, "");
    assertEquals(8192, backend.heldBytes());
    BudgetExceededException e =
        assertThrows(
            BudgetExceededException.class, () -> pool.take(1, Tag.TEMPORARY, "unet.down.1"));
    assertTrue(
        e.getMessage()
            .startsWith(
                "bytes: bytes has no 256 bytes left: 256 B more for temporary at unet.down.1; held"),
        e.getMessage());
    assertEquals(8192, ledger.live(), "nothing is booked for what was refused");
  }

  @Test
  void varyingWidthsDoNotPileUp() {
    DeviceConfig config = DeviceConfig.DEFAULT.withCache(1 << 20);
    try (Device device = Device.over(backend, config)) {
      for (int width = 320; width < 400; width++) {
        TensorSpec spec = TensorSpec.of(DType.F32, 1, 2, 320, width);
        Scope.run(() -> {
          device.empty(spec, Tag.TEMPORARY);
        });
        assertTrue(backend.heldBytes() <= 1 << 20);
      }
      device.trim();
      assertEquals(0, backend.heldBytes());
    }
  }
}
