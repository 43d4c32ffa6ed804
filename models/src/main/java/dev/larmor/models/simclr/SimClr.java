package dev.larmor.models.simclr;

import dev.larmor.autograd.Layer;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.ChannelSum;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.InstanceNormAct;
import dev.larmor.engine.op.LeakyRelu;
import dev.larmor.engine.op.Reshape;
import dev.larmor.models.nn.Linear;
import dev.larmor.models.resenc.ResidualEncoder;

/**
 * The network that is pre-trained (Chen et al., ICML 2020): the encoder, the means of every stage's
 * features, and a projection head of two linear layers, {@code F32[N, channels, D, H, W]} to
 * embeddings {@code F32[N, embedding]}.
 *
 * <p>Between the head's layers each row is normalised over its own features, without scale and
 * shift, and rectified; nothing in the network mixes samples.
 */
public final class SimClr extends Layer {
  /**
   * What the network looks like.
   *
   * @param hidden features between the head's layers
   * @param embedding features of an embedding
   */
  public record Config(ResidualEncoder.Config encoder, int hidden, int embedding) {
    /** The published network: 90,649,344 parameters. */
    public static final Config DEFAULT = new Config(ResidualEncoder.Config.RES_ENC_L, 256, 256);

    public Config {
      if (hidden < 2 || embedding < 1) {
        throw new IllegalArgumentException(
            "hidden features %d must be at least 2, embedding %d at least 1"
                .formatted(hidden, embedding));
      }
    }

    /**
     * Checks that views suit the encoder.
     *
     * @param side of the views
     * @throws IllegalArgumentException if not
     */
    public void checkViews(int side) {
      int reduction = encoder.reduction();
      if (side % reduction != 0 || side < 2 * reduction) {
        throw new IllegalArgumentException(
            "views of %d voxels a side do not suit an encoder of %d stages: expected a multiple of %d, at least %d"
                .formatted(side, encoder.features().size(), reduction, 2 * reduction));
      }
    }
  }

  private static final InstanceNormAct NORM = new InstanceNormAct(1e-5f, 1);

  private final ResidualEncoder encoder;
  private final Linear hidden;
  private final Linear embedding;

  public SimClr(Config config) {
    encoder = child("encoder", new ResidualEncoder(config.encoder));
    int features = config.encoder.totalFeatures();
    hidden = child("projector.layer1.0", new Linear(features, config.hidden));
    embedding = child("projector.layer2.0", new Linear(config.hidden, config.embedding));
  }

  @Override
  protected Tensor forward(Tensor x) {
    Tensor[] stages = encoder.apply(x);
    Tensor[] means = new Tensor[stages.length];
    for (int s = 0; s < stages.length; s++) {
      double positions = stages[s].shape().positions();
      means[s] = Affine.scale(1 / positions).apply(new ChannelSum().apply(stages[s]));
    }
    return embedding.apply(rectified(hidden.apply(new Concat(1).apply(means))));
  }

  /** Rows of mean 0 and variance 1, without what is negative. */
  private static Tensor rectified(Tensor rows) {
    Shape shape = rows.shape();
    Tensor maps = new Reshape(Shape.of(shape.dim(0), 1, 1, shape.dim(1))).apply(rows);
    return new LeakyRelu(0).apply(new Reshape(shape).apply(NORM.apply(maps)));
  }
}
