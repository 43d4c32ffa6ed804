package dev.larmor.models.ssl.adapt.segmentation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.data.DataException;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.resenc.ResidualUnet;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.ssl.preprocess.numerics.AxisOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a segmentation network is for and what it looks like; its checkpoints say it, so that images
 * can be segmented by a checkpoint alone.
 *
 * @param channels names of the images of a case
 * @param labels names by value, the background first
 * @param ending of image files
 * @param axes the order in which an image's axes are put
 * @param spacing that images are resampled to, in mm, in that order; null for each image's own
 * @param patch the extents that the network sees at once, in that order too
 * @param features of the encoder's stages
 * @param blocks of the encoder's stages
 * @param precision by its label
 */
public record Segmenter(
    List<String> channels,
    List<String> labels,
    String ending,
    List<Integer> axes,
    List<Double> spacing,
    List<Integer> patch,
    List<Integer> features,
    List<Integer> blocks,
    String precision) {
  /** What messages and checkpoints call the network. */
  static final String ARCHITECTURE = "a segmentation U-Net";

  private static final String KEY = "segmenter";

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();

  /** Checks that the network can take the patch. */
  public Segmenter {
    channels = List.copyOf(channels);
    labels = List.copyOf(labels);
    axes = new AxisOrder(axes).axes();
    int reduction =
        new ResidualEncoder.Config(1, features, blocks, Precision.named(precision)).reduction();
    if (patch.size() != 3
        || patch.stream().anyMatch(edge -> edge < 2 * reduction || edge % reduction != 0)) {
      throw new IllegalArgumentException(
          "the patch %s does not fit %d stages: its 3 edges must be multiples of %d, from %d on"
              .formatted(patch, features.size(), reduction, 2 * reduction));
    }
  }

  /** The patch. */
  public Extent extent() {
    return new Extent(patch.get(0), patch.get(1), patch.get(2));
  }

  /** The encoder. */
  public ResidualEncoder.Config encoder() {
    return new ResidualEncoder.Config(
        channels.size(), features, blocks, Precision.named(precision));
  }

  /** How images are prepared. */
  public Preparation preparation() {
    return new Preparation(new AxisOrder(axes), Optional.ofNullable(spacing), channels.size());
  }

  /** A new network on a device, initialised as nnU-Net does. */
  public ResidualUnet network(Device device, long seed) {
    ResidualUnet network = new ResidualUnet(encoder(), labels.size());
    network.place(device, Philox.of(seed, "weights"));
    network.initialise(Philox.of(seed, "weights"));
    return network;
  }

  /** As checkpoints have it in their metadata. */
  public Map<String, String> metadata() {
    try {
      return Map.of(KEY, JSON.writeValueAsString(this));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * What a checkpoint is of.
   *
   * @throws DataException if it is not of a segmentation network
   */
  public static Segmenter of(Path checkpoint) {
    String json = ModelState.metadata(checkpoint).get(KEY);
    if (json == null) {
      throw new DataException(
          checkpoint
              + ": is not a checkpoint of a segmentation: its metadata has no '"
              + KEY
              + "'");
    }
    try {
      return JSON.readValue(json, Segmenter.class);
    } catch (JsonProcessingException e) {
      throw new DataException(
          checkpoint + ": metadata '" + KEY + "': " + e.getOriginalMessage(), e);
    }
  }

  /**
   * The network of a checkpoint with its weights.
   *
   * @throws DataException if they are of another network
   */
  public ResidualUnet load(Path checkpoint, Device device) {
    ResidualUnet network = new ResidualUnet(encoder(), labels.size());
    network.place(device, Philox.of(0, "weights"));
    try {
      new ModelState(ARCHITECTURE, network, null).load(checkpoint, metadata -> {});
      return network;
    } catch (RuntimeException e) {
      network.close();
      throw e;
    }
  }
}
