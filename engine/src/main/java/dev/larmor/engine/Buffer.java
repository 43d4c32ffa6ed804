package dev.larmor.engine;

/** A block of a backend's memory. Each backend has its own kind; nobody else looks inside. */
public interface Buffer {
  /** Usable bytes. */
  long bytes();
}
