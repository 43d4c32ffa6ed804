package dev.larmor.models.ssl.adapt.classification;

/** What of the network is trained. */
public enum Tuning {
  /** All of it. */
  FULL,
  /** The last layer alone; the encoder stays as it is. */
  LINEAR,
  /**
   * First the last layer alone for twice the warm-up, then, with a warm-up of its own, all of it: a
   * new layer's large gradients would spoil what the encoder brings.
   */
  SAWTOOTH
}
