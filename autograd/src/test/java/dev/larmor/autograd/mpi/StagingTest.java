package dev.larmor.autograd.mpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** The same memory serves every step, and is gone at the end. */
final class StagingTest {
  @Test
  void blocksAreTakenAgain() {
    MemorySegment block;
    try (Staging staging = new Staging()) {
      block = staging.take(1000);
      MemorySegment large = staging.take(100_000);
      assertNotEquals(block.address(), large.address());
      staging.give(large);
      staging.give(block);
      assertEquals(block.address(), staging.take(900).address(), "the smallest that is enough");
      assertEquals(large.address(), staging.take(900).address());
      assertEquals(0, staging.take(1).address() % 64);
      block.fill((byte) 1);
    }
    assertThrows(IllegalStateException.class, () -> block.fill((byte) 1));
  }
}
