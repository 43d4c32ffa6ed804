package dev.larmor.bench;

/** A piece of work that can be run again and again. */
public interface Timed extends AutoCloseable {
  String name();

  /** Runs the work once, to its end. */
  void run();

  /** Most bytes the ledger saw live since this work was made. */
  long ledgerPeak();

  @Override
  void close();
}
