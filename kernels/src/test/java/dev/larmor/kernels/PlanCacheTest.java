package dev.larmor.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanCacheTest {

  @Test
  void thePlanUsedLeastRecentlyIsClosed() {
    List<String> closed = new ArrayList<>();
    try (PlanCache<String, PlanCache.Plan> cache = new PlanCache<>(2)) {
      PlanCache.Plan a = cache.get("a", key -> () -> closed.add(key));
      cache.get("b", key -> () -> closed.add(key));
      assertSame(a, cache.get("a", key -> () -> closed.add("made twice")));
      cache.get("c", key -> () -> closed.add(key));
      assertEquals(List.of("b"), closed);
      assertEquals(2, cache.size());
    }
    assertEquals(List.of("b", "a", "c"), closed);
  }
}
