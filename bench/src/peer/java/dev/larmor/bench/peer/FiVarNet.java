package dev.larmor.bench.peer;

import static dev.larmor.bench.peer.Slot.MEAN;
import static dev.larmor.bench.peer.Slot.SENS;
import static dev.larmor.bench.peer.Slot.VAR;
import static dev.larmor.bench.peer.Slot.X;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * FI-VarNet (feature-image variational network), without block attention: sensitivity model,
 * encode, feature cascades, decode, image cascades, root of the sum of squares.
 */
final class FiVarNet implements AutoCloseable {
  /** Cascades whose output passes two further convolutions. */
  private static final List<Integer> WITH_EXTRA_CONVS = List.of(0, 3, 6, 9);

  private static final double KSPACE_FACTOR = 1e6;
  private static final int IMAGE_SIZE = 384;

  /** {@code output_scale}: one frozen scalar that the original registers and never uses. */
  private static final int UNUSED_PARAMETERS = 1;

  /**
   * The sizes of a model.
   *
   * @param precision data type inside the U-Nets, {@code Float} or {@code BFloat16}; the rest is
   *     F32
   */
  record Config(
      int featureCascades,
      int imageCascades,
      int chans,
      int sensChans,
      int pools,
      int sensPools,
      ScalarType precision) {
    /** The published model: 78,282,707 parameters. */
    static Config published(ScalarType precision) {
      return new Config(8, 2, 32, 8, 4, 4, precision);
    }
  }

  /**
   * A slice as the network sees it: scaled, masked k-space C64 {@code [C, H, W]}; mask F32 {@code
   * [W]}.
   */
  record Slice(Tensor kspace, Tensor mask, Tensor centre) implements AutoCloseable {
    /**
     * @param kspace C64 {@code [C, H, W]} in the units of the file, fully sampled or masked
     * @param mask sampled columns
     */
    static Slice of(Tensor kspace, boolean[] mask) {
      try (Frame _ = new Frame()) {
        Tensor sampled = Tensor.create(columns(mask), mask.length);
        Tensor scaled = kspace.mul(new Scalar(KSPACE_FACTOR));
        scaled.mul_(sampled);
        Tensor centre = Tensor.create(columns(sampledCentre(mask)), mask.length);
        return new Slice(Frame.own(scaled), Frame.own(sampled), Frame.own(centre));
      }
    }

    /**
     * The fully sampled columns around the centre, widened to the symmetric range the original
     * takes.
     */
    private static boolean[] sampledCentre(boolean[] mask) {
      int middle = mask.length / 2;
      int left = 0;
      while (middle - 1 - left >= 0 && mask[middle - 1 - left]) {
        left++;
      }
      int right = 0;
      while (middle + right < mask.length && mask[middle + right]) {
        right++;
      }
      int count = Math.max(2 * Math.min(left, right), 1);
      int pad = (mask.length - count + 1) / 2;
      boolean[] centre = new boolean[mask.length];
      Arrays.fill(centre, pad, pad + count, true);
      return centre;
    }

    private static float[] columns(boolean[] on) {
      float[] columns = new float[on.length];
      for (int i = 0; i < on.length; i++) {
        columns[i] = on[i] ? 1 : 0;
      }
      return columns;
    }

    @Override
    public void close() {
      kspace.close();
      mask.close();
      centre.close();
    }
  }

  private record FeatureCascade(Tensor dcWeight, Unet2d unet, List<Tensor> extraConvs) {}

  private record ImageCascade(Tensor dcWeight, NormUnet unet) {}

  private final Weights weights = new Weights();
  private final NormUnet sensNet;
  private final Tensor encoderWeight;
  private final Tensor encoderBias;
  private final Tensor decoderWeight;
  private final Tensor decoderBias;
  private final List<FeatureCascade> featureCascades = new ArrayList<>();
  private final List<ImageCascade> imageCascades = new ArrayList<>();

