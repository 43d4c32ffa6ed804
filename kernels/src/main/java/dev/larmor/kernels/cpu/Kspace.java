package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.TensorSpec;
import dev.larmor.kernels.HostMemory;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Ops on k-space lines {@code C64[coils, H, W]} with one mask {@code F32[W]} for all of them. */
final class Kspace {
  private final Team team;

  Kspace(Team team) {
    this.team = team;
  }

  /** Workspace: the mask twice for each column, for real and imaginary part. */
  static long workspace(TensorSpec k) {
    return HostMemory.align(2 * FLOAT * k.shape().dim(2));
  }

  private interface Row {
    /** Works on a line: {@code offset} bytes into each tensor. */
    void run(long offset, int floats);
  }

  /** Runs {@code body} over all lines, with each column's factor·mask twice in the workspace. */
  private void rows(Array k, Array mask, float factor, long workspace, Row body) {
    int width = k.dim(2);
    for (int w = 0; w < width; w++) {
      float m = factor * mask.get(w);
      Lanes.set(workspace + 2L * w * FLOAT, m);
      Lanes.set(workspace + (2L * w + 1) * FLOAT, m);
    }
    long rowBytes = 2L * width * FLOAT;
    Split.ranges(
        team,
        (long) k.dim(0) * k.dim(1),
        Math.max(1, Split.GRAIN * FLOAT / rowBytes),
        (from, to) -> {
          for (long row = from; row < to; row++) {
            body.run(row * rowBytes, 2 * width);
          }
        });
  }

  void mask(Array k, Array mask, Array y, long workspace) {
    rows(
        k,
        mask,
        1,
        workspace,
        (at, floats) -> maskRow(k.address() + at, workspace, y.address() + at, floats));
  }

  private static void maskRow(long k, long mask, long y, int floats) {
    long end = (long) floats * FLOAT;
    long i = 0;
    for (; i + Lanes.BYTES <= end; i += Lanes.BYTES) {
      Lanes.store(Lanes.load(k + i).mul(Lanes.load(mask + i)), y + i);
    }
    if (i < end) {
      VectorMask<Float> valid = Lanes.first((end - i) / FLOAT);
      Lanes.store(Lanes.load(k + i, valid).mul(Lanes.load(mask + i)), y + i, valid);
    }
  }

  /** mask∘(k − reference). */
  void residual(Array k, Array reference, Array mask, Array y, long workspace) {
    rows(
        k,
        mask,
        1,
        workspace,
        (at, floats) ->
            residualRow(
                k.address() + at, reference.address() + at, workspace, y.address() + at, floats));
  }

  private static void residualRow(long k, long reference, long mask, long y, int floats) {
    long end = (long) floats * FLOAT;
    long i = 0;
    for (; i + Lanes.BYTES <= end; i += Lanes.BYTES) {
      FloatVector difference = Lanes.load(k + i).sub(Lanes.load(reference + i));
      Lanes.store(difference.mul(Lanes.load(mask + i)), y + i);
    }
    if (i < end) {
      VectorMask<Float> valid = Lanes.first((end - i) / FLOAT);
      FloatVector difference = Lanes.load(k + i, valid).sub(Lanes.load(reference + i, valid));
      Lanes.store(difference.mul(Lanes.load(mask + i)), y + i, valid);
    }
  }

  /** k − w·mask∘(k − reference) − refinement. */
  void softDataConsistency(
      Array k,
      Array reference,
      Array refinement,
      Array mask,
      Array weight,
      Array y,
      long workspace) {
    rows(
        k,
        mask,
        -weight.get(0),
        workspace,
        (at, floats) ->
            softRow(
                k.address() + at,
                reference.address() + at,
                refinement.address() + at,
                workspace,
                y.address() + at,
                floats));
  }

  private static void softRow(
      long k, long reference, long refinement, long factor, long y, int floats) {
    long end = (long) floats * FLOAT;
    long i = 0;
    for (; i + Lanes.BYTES <= end; i += Lanes.BYTES) {
      FloatVector x = Lanes.load(k + i);
      FloatVector difference = x.sub(Lanes.load(reference + i));
      Lanes.store(difference.fma(Lanes.load(factor + i), x).sub(Lanes.load(refinement + i)), y + i);
    }
    if (i < end) {
      VectorMask<Float> valid = Lanes.first((end - i) / FLOAT);
      FloatVector x = Lanes.load(k + i, valid);
      FloatVector difference = x.sub(Lanes.load(reference + i, valid));
      Lanes.store(
          difference.fma(Lanes.load(factor + i), x).sub(Lanes.load(refinement + i, valid)),
          y + i,
          valid);
    }
  }

  /** (1 − w·mask)∘g. */
  void softGrad(Array g, Array mask, Array weight, Array y, long workspace) {
    rows(
        g,
        mask,
        -weight.get(0),
        workspace,
        (at, floats) -> softGradRow(g.address() + at, workspace, y.address() + at, floats));
  }

  private static void softGradRow(long g, long factor, long y, int floats) {
    long end = (long) floats * FLOAT;
    long i = 0;
    for (; i + Lanes.BYTES <= end; i += Lanes.BYTES) {
      FloatVector x = Lanes.load(g + i);
      Lanes.store(x.fma(Lanes.load(factor + i), x), y + i);
    }
    if (i < end) {
      VectorMask<Float> valid = Lanes.first((end - i) / FLOAT);
      FloatVector x = Lanes.load(g + i, valid);
      Lanes.store(x.fma(Lanes.load(factor + i), x), y + i, valid);
    }
  }
}
