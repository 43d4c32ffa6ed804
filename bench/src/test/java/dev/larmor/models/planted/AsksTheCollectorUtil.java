package dev.larmor.models.planted;

import dev.larmor.models.sown.Partner;

/** A name that says nothing, and memory left to the garbage collector. */
public interface AsksTheCollectorUtil {
  Partner partner();

  default void release() {
    System.gc();
  }
}
