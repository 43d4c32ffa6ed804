package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.resenc.ResidualClassifier;
import java.nio.file.Path;
import java.util.List;

/** A classifier on a device. */
final class Classifier implements AutoCloseable {
  private final Device device;
  private final ClassifierConfig config;
  private final ResidualClassifier network;

  /** A network of fresh weights. */
  Classifier(Device device, ClassifierConfig config, long seed) {
    this.device = device;
    this.config = config;
    network = config.network();
    network.place(device, Philox.of(seed, "weights"));
  }

  /**
   * The classifier of a checkpoint.
   *
   * @throws dev.larmor.models.data.DataException if it is not one
   */
  static Classifier open(Path checkpoint, Device device) {
    ClassifierConfig config = ClassifierConfig.of(checkpoint, ModelState.metadata(checkpoint));
    Classifier classifier = new Classifier(device, config, 0);
    try {
      classifier.state().load(checkpoint, metadata -> {});
    } catch (RuntimeException e) {
      classifier.close();
      throw e;
    }
    return classifier;
  }

  ClassifierConfig config() {
    return config;
  }

  ResidualClassifier network() {
    return network;
  }

  /** Leaves the encoder's weights as they are: training then keeps nothing of it. */
  void freezeEncoder() {
    network.freezeEncoder();
  }

  /** The weights, to be saved and loaded. */
  ModelState state() {
    return new ModelState(config.architecture(), network, null);
  }

  /** Cases as one tensor {@code F32[N, channels, side, side, side]}, in the current scope. */
  Tensor upload(List<float[]> cases) {
    int length = cases.getFirst().length;
    float[] together = new float[cases.size() * length];
    for (int i = 0; i < cases.size(); i++) {
      System.arraycopy(cases.get(i), 0, together, i * length, length);
    }
    int side = config.side();
    int channels = config.encoder().channels();
    return device.tensor(
        TensorSpec.of(DType.F32, cases.size(), channels, side, side, side), together);
  }

  /**
   * How probable each class is.
   *
   * @param cases prepared, each {@code [channels, side, side, side]}
   * @return for each case, the probability of each class
   */
  double[][] probabilities(List<float[]> cases) {
    float[] logits = Scope.run(() -> network.apply(upload(cases)).toFloats());
    int classes = config.classes().size();
    double[][] probabilities = new double[cases.size()][classes];
    for (int i = 0; i < probabilities.length; i++) {
      double most = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < classes; c++) {
        most = Math.max(most, logits[i * classes + c]);
      }
      double sum = 0;
      for (int c = 0; c < classes; c++) {
        probabilities[i][c] = Math.exp(logits[i * classes + c] - most);
        sum += probabilities[i][c];
      }
      for (int c = 0; c < classes; c++) {
        probabilities[i][c] /= sum;
      }
    }
    return probabilities;
  }

  @Override
  public void close() {
    network.close();
  }
}
