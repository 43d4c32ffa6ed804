package dev.larmor.engine;

import dev.larmor.engine.Ledger.Tag;

/**
 * A counted block of device memory; several tensors may view one storage (reshape, complex as
 * channels).
 */
final class Storage {
  final Device device;
  final Buffer buffer;
  final String where;
  private Tag tag;
  private int tensors = 1;

  Storage(Device device, Buffer buffer, Tag tag, String where) {
    this.device = device;
    this.buffer = buffer;
    this.tag = tag;
    this.where = where;
  }

  Tag tag() {
    return tag;
  }

  void retag(Tag to) {
    device.ledger().retag(tag, to, buffer.bytes());
    tag = to;
  }

  boolean isViewed() {
    return tensors > 1;
  }

  void retain() {
    tensors++;
  }

  void release() {
    if (--tensors == 0) {
      device.reclaim(this);
    }
  }
}
