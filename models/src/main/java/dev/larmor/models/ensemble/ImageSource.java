package dev.larmor.models.ensemble;

import dev.larmor.engine.Precision;
import dev.larmor.models.data.Sha256;
import dev.larmor.models.varnet.ModelConfig;
import java.nio.file.Path;

/** What turns k-space into an image. */
public sealed interface ImageSource {
  /** What is kept in files to tell what their images were made with. */
  String identity();

  /** Sources of the same kind take the same time. */
  Object kind();

  /** What a device for it is opened for. */
  Precision precision();

  /**
   * A trained network in a file.
   *
   * @param digest the file's
   */
  record Saved(Path checkpoint, ModelConfig config, String digest) implements ImageSource {
    /**
     * The network in a file.
     *
     * @throws dev.larmor.models.data.DataException if it cannot be read
     */
    public static Saved of(Path checkpoint, ModelConfig config) {
      return new Saved(checkpoint, config, Sha256.of(checkpoint));
    }

    @Override
    public String identity() {
      return digest + " " + config;
    }

    @Override
    public Object kind() {
      return config;
    }

    @Override
    public Precision precision() {
      return config.precision();
    }
  }

  /** The baseline, {@link dev.larmor.models.training.ZeroFilled}. */
  record Baseline() implements ImageSource {
    @Override
    public String identity() {
      return "zero-filled";
    }

    @Override
    public Object kind() {
      return this;
    }

    @Override
    public Precision precision() {
      return Precision.FP32;
    }
  }
}
