package dev.larmor.models.ssl.adapt;

import dev.larmor.autograd.Module;
import dev.larmor.engine.Precision;
import dev.larmor.models.checkpoint.TensorFile;
import dev.larmor.models.data.DataException;
import dev.larmor.models.resenc.ResidualEncoder;
import java.nio.file.Path;

/**
 * An encoder's weights in a file: a checkpoint of this program, or one of nnSSL and what builds on
 * it. Whatever else the file holds – a projection head, a decoder, an optimiser's state – is left
 * alone.
 */
public record PretrainedEncoder(Path file) {
  /**
   * The encoder that the weights are of, by their names and shapes.
   *
   * @param precision what its feature maps shall be kept in, which weights do not tell
   * @throws DataException if the file cannot be read, has no encoder, or one of another kind
   */
  public ResidualEncoder.Config config(Precision precision) {
    try (TensorFile tensors = TensorFile.open(file)) {
      return EncoderWeights.of(file, tensors.tensors()).config(precision);
    }
  }

  /**
   * Copies the weights into the parameters of a network whose names begin with {@code encoder.}.
   *
   * <p>If the network takes more channels than the one that the encoder was trained with, the first
   * kernel is repeated for each and divided by their number: equal channels give what one gave.
   *
   * @param network placed on a device: {@code ResidualUnet}, {@code ResidualClassifier}, {@code
   *     SimClr}
   * @throws DataException if a weight is missing, left over or of another shape; the parameters are
   *     then as they were
   */
  public void loadInto(Module network) {
    try (TensorFile tensors = TensorFile.open(file)) {
      EncoderWeights.of(file, tensors.tensors()).loadInto(network);
    }
  }
}
