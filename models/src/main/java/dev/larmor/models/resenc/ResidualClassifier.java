package dev.larmor.models.resenc;

import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Training;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.ChannelDropout;
import dev.larmor.engine.op.ChannelSum;
import dev.larmor.engine.op.Reshape;
import dev.larmor.models.nn.Linear;

/**
 * A classifier of volumes: the means of the deepest stage's features, dropout, and one linear
 * layer; {@code F32[N, channels, D, H, W]} to class scores {@code F32[N, classes]} before softmax.
 * The encoder's parameters are named as in pre-training, so its weights may come from there.
 */
public final class ResidualClassifier extends Layer {
  private final ResidualEncoder encoder;
  private final Linear head;
  private final float dropout;

  /**
   * A network.
   *
   * @param dropout probability that a feature is dropped in a training step, in [0, 1)
   */
  public ResidualClassifier(ResidualEncoder.Config config, int classes, float dropout) {
    if (classes < 2) {
      throw new IllegalArgumentException("a classification has at least 2 classes, not " + classes);
    }
    encoder = child("encoder", new ResidualEncoder(config));
    head = child("head", new Linear(config.features().getLast(), classes));
    this.dropout = dropout;
  }

  /** Keeps the encoder as it is in training from now on. */
  public void freezeEncoder() {
    encoder.parameters().forEach(Parameter::freeze);
  }

  @Override
  protected Tensor forward(Tensor x) {
    Tensor[] stages = encoder.apply(x);
    Tensor deepest = stages[stages.length - 1];
    double positions = deepest.shape().positions();
    return head.apply(dropped(Affine.scale(1 / positions).apply(new ChannelSum().apply(deepest))));
  }

  private Tensor dropped(Tensor features) {
    Training training = Training.current();
    if (dropout == 0 || training == null) {
      return features;
    }
    Shape shape = features.shape();
    Tensor maps = new Reshape(Shape.of(shape.dim(0), shape.dim(1), 1, 1)).apply(features);
    Tensor left = new ChannelDropout(dropout, training.stream("dropout")).apply(maps);
    return new Reshape(shape).apply(left);
  }
}
