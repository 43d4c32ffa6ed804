package dev.larmor.models.training;

import dev.larmor.engine.Precision;
import dev.larmor.models.fivarnet.FiVarNet;
import dev.larmor.models.varnet.ModelConfig;
import dev.larmor.models.varnet.VarNet;
import java.util.Map;

/**
 * What network weights are of, by their names and shapes: FI-VarNet has feature cascades, VarNet
 * has nothing but cascades, and how many parts there are, how wide and how deep shows in the names
 * and the first extents. What weights do not show – dropout, precision – is the default.
 */
final class NetworkShape {
  private static final String FIRST_CONV = ".layers.0.weight";

  private final Map<String, long[]> shapes;

  private NetworkShape(Map<String, long[]> shapes) {
    this.shapes = shapes;
  }

  /**
   * The network with these weights, if every one fits: that is for the caller to check.
   *
   * @throws IllegalArgumentException in a clause, if they are of no network known here
   */
  static ModelConfig of(Map<String, long[]> shapes) {
    NetworkShape shape = new NetworkShape(shapes);
    if (shape.has("feature_cascades.0.")) {
      return shape.fiVarNet();
    }
    if (shape.has("cascades.0.")) {
      return shape.varNet();
    }
    throw new IllegalArgumentException(
        "no tensor's name begins with 'feature_cascades.0.' or 'cascades.0.'");
  }

  private FiVarNet.Config fiVarNet() {
    String processor = "feature_cascades.0.feature_processor.layer";
    int cascades = count("feature_cascades.%d.");
    int pools = 0;
    for (String child = processor; has(child + ".child."); child += ".child") {
      pools++;
    }
    return new FiVarNet.Config(
        cascades,
        count("image_cascades.%d."),
        extent("encoder.encoder.0.weight"),
        extent(processor + ".left_block" + FIRST_CONV),
        pools,
        extent(unet("sens_net.norm_unet", 0)),
        pools("sens_net.norm_unet"),
        attentionStride(cascades),
        0,
        Precision.FP32);
  }

  private VarNet.Config varNet() {
    return new VarNet.Config(
        count("cascades.%d."),
        extent(unet("cascades.0.model", 0)),
        pools("cascades.0.model"),
        extent(unet("sens_net.norm_unet", 0)),
        pools("sens_net.norm_unet"),
        0,
        Precision.FP32);
  }

  /** From the first cascade with attention, which is cascade 0, to the next. */
  private int attentionStride(int cascades) {
    if (!hasAttention(0)) {
      return 0;
    }
    int stride = 1;
    while (stride < cascades && !hasAttention(stride)) {
      stride++;
    }
    return stride;
  }

  private boolean hasAttention(int cascade) {
    return has("feature_cascades." + cascade + ".attention_layer.");
  }

  private static String unet(String norm, int level) {
    return norm + ".unet.down_sample_layers." + level + FIRST_CONV;
  }

  private int pools(String norm) {
    int pools = 0;
    while (shapes.containsKey(unet(norm, pools))) {
      pools++;
    }
    return pools;
  }

  private int count(String format) {
    int count = 0;
    while (has(format.formatted(count))) {
      count++;
    }
    return count;
  }

  private boolean has(String prefix) {
    return shapes.keySet().stream().anyMatch(name -> name.startsWith(prefix));
  }

  /** The first extent of a tensor, the number of its output channels. */
  private int extent(String name) {
    long[] shape = shapes.get(name);
    if (shape == null || shape.length == 0 || shape[0] < 1 || shape[0] > 1 << 16) {
      throw new IllegalArgumentException("no convolution '" + name + "'");
    }
    return (int) shape[0];
  }
}