  FiVarNet(Config c) {
    int chans = c.chans();
    sensNet =
        new NormUnet(weights, "sens_net.norm_unet", c.sensChans(), c.sensPools(), c.precision());
    encoderWeight = weights.uniform("encoder.encoder.0.weight", 25 * 2, chans, 2, 5, 5);
    encoderBias = weights.uniform("encoder.encoder.0.bias", 25 * 2, chans);
    decoderWeight = weights.uniform("decoder.decoder.weight", 25L * chans, 2, chans, 5, 5);
    decoderBias = weights.uniform("decoder.decoder.bias", 25L * chans, 2);
    for (int i = 0; i < c.featureCascades(); i++) {
      String name = "feature_cascades." + i;
      Tensor dcWeight = weights.scalar(name + ".dc_weight", 1);
      Unet2d unet =
          new Unet2d(weights, name + ".feature_processor", chans, c.pools(), c.precision());
      List<Tensor> extraConvs = new ArrayList<>();
      if (WITH_EXTRA_CONVS.contains(i)) {
        for (int layer : new int[] {0, 3}) {
          extraConvs.add(
              weights.uniform(
                  name + ".output_conv." + layer + ".weight", 25L * chans, chans, chans, 5, 5));
        }
      }
      featureCascades.add(new FeatureCascade(dcWeight, unet, extraConvs));
    }
    for (int i = 0; i < c.imageCascades(); i++) {
      String name = "image_cascades." + i;
      Tensor dcWeight = weights.scalar(name + ".dc_weight", 1);
      imageCascades.add(
          new ImageCascade(
              dcWeight, new NormUnet(weights, name + ".model", chans, c.pools(), c.precision())));
    }
  }

  Weights weights() {
    return weights;
  }

  /** Number of parameters, the frozen one included. */
  long parameterCount() {
    return weights.count() + UNUSED_PARAMETERS;
  }

  /**
   * The network for one slice; the last stage leaves the image, F32 {@code [1, 384, 384]}, in X.
   */
  List<Stage> stages(Slice slice) {
    List<Stage> stages = new ArrayList<>();
    stages.add(
        new Stage(
            Stage.Kind.SENSITIVITY, List.of(), List.of(SENS), in -> List.of(sensitivity(slice))));
    stages.add(
        cascade(List.of(SENS), List.of(X, MEAN, VAR), in -> firstFeatures(slice, in.get(0))));
    for (FeatureCascade cascade : featureCascades) {
      stages.add(
          cascade(
              List.of(X, SENS, MEAN, VAR),
              List.of(X),
              in -> List.of(features(cascade, slice, in.get(0), in.get(1), in.get(2), in.get(3)))));
    }
    stages.add(
        cascade(
            List.of(X, SENS, MEAN, VAR),
            List.of(X),
            in -> List.of(kspace(in.get(0), in.get(1), in.get(2), in.get(3)))));
    for (ImageCascade cascade : imageCascades) {
      stages.add(
          cascade(
              List.of(X, SENS),
              List.of(X),
              in -> List.of(kspace(cascade, slice, in.get(0), in.get(1)))));
    }
    stages.add(
        new Stage(Stage.Kind.IMAGE, List.of(X), List.of(X), in -> List.of(image(in.get(0)))));
    return stages;
  }

  private static Stage cascade(List<Slot> reads, List<Slot> writes, Stage.Body body) {
    return new Stage(Stage.Kind.CASCADE, reads, writes, body);
  }

  private Tensor sensitivity(Slice slice) {
    try (Frame f = new Frame()) {
      Tensor y = slice.kspace().mul(slice.centre());
      y = Layers.through(y, Coils::ifft);
      y = Layers.through(y, Coils::channels);
      y = Layers.through(y, sensNet::forward);
      y = Layers.through(y, Coils::complex);
      return f.keep(y.div(Coils.rss(y)));
    }
  }

