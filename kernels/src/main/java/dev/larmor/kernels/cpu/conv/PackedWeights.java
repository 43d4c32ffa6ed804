package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.HostMemory;
import dev.larmor.kernels.cpu.dnnl.DnnlEngine;
import dev.larmor.kernels.cpu.dnnl.MemoryDesc;
import dev.larmor.kernels.cpu.dnnl.Primitive;
import java.util.ArrayList;
import java.util.List;

/**
 * Weights in the layouts the primitives of one plan chose, kept in the workspace during a call.
 *
 * <p>As a rule all primitives of a plan choose the same layout; each different one costs another
 * copy.
 */
final class PackedWeights implements AutoCloseable {

  /**
   * @param reorder copies to or from the engine's layout; null where that is the same layout
   */
  private record Packing(
      MemoryDesc layout, Primitive reorder, long elements, long bytes, long offset) {}

  private final DnnlEngine engine;
  private final boolean gradient;
  private final MemoryDesc plain;
  private final List<Packing> packings = new ArrayList<>();

  /**
   * Packs the weights, or unpacks the weight gradient, of {@code shape}.
   *
   * @param inChannels input channels per group the tensor in the engine's layout has; more than
   *     those of {@code shape} if that is a slab of it
   */
  PackedWeights(DnnlEngine engine, ConvShape shape, ConvDirection direction, int inChannels) {
    this.engine = engine;
    this.gradient = direction == ConvDirection.BACKWARD_WEIGHTS;
    this.plain = DnnlConvolution.engineWeights(shape, inChannels);
  }

  /**
   * Makes room for the layout a primitive wants.
   *
   * @param argument position of the weights among the primitive's arguments
   * @return number of the packing
   */
  int add(Primitive primitive, int argument, Workspace workspace) {
    MemoryDesc wanted = primitive.layout(argument);
    for (int i = 0; i < packings.size(); i++) {
      if (packings.get(i).layout.sameAs(wanted)) {
        return i;
      }
    }
    boolean same = wanted.sameAs(plain);
    Primitive reorder =
        same
            ? null
            : gradient
                ? Primitive.reorder(engine, wanted, plain)
                : Primitive.reorder(engine, plain, wanted);
    long bytes = HostMemory.align(wanted.bytes());
    long elements = wanted.bytes() / Float.BYTES;
    long scratch = same ? 0 : reorder.scratchBytes();
    long offset = same ? 0 : workspace.reserve(bytes + scratch);
    packings.add(new Packing(wanted, reorder, elements, bytes, offset));
    return packings.size() - 1;
  }

  /** Number of different layouts. */
  int layouts() {
    return packings.size();
  }

  /** Address of the weights in a layout: in the workspace, or the tensor itself. */
  long address(int packing, long weights, long workspace) {
    Packing p = packings.get(packing);
    return p.reorder == null ? weights : workspace + p.offset;
  }

  /** Floats of the gradient in a layout, padding of the layout included. */
  long elements(int packing) {
    return packings.get(packing).elements;
  }

  /** Bytes of the weights in a layout, rounded up to the alignment of the workspace. */
  long bytes(int packing) {
    return packings.get(packing).bytes;
  }

  /** Copies the weights to every layout wanted. */
  void pack(int worker, long weights, long workspace) {
    for (Packing p : packings) {
      if (p.reorder != null) {
        long packed = workspace + p.offset;
        p.reorder.execute(worker, packed + p.bytes, weights, packed);
      }
    }
  }

  /** Copies the gradient from the one layout to the tensor. */
  void unpack(int worker, long weights, long workspace) {
    Packing p = packings.getFirst();
    if (p.reorder != null) {
      long packed = workspace + p.offset;
      p.reorder.execute(worker, packed + p.bytes, packed, weights);
    }
  }

  @Override
  public void close() {
    for (Packing p : packings) {
      if (p.reorder != null) {
        p.reorder.close();
      }
    }
    plain.close();
  }
}
