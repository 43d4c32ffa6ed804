package dev.larmor.models.ssl.adapt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.engine.Precision;
import dev.larmor.models.data.DataException;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.ssl.preprocess.plan.Fingerprint;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AdaptationPlanTest {
  private static final Plan PLAN =
      Plan.of(
          "Dataset745_OpenMind", "SimpleITKIO", new Fingerprint(List.of(List.of(1.2, 1.0, 1.0))));

  @TempDir Path folder;

  static AdaptationPlan of(ResidualEncoder.Config encoder) {
    return AdaptationPlan.of(PLAN, "onemmiso", encoder, List.of(160, 160, 160));
  }

  /** As Python's {@code json.dump(plan, file, indent=4, sort_keys=True)} has it. */
  @Test
  void thePublishedEncoder() throws IOException {
    AdaptationPlan plan = of(ResidualEncoder.Config.RES_ENC_L);
    plan.write(folder);
    String patch =
        """
        [
                160,
                160,
                160
            ]\
        """;
    assertEquals(
        """
        {
            "architecture_plans": {
                "arch_class_name": "ResEncL",
                "arch_kwargs": null,
                "arch_kwargs_requiring_import": null
            },
            "key_to_encoder": "encoder.stages",
            "key_to_lpe": null,
            "key_to_stem": "encoder.stem",
            "keys_to_in_proj": [
                "encoder.stem.convs.0.conv",
                "encoder.stem.convs.0.all_modules.0"
            ],
            "pretrain_num_input_channels": 1,
            "pretrain_patch_size": %s,
            "pretrain_plan": {
                "configurations": {
                    "onemmiso": {
                        "data_identifier": "nnsslPlans_onemmiso",
                        "normalization_schemes": [
                            "ZScoreNormalization"
                        ],
                        "patch_size": [
                            160,
                            160,
                            160
                        ],
                        "preprocessor_name": "DefaultPreprocessor",
                        "resampling_fn_data": "resample_data_or_seg_to_shape",
                        "resampling_fn_data_kwargs": {
                            "force_separate_z": null,
                            "is_seg": false,
                            "order": 3,
                            "order_z": 0
                        },
                        "resampling_fn_mask": "resample_data_or_seg_to_shape",
                        "resampling_fn_mask_kwargs": {
                            "force_separate_z": null,
                            "is_seg": true,
                            "order": 1,
                            "order_z": 0
                        },
                        "spacing": [
                            1.0,
                            1.0,
                            1.0
                        ],
                        "spacing_style": "onemmiso",
                        "use_mask_for_norm": [
                            false
                        ]
                    }
                },
                "dataset_name": "Dataset745_OpenMind",
                "experiment_planner_used": "ExperimentPlanner",
                "image_reader_writer": "SimpleITKIO",
                "original_median_spacing_after_transp": [
                    1.2,
                    1.0,
                    1.0
                ],
                "plans_name": "nnsslPlans",
                "transpose_backward": [
                    0,
                    1,
                    2
                ],
                "transpose_forward": [
                    0,
                    1,
                    2
                ]
            },
            "recommended_downstream_patchsize": %s
        }\
        """
            .formatted(patch, patch),
        Files.readString(folder.resolve("adaptation_plan.json")));
    assertEquals(plan, AdaptationPlan.read(folder.resolve("adaptation_plan.json")));
    assertEquals(plan.pretrainPlan(), Plan.read(folder.resolve("plans.json")));
    JsonNode json = new ObjectMapper().readTree(plan.json());
    assertEquals(
        new ObjectMapper().readTree(folder.resolve("adaptation_plan.json").toFile()), json);
  }

  @Test
  void anotherEncoder() {
    AdaptationPlan plan =
        of(new ResidualEncoder.Config(2, List.of(4, 8), List.of(1, 2), Precision.BF16));
    plan.write(folder);
    AdaptationPlan read = AdaptationPlan.read(folder.resolve("adaptation_plan.json"));
    assertEquals(plan, read);
    assertEquals(2, plan.pretrainNumInputChannels());
    assertEquals("ResidualEncoderUNet", read.architecturePlans().archClassName());
    assertEquals(
        "{n_stages=2, features_per_stage=[4, 8], conv_op=torch.nn.modules.conv.Conv3d, kernel_sizes=[[3, 3, 3], [3, 3, 3]], strides=[[1, 1, 1], [2, 2, 2]], n_blocks_per_stage=[1, 2], n_conv_per_stage_decoder=[1], conv_bias=true, norm_op=torch.nn.modules.instancenorm.InstanceNorm3d, norm_op_kwargs=%s, dropout_op=null, dropout_op_kwargs=null, nonlin=torch.nn.LeakyReLU, nonlin_kwargs={inplace=true}}"
            .formatted(plan.architecturePlans().archKwargs().get("norm_op_kwargs")),
        plan.architecturePlans().archKwargs().toString());
    assertEquals(
        List.of("conv_op", "norm_op", "dropout_op", "nonlin"),
        read.architecturePlans().archKwargsRequiringImport());
  }

  /** The original's says 64^3 in its plan, and nothing of what the network was really given. */
  @Test
  void theOriginals() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    AdaptationPlan own = of(ResidualEncoder.Config.RES_ENC_L);
    ObjectNode theirs = (ObjectNode) mapper.readTree(own.json());
    theirs.remove("pretrain_patch_size");
    theirs.put("trainer_name", "SimCLRTrainer");
    ((ObjectNode) theirs.at("/pretrain_plan/configurations/onemmiso"))
        .set("patch_size", mapper.readTree("[64, 64, 64]"));
    Path file = folder.resolve("theirs.json");
    mapper.writeValue(file.toFile(), theirs);
    AdaptationPlan read = AdaptationPlan.read(file);
    assertEquals(List.of(160, 160, 160), read.pretrainPatchSize());
    assertEquals(List.of(64, 64, 64), read.pretrainPlan().configuration("onemmiso").patchSize());
  }

  @Test
  void whatIsNoPlan() throws IOException {
    Path file = folder.resolve("a.json");
    String own = of(ResidualEncoder.Config.RES_ENC_L).json();
    for (String[] c :
        new String[][] {
          {"{\"architecture_plans\": 3}", "architecture_plans: "},
          {own.replaceFirst("\\{", "{\"foo\":3,"), "foo: unknown key"},
          {"{\"key_to_stem\": \"x\"}", "architecture_plans: missing"},
          {"[", "no JSON at line 1: "},
        }) {
      Files.writeString(file, c[0]);
      DataException e = assertThrows(DataException.class, () -> AdaptationPlan.read(file));
      String start = file + ": " + c[1];
      assertEquals(
          start, e.getMessage().substring(0, Math.min(start.length(), e.getMessage().length())));
    }
    assertThrows(
        DataException.class,
        () ->
            AdaptationPlan.of(
                PLAN, "twomm", ResidualEncoder.Config.RES_ENC_L, List.of(160, 160, 160)));
  }
}