  private List<Tensor> firstFeatures(Slice slice, Tensor sens) {
    try (Frame f = new Frame()) {
      Tensor x = Coils.reduce(slice.kspace(), sens);
      long[] plane = {2, 3};
      Tensor mean = x.mean(plane, true, new ScalarTypeOptional());
      Tensor var = x.var(plane, false, true);
      return List.of(f.keep(encode(x, mean, var)), f.keep(mean), f.keep(var));
    }
  }

  private Tensor encode(Tensor image, Tensor mean, Tensor var) {
    try (Frame f = new Frame()) {
      Tensor y = image.sub(mean);
      y = Layers.through(y, t -> t.mul(var.rsqrt()));
      return f.keep(Layers.conv(y, encoderWeight, encoderBias));
    }
  }

  private Tensor decode(Tensor features, Tensor mean, Tensor var) {
    try (Frame f = new Frame()) {
      Tensor y = Layers.conv(features, decoderWeight, decoderBias);
      y = Layers.through(y, t -> t.mul(var.sqrt()));
      return f.keep(y.add(mean));
    }
  }

  private Tensor features(
      FeatureCascade cascade, Slice slice, Tensor x, Tensor sens, Tensor mean, Tensor var) {
    try (Frame f = new Frame()) {
      Tensor features = Layers.instanceNorm(x);
      Tensor dc = decode(features, mean, var);
      dc = Layers.through(dc, t -> Coils.expand(t, sens));
      dc = Layers.through(dc, t -> Coils.residual(t, slice.kspace(), slice.mask()));
      dc = Layers.through(dc, t -> Coils.reduce(t, sens));
      dc = Layers.through(dc, t -> encode(t, mean, var));
      dc = Layers.through(dc, t -> t.mul(cascade.dcWeight()));
      Tensor y = Layers.through(dc, features::sub);
      Tensor refined = Layers.through(features, cascade.unet()::forward);
      y.sub_(refined);
      refined.close();
      if (!cascade.extraConvs().isEmpty()) {
        y = Layers.through(y, Layers::instanceNorm);
        Tensor extra = Layers.convNormAct(y, cascade.extraConvs().get(0));
        extra = Layers.through(extra, t -> Layers.convNormAct(t, cascade.extraConvs().get(1)));
        y = Layers.through(y, extra::add);
      }
      return f.keep(y);
    }
  }

  private Tensor kspace(Tensor x, Tensor sens, Tensor mean, Tensor var) {
    try (Frame f = new Frame()) {
      Tensor y = Layers.instanceNorm(x);
      y = Layers.through(y, t -> decode(t, mean, var));
      return f.keep(Coils.expand(y, sens));
    }
  }

  private static Tensor kspace(ImageCascade cascade, Slice slice, Tensor kspace, Tensor sens) {
    try (Frame f = new Frame()) {
      Tensor dc = Coils.residual(kspace, slice.kspace(), slice.mask());
      dc = Layers.through(dc, t -> t.mul(cascade.dcWeight()));
      Tensor y = Layers.through(dc, kspace::sub);
      Tensor refined = Coils.reduce(kspace, sens);
      refined = Layers.through(refined, cascade.unet()::forward);
      refined = Layers.through(refined, t -> Coils.expand(t, sens));
      y.sub_(refined);
      return f.keep(y);
    }
  }

  private static Tensor image(Tensor kspace) {
    try (Frame f = new Frame()) {
      Tensor y = kspace.mul(new Scalar(1 / KSPACE_FACTOR));
      y = Layers.through(y, Coils::ifft);
      y = Layers.through(y, Coils::rss);
      long addH = IMAGE_SIZE - y.size(1);
      long addW = IMAGE_SIZE - y.size(2);
      long[] sides = {addW / 2, addW - addW / 2, addH / 2, addH - addH / 2};
      return f.keep(torch.constant_pad_nd(y, sides, new Scalar(0f))); // negative sides crop
    }
  }

  @Override
  public void close() {
    weights.close();
  }
}
