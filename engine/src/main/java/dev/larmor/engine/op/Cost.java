package dev.larmor.engine.op;

/**
 * The work of one op, for rooflines.
 *
 * @param flop floating-point operations (a multiply-add is two)
 * @param bytes memory traffic of a perfect kernel: each input read once, each output written once
 */
public record Cost(double flop, double bytes) {
  public Cost plus(Cost other) {
    return new Cost(flop + other.flop, bytes + other.bytes);
  }
}
