package dev.larmor.bench.peer;

/**
 * A piece of work that can be repeated and timed, alone or in turns with another one.
 *
 * <p>Not thread-safe: construct, step and close on one thread.
 */
public interface Peer extends AutoCloseable {

  /** What is timed, for the report: operation or mode, shape, precision. */
  String name();

  /**
   * Does the work once.
   *
   * @return wall seconds of the timed part
   */
  double step();

  /** Frees every tensor the peer holds. */
  @Override
  void close();
}
