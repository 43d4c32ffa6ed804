package dev.larmor.models.ssl.adapt;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.models.io.PythonJson;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.ssl.preprocess.plan.IndentedJson;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What programs that adapt a pre-trained network need to know of it, key by key as nnSSL's {@value
 * #FILE} and its checkpoints have it.
 *
 * @param architecturePlans the network whose encoder it is
 * @param pretrainPlan how the volumes were preprocessed, with one configuration alone
 * @param pretrainNumInputChannels of the volumes
 * @param recommendedDownstreamPatchsize the extents of what the network was given
 * @param pretrainPatchSize the same; nnU-Net's fork takes any other patch for one of a transformer,
 *     whose position embedding has to be interpolated, and fails
 * @param keyToEncoder what the names of the encoder's stages begin with
 * @param keyToStem what the names of the encoder's stem begin with
 * @param keysToInProj both names of the module whose kernel depends on the number of channels
 * @param keyToLpe the name of the learned position embedding: null, convolutions have none
 */
@JsonIgnoreProperties({"trainer_name", "citations"})
public record AdaptationPlan(
    Architecture architecturePlans,
    Plan pretrainPlan,
    int pretrainNumInputChannels,
    List<Integer> recommendedDownstreamPatchsize,
    List<Integer> pretrainPatchSize,
    String keyToEncoder,
    String keyToStem,
    List<String> keysToInProj,
    String keyToLpe) {
  /** The file's name in the folder of a run. */
  public static final String FILE = "adaptation_plan.json";

  /** The plan of the preprocessing, in the folder of a run. */
  private static final String PLANS_FILE = "plans.json";

  /** The key of {@link #json} in a checkpoint, of this program or nnSSL. */
  public static final String KEY = "nnssl_adaptation_plan";

  private static final String PATCH = "pretrain_patch_size";
  private static final String RECOMMENDED = "recommended_downstream_patchsize";

  /**
   * A network of nnU-Net.
   *
   * @param archClassName {@code ResEncL}, which says it all, or {@code ResidualEncoderUNet}
   * @param archKwargs what that takes to be built, null for the former
   * @param archKwargsRequiringImport the keys of those whose values are names of classes
   */
  public record Architecture(
      String archClassName,
      Map<String, Object> archKwargs,
      List<String> archKwargsRequiringImport) {
    private static Architecture of(ResidualEncoder.Config encoder) {
      ResidualEncoder.Config published = ResidualEncoder.Config.RES_ENC_L;
      if (encoder.features().equals(published.features())
          && encoder.blocks().equals(published.blocks())) {
        return new Architecture("ResEncL", null, null);
      }
      int stages = encoder.features().size();
      Map<String, Object> kwargs = new LinkedHashMap<>();
      kwargs.put("n_stages", stages);
      kwargs.put("features_per_stage", encoder.features());
      kwargs.put("conv_op", "torch.nn.modules.conv.Conv3d");
      kwargs.put("kernel_sizes", Collections.nCopies(stages, cube(3)));
      kwargs.put("strides", strides(stages));
      kwargs.put("n_blocks_per_stage", encoder.blocks());
      kwargs.put("n_conv_per_stage_decoder", Collections.nCopies(stages - 1, 1));
      kwargs.put("conv_bias", true);
      kwargs.put("norm_op", "torch.nn.modules.instancenorm.InstanceNorm3d");
      kwargs.put("norm_op_kwargs", Map.of("affine", true, "eps", 1e-5));
      kwargs.put("dropout_op", null);
      kwargs.put("dropout_op_kwargs", null);
      kwargs.put("nonlin", "torch.nn.LeakyReLU");
      kwargs.put("nonlin_kwargs", Map.of("inplace", true));
      return new Architecture(
          "ResidualEncoderUNet", kwargs, List.of("conv_op", "norm_op", "dropout_op", "nonlin"));
    }

    private static List<Integer> cube(int edge) {
      return Collections.nCopies(3, edge);
    }

    private static List<List<Integer>> strides(int stages) {
      List<List<Integer>> strides = new ArrayList<>(Collections.nCopies(stages, cube(2)));
      strides.set(0, cube(1));
      return strides;
    }
  }

  /**
   * The plan of a pre-trained encoder.
   *
   * @param configuration of the plan, that the network was trained with
   * @param patchSize the extents of the views that the network was given
   * @throws dev.larmor.models.data.DataException if the plan has no such configuration
   */
  public static AdaptationPlan of(
      Plan plan, String configuration, ResidualEncoder.Config encoder, List<Integer> patchSize) {
    return new AdaptationPlan(
        Architecture.of(encoder),
        plan.trained(configuration, patchSize),
        encoder.channels(),
        patchSize,
        patchSize,
        "encoder.stages",
        "encoder.stem",
        List.of("encoder.stem.convs.0.conv", "encoder.stem.convs.0.all_modules.0"),
        null);
  }

  /**
   * Reads a file.
   *
   * @throws dev.larmor.models.data.DataException in a sentence that names the file and the key, if
   *     it is no adaptation plan
   */
  public static AdaptationPlan read(Path file) {
    JsonNode json = IndentedJson.parse(file);
    return IndentedJson.value(
        file, json instanceof ObjectNode plan ? corrected(plan) : json, AdaptationPlan.class);
  }

  /** A plan of nnSSL's with the patch that the network was given, where it does not tell. */
  static ObjectNode corrected(ObjectNode plan) {
    ObjectNode corrected = plan.deepCopy();
    if (!plan.hasNonNull(PATCH) && plan.has(RECOMMENDED)) {
      corrected.set(PATCH, plan.get(RECOMMENDED));
    }
    return corrected;
  }

  /** Writes the adaptation plan, and the plan of the preprocessing, into the folder of a run. */
  public void write(Path folder) {
    PythonJson.write(folder.resolve(FILE), PythonJson.sorted(IndentedJson.json(this)));
    pretrainPlan.write(folder.resolve(PLANS_FILE));
  }

  /** The plan in one line, for a checkpoint's metadata. */
  public String json() {
    return PythonJson.sorted(IndentedJson.json(this)).toString();
  }
}
