package dev.larmor.models.sown;

import dev.larmor.models.planted.AsksTheCollectorUtil;

/** The other half of a cycle between packages. */
public interface Partner {
  AsksTheCollectorUtil back();
}
