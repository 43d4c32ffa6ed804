package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.HostMemory;
import dev.larmor.kernels.cpu.Lanes;
import dev.larmor.kernels.cpu.Team;

/**
 * A complex convolution, computed as one real convolution of twice the channels.
 *
 * <p>Complex numbers are interleaved, so a channels-last complex tensor is, byte for byte, a real
 * one whose channels alternate between real and imaginary parts. A complex weight a + ib is the
 * real 2×2 block that multiplies (re, im) by it:
 *
 * <pre>
 * [ a  −b ]
 * [ b   a ]
 * </pre>
 *
 * <p>The gradient of z is dL/dRe z + i·dL/dIm z, so the input gradient is the real one's, and the
 * gradient of a + ib gathers its block's: (g₀₀ + g₁₁) + i·(g₁₀ − g₀₁).
 *
 * <p>Workspace: the real weights or their gradient, then that of the real plan.
 */
final class ComplexConvolution implements ConvPlan {

  private final Team team;
  private final ConvDirection direction;
  private final ConvPlan real;
  private final int outChannels;
  private final long weightsPerOutput;
  private final long realOffset;

  /**
   * Plans a complex convolution.
   *
   * @param shape its geometry, channels counted as complex
   * @param real a plan for {@code shape.complexAsReal()} in the same direction; closed with this
   */
  ComplexConvolution(Team team, ConvShape shape, ConvDirection direction, ConvPlan real) {
    this.team = team;
    this.direction = direction;
    this.real = real;
    outChannels = shape.outChannels();
    weightsPerOutput = shape.weights() / outChannels;
    realOffset = HostMemory.align(4 * shape.weights() * Float.BYTES);
  }

  @Override
  public long workspaceBytes() {
    return realOffset + real.workspaceBytes();
  }

  @Override
  public void run(long input, long weights, long bias, long output, long workspace) {
    boolean gradient = direction == ConvDirection.BACKWARD_WEIGHTS;
    if (!gradient) {
      team.run(outChannels, (channel, worker) -> expand(channel, weights, workspace));
    }
    real.run(input, workspace, bias, output, workspace + realOffset);
    if (gradient) {
      team.run(outChannels, (channel, worker) -> contract(channel, weights, workspace));
    }
  }

  private void expand(int channel, long complex, long block) {
    long from = complex + channel * weightsPerOutput * 2 * Float.BYTES;
    long upper = block + channel * weightsPerOutput * 4 * Float.BYTES;
    long lower = upper + weightsPerOutput * 2 * Float.BYTES;
    for (long i = 0; i < weightsPerOutput; i++) {
      long at = i * 2 * Float.BYTES;
      float re = Lanes.get(from + at);
      float im = Lanes.get(from + at + Float.BYTES);
      Lanes.set(upper + at, re);
      Lanes.set(upper + at + Float.BYTES, -im);
      Lanes.set(lower + at, im);
      Lanes.set(lower + at + Float.BYTES, re);
    }
  }

  private void contract(int channel, long complex, long block) {
    long to = complex + channel * weightsPerOutput * 2 * Float.BYTES;
    long upper = block + channel * weightsPerOutput * 4 * Float.BYTES;
    long lower = upper + weightsPerOutput * 2 * Float.BYTES;
    for (long i = 0; i < weightsPerOutput; i++) {
      long at = i * 2 * Float.BYTES;
      float re = Lanes.get(upper + at) + Lanes.get(lower + at + Float.BYTES);
      float im = Lanes.get(lower + at) - Lanes.get(upper + at + Float.BYTES);
      Lanes.set(to + at, re);
      Lanes.set(to + at + Float.BYTES, im);
    }
  }

  @Override
  public void close() {
    real.close();
  }
}
