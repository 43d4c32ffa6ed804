package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** How ranks share a host's processors. */
final class ProcessorsTest {
  @Test
  void lists() {
    assertEquals(1, Processors.count("7\n"));
    assertEquals(6, Processors.count("\t0-3,8,12"));
  }

  @Test
  void shares() {
    assertEquals(16, new Processors(16, 16, 16).share(1));
    assertEquals(4, new Processors(16, 16, 16).share(4));
    assertEquals(1, new Processors(2, 2, 2).share(4));
    // mpirun -np 2 binds each to a core.
    assertEquals(1, new Processors(16, 1, 1).share(2));
    assertTrue(new Processors(16, 1, 1).isBound(2));
    // Two ranks on each of two sockets.
    assertEquals(4, new Processors(16, 8, 8).share(4));
    assertFalse(new Processors(16, 8, 8).isBound(4));
    // A container's limit is all ranks' together.
    assertEquals(1, new Processors(64, 64, 4).share(4));
    assertFalse(new Processors(64, 64, 4).isBound(4));
  }

  @Test
  void ofThisProcess() {
    Processors here = Processors.ofProcess();
    assertEquals(Runtime.getRuntime().availableProcessors(), here.available());
    assertTrue(here.allowed() <= here.online() && here.available() <= here.allowed());
  }
}
