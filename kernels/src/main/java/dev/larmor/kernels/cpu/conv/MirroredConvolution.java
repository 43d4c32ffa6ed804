package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.HostMemory;
import dev.larmor.kernels.cpu.Lanes;
import dev.larmor.kernels.cpu.Team;
import java.util.ArrayList;
import java.util.List;

/**
 * A gradient of a stride-1 convolution computed on its mirror image: the convolution that maps
 * outputs to inputs, with channels exchanged and the kernel turned round.
 *
 * <pre>
 * dx[p, i]       = Σ_{k, o} w[o, K−1−k, i] · dy[p + k − (K−1−pad), o]
 * dw[o, K−1−k, i] = Σ_p x[p, i] · dy[p + k − (K−1−pad), o]
 * </pre>
 *
 * <p>The input gradient is the mirror's forward pass, and the weight gradient is its weight
 * gradient with the two activations exchanged. Worth while where one side has very few channels:
 * {@link FoldedKernel} is a forward pass, and oneDNN's weight gradient wants its many channels on
 * the output side.
 *
 * <p>Workspace: the mirror's weights or their gradient, then that of the mirror's plan.
 */
final class MirroredConvolution implements ConvPlan {

  private final Team team;
  private final ConvShape shape;
  private final boolean gradient;
  private final ConvPlan mirror;
  private final long mirrorOffset;

  /**
   * Plans a gradient of {@code shape}.
   *
   * @param direction one of the two backward directions
   * @param mirror a plan for {@link #of}, forward for {@link ConvDirection#BACKWARD_DATA}, else
   *     backward weights; closed with this
   */
  MirroredConvolution(Team team, ConvShape shape, ConvDirection direction, ConvPlan mirror) {
    this.team = team;
    this.shape = shape;
    this.gradient = direction == ConvDirection.BACKWARD_WEIGHTS;
    this.mirror = mirror;
    this.mirrorOffset = HostMemory.align(shape.weights() * Float.BYTES);
  }

  /**
   * Whether a convolution has a mirror image: one group, stride 1, padding less than the kernel.
   */
  static boolean exists(ConvShape shape) {
    return shape.groups() == 1
        && shape.axes().stream()
            .allMatch(
                a -> a.stride() == 1 && a.padBefore() < a.extent() && a.padAfter() < a.extent());
  }

  /** The convolution from outputs to inputs. */
  static ConvShape of(ConvShape shape) {
    List<ConvShape.Axis> axes = new ArrayList<>();
    for (ConvShape.Axis axis : shape.axes()) {
      axes.add(
          new ConvShape.Axis(
              axis.out(),
              axis.kernel(),
              1,
              axis.extent() - 1 - axis.padBefore(),
              axis.extent() - 1 - axis.padAfter(),
              axis.dilation()));
    }
    return new ConvShape(shape.batch(), 1, shape.outChannels(), shape.inChannels(), axes);
  }

  @Override
  public long workspaceBytes() {
    return mirrorOffset + mirror.workspaceBytes();
  }

  @Override
  public void run(long input, long weights, long bias, long output, long workspace) {
    int out = shape.outChannels();
    int in = shape.inChannels();
    if (gradient) {
      mirror.run(output, workspace, 0, input, workspace + mirrorOffset);
      team.run(1, (task, worker) -> turn(workspace, in, weights, out));
    } else {
      team.run(1, (task, worker) -> turn(weights, out, workspace, in));
      mirror.run(output, workspace, 0, input, workspace + mirrorOffset);
    }
  }

  /** Copies weights [fromRows, taps, toRows] to [toRows, taps reversed, fromRows]. */
  private void turn(long from, int fromRows, long to, int toRows) {
    int taps = shape.taps();
    for (int row = 0; row < fromRows; row++) {
      for (int tap = 0; tap < taps; tap++) {
        for (int column = 0; column < toRows; column++) {
          long source = ((long) row * taps + tap) * toRows + column;
          long target = ((long) column * taps + taps - 1 - tap) * fromRows + row;
          Lanes.set(to + target * Float.BYTES, Lanes.get(from + source * Float.BYTES));
        }
      }
    }
  }

  @Override
  public void close() {
    mirror.close();
  }
}
