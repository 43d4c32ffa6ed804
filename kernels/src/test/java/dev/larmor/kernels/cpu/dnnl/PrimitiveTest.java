package dev.larmor.kernels.cpu.dnnl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PrimitiveTest {

  @BeforeEach
  void nativesAreHere() {
    assumeTrue(
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64"),
        "oneDNN is bundled for linux-amd64 only");
    assertEquals("", Dnnl.unavailableReason().orElse(""));
  }

  @Test
  void versionIsTheBundledOne() {
    assertTrue(Dnnl.version().startsWith("3.11."), Dnnl.version());
  }

  @Test
  void matmulOfTwoByThreeByTwo() {
    long before = Dnnl.liveHandles();
    try (Arena arena = Arena.ofConfined();
        DnnlEngine engine = new DnnlEngine(1);
        MemoryDesc a =
            MemoryDesc.strided(MemoryDesc.Type.F32, new long[] {2, 3}, new long[] {3, 1});
        MemoryDesc b =
            MemoryDesc.strided(MemoryDesc.Type.F32, new long[] {3, 2}, new long[] {1, 3});
        MemoryDesc c =
            MemoryDesc.strided(MemoryDesc.Type.F32, new long[] {2, 2}, new long[] {2, 1});
        Primitive product = Primitive.matmul(engine, a, b, c)) {
      assertEquals(24, a.bytes());
      assertTrue(a.sameAs(a));
      assertFalse(a.sameAs(c));
      MemorySegment x = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3, 4, 5, 6);
      MemorySegment y = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 0, 2, 0, 1, 3);
      MemorySegment z = arena.allocate(16);
      MemorySegment scratch = arena.allocate(Math.max(64, product.scratchBytes()), 64);
      product.execute(0, scratch.address(), x.address(), y.address(), z.address());
      // [1 2 3; 4 5 6] · [1 0; 0 1; 2 3], the second factor stored transposed
      assertEquals(7, z.getAtIndex(ValueLayout.JAVA_FLOAT, 0));
      assertEquals(11, z.getAtIndex(ValueLayout.JAVA_FLOAT, 1));
      assertEquals(16, z.getAtIndex(ValueLayout.JAVA_FLOAT, 2));
      assertEquals(23, z.getAtIndex(ValueLayout.JAVA_FLOAT, 3));
      assertTrue(Dnnl.liveHandles() > before);
    }
    assertEquals(before, Dnnl.liveHandles());
  }
}
