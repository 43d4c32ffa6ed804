package dev.larmor.bench;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.GradSink;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.LossScale;
import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Recompute;
import dev.larmor.engine.Collective;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Shares;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.simclr.ContrastiveStep;
import dev.larmor.models.simclr.NtXent;
import dev.larmor.models.simclr.SimClr;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * SimCLR's pre-training step with the published network – upload, forward of both views, NT-Xent,
 * backward, the loss read back, clipping, Adam – on views of random numbers. Ranks share the batch.
 */
public final class TimedEncoder implements Timed {
  private static final double CLIP = 0.1;
  private static final double RATE = 3e-4;

  private final String name;
  private final Device device;
  private final SimClr network;
  private final Adam adam;
  private final LossScale lossScale;
  private final Collective ranks;
  private final ContrastiveStep step;
  private final Random views;

  /** Views of random numbers of some images of a batch, the same in each step. */
  private record Random(Device device, Shares.Share images, int edge, float[][] values)
      implements ContrastiveStep.Views {
    @Override
    public int[] groups() {
      return IntStream.range(images.first(), images.end()).toArray();
    }

    @Override
    public Tensor upload(int view, int first, int count) {
      int voxels = edge * edge * edge;
      float[] part = new float[count * voxels];
      System.arraycopy(values[view], first * voxels, part, 0, part.length);
      return device.tensor(TensorSpec.of(DType.F32, count, 1, edge, edge, edge), part);
    }
  }

  /**
   * Makes the network and the views.
   *
   * @param images in the batch
   * @param edge of the views
   * @param ranks that share the batch
   */
  public TimedEncoder(
      int images, int edge, Precision precision, String deviceName, int threads, Collective ranks) {
    this.ranks = ranks;
    name = "simclr " + images + "x" + edge + " " + precision;
    device =
        Device.open(deviceName, DeviceConfig.DEFAULT.withThreads(threads).withPrecision(precision));
    ResidualEncoder.Config published = ResidualEncoder.Config.RES_ENC_L;
    network =
        new SimClr(
            new SimClr.Config(
                new ResidualEncoder.Config(1, published.features(), published.blocks(), precision),
                SimClr.Config.DEFAULT.hidden(),
                SimClr.Config.DEFAULT.embedding()));
    network.place(device, Philox.of(2025, "init"));
    adam = new Adam(network.parameters(), Adam.Config.adam(0.9, 0.999));
    lossScale = LossScale.of(precision);
    step =
        new ContrastiveStep(
            network, NtXent.DEFAULT, Recompute.NEVER, images, lossScale.value(), ranks);
    Shares.Share own = ranks.share(images);
    int voxels = edge * edge * edge;
    float[][] values = new float[2][own.count() * voxels];
    for (int view = 0; view < 2; view++) {
      Philox stream = Philox.of(2025, "view").with(view);
      for (int i = 0; i < values[view].length; i++) {
        values[view][i] = (float) stream.normal((long) own.first() * voxels + i);
      }
    }
    views = new Random(device, own, edge, values);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void run() {
    run(_ -> {});
  }

  /**
   * Runs the step.
   *
   * @param arrived told of each parameter as soon as its gradient is complete
   */
  public void run(Consumer<Parameter> arrived) {
    try (Gradients gradients = new Gradients(network.parameters(), ranks)) {
      step.run(views, telling(gradients, arrived));
      gradients.exchange();
      if (lossScale.unscale(gradients)) {
        gradients.clip(CLIP);
        adam.step(gradients, RATE);
      }
    }
    device.synchronize();
  }

  private GradSink telling(Gradients gradients, Consumer<Parameter> arrived) {
    return new GradSink() {
      @Override
      public void lastPass() {
        gradients.lastPass();
      }

      @Override
      public void complete(Parameter parameter, Tensor gradient) {
        gradients.complete(parameter, gradient);
        arrived.accept(parameter);
      }
    };
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public double leastSeconds() {
    return Double.NaN;
  }

  @Override
  public void close() {
    adam.close();
    network.close();
    device.close();
  }
}
