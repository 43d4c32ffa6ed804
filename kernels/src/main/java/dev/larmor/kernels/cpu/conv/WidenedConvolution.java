package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.cpu.Lanes;
import dev.larmor.kernels.cpu.Team;

/**
 * A BF16 convolution computed by an F32 plan, on copies in the workspace: for processors without
 * bfloat16 and for the Java kernels.
 */
final class WidenedConvolution implements ConvPlan {

  /** Elements converted by one task. */
  private static final long BLOCK = 1 << 16;

  private final Team team;
  private final ConvDirection direction;
  private final ConvPlan wide;
  private final long inputs;
  private final long outputs;
  private final long inputOffset;
  private final long outputOffset;
  private final long wideOffset;

  /**
   * Plans a BF16 convolution.
   *
   * @param wide an F32 plan for the same shape and direction; closed with this
   */
  WidenedConvolution(Team team, ConvShape shape, ConvDirection direction, ConvPlan wide) {
    this.team = team;
    this.direction = direction;
    this.wide = wide;
    inputs = shape.batch() * shape.inPixels() * shape.inChannels();
    outputs = shape.batch() * shape.outPixels() * shape.outChannels();
    Workspace layout = new Workspace();
    inputOffset = layout.reserve(inputs * Float.BYTES);
    outputOffset = layout.reserve(outputs * Float.BYTES);
    wideOffset = layout.bytes();
  }

  @Override
  public long workspaceBytes() {
    return wideOffset + wide.workspaceBytes();
  }

  @Override
  public void run(long input, long weights, long bias, long output, long workspace) {
    long wideInput = workspace + inputOffset;
    long wideOutput = workspace + outputOffset;
    if (direction != ConvDirection.BACKWARD_DATA) {
      widen(input, wideInput, inputs);
    }
    if (direction != ConvDirection.FORWARD) {
      widen(output, wideOutput, outputs);
    }
    wide.run(wideInput, weights, bias, wideOutput, workspace + wideOffset);
    if (direction == ConvDirection.FORWARD) {
      narrow(wideOutput, output, outputs);
    }
    if (direction == ConvDirection.BACKWARD_DATA) {
      narrow(wideInput, input, inputs);
    }
  }

  private void widen(long from, long to, long elements) {
    team.run(
        Math.toIntExact(Math.ceilDiv(elements, BLOCK)),
        (task, worker) -> {
          long end = Math.min(elements, (task + 1) * BLOCK);
          for (long i = task * BLOCK; i < end; i++) {
            Lanes.set(to + i * Float.BYTES, Lanes.getBf16(from + i * Short.BYTES));
          }
        });
  }

  private void narrow(long from, long to, long elements) {
    team.run(
        Math.toIntExact(Math.ceilDiv(elements, BLOCK)),
        (task, worker) -> {
          long end = Math.min(elements, (task + 1) * BLOCK);
          for (long i = task * BLOCK; i < end; i++) {
            Lanes.setBf16(to + i * Short.BYTES, Lanes.get(from + i * Float.BYTES));
          }
        });
  }

  @Override
  public void close() {
    wide.close();
  }
}
