package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Ledger;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The sentence that each op says about inputs it does not take. All checks are made before a
 * backend sees the op, so a dry run says the same as every device.
 */
class MessageTest {
  /** Specs as they print, {@code F32[2, 3] C64[4]}, and the message without its place. */
  record Row(Op op, String inputs, String message) {
    @Override
    public String toString() {
      return message;
    }
  }

  private static final Pattern SPEC = Pattern.compile("(\\w+)\\[([0-9, ]*)]");
  private static final List<Row> ROWS = new ArrayList<>();

  static Stream<Row> rows() {
    return ROWS.stream();
  }

  private static void add(Op op, String inputs, String message) {
    ROWS.add(new Row(op, inputs, message));
  }

  static {
    add(
        new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0, false, 1),
        "F32[3] F32[3] F32[3]",
        "[adam_step] takes p, g, m and v of each parameter, got 3 inputs");
    add(
        new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0, false, 1),
        "",
        "[adam_step] takes p, g, m and v of each parameter, got 0 inputs");
    add(
        new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0, false, 1),
        "F32[3] F32[3] F32[3] F32[3] F32[3]",
        "[adam_step] takes p, g, m and v of each parameter, got 5 inputs");
    add(
        new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0, false, 1),
        "BF16[3] BF16[3] BF16[3] BF16[3]",
        "[adam_step] parameter 0 must be F32 or C64: BF16[3]");
    add(
        new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0, false, 1),
        "F32[3] F32[3] F32[4] F32[3]",
        "[adam_step] inputs of parameter 0 must have the same dtype and shape: F32[3], F32[4]");
    add(
        new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0, false, 1),
        "F32[3] F32[3] F32[3] F32[3] F64[2] F64[2] F64[2] F64[2]",
        "[adam_step] parameter 1 must be F32 or C64: F64[2]");
    add(
        new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0, false, 1),
        "F32[3] F32[3] F32[3] F32[3] C64[2] C64[2] C64[2] F32[2]",
        "[adam_step] inputs of parameter 1 must have the same dtype and shape: C64[2], F32[2]");
    add(
        new SgdStep(1e-3, 0.9, 0, true),
        "F32[3] F32[3]",
        "[sgd_step] takes p, g and v of each parameter, got 2 inputs");
    add(
        new SgdStep(1e-3, 0.9, 0, true),
        "F32[3] F32[3] F32[4]",
        "[sgd_step] inputs of parameter 0 must have the same dtype and shape: F32[3], F32[4]");
    add(new Add(), "F32[3]", "[add] takes 2 inputs, got 1: [F32[3]]");
    add(new Add(), "I32[3] I32[3]", "[add] input must be floating-point: I32[3]");
    add(
        new Add(),
        "F32[3] F32[4]",
        "[add] inputs must have the same dtype and shape: F32[3], F32[4]");
    add(new AddBias(), "F32[2, 3]", "[add_bias] takes 2 inputs, got 1: [F32[2, 3]]");
    add(new AddBias(), "U8[2, 3] F32[3]", "[add_bias] input must be floating-point: U8[2, 3]");
    add(new AddBias(), "F32[2] F32[2]", "[add_bias] input must have rank 2 to 5: F32[2]");
    add(new AddBias(), "C64[2, 3] F32[3]", "[add_bias] bias must be C64[3], is F32[3]");
    add(Affine.scale(2), "F32[3] F32[3]", "[affine] takes 1 input, got 2: [F32[3], F32[3]]");
    add(Affine.scale(2), "I32[3]", "[affine] input must be floating-point: I32[3]");
    add(
        new AnatomicalMask(0),
        "F32[8, 8] F32[8, 8]",
        "[anatomical_mask] takes 1 input, got 2: [F32[8, 8], F32[8, 8]]");
    add(
        new AnatomicalMask(0),
        "F32[8, 8]",
        "[anatomical_mask] input must be F32[N, H, W]: F32[8, 8]");
    add(new AvgPool(List.of(2, 2)), "", "[avg_pool] takes 1 input, got 0: []");
    add(
        new AvgPool(List.of(2, 2)),
        "F32[2, 3, 4]",
        "[avg_pool] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: F32[2, 3, 4]");
    add(
        new AvgPool(List.of(2, 2)),
        "F32[2, 3, 4, 4, 4]",
        "[avg_pool] window [2, 2] does not suit F32[2, 3, 4, 4, 4]");
    add(
        new AvgPool(List.of(2, 2)),
        "F32[2, 3, 1, 4]",
        "[avg_pool] window [2, 2] is larger than F32[2, 3, 1, 4]");
    add(
        new AvgPool.Grad(new AvgPool(List.of(2, 2)), Shape.of(1, 1, 4, 5)),
        "F32[1, 1, 2, 2] F32[]",
        "[avg_pool.grad] takes 1 input, got 2: [F32[1, 1, 2, 2], F32[]]");
    add(
        new AvgPool.Grad(new AvgPool(List.of(2, 2)), Shape.of(1, 1, 4, 5)),
        "C64[1, 1, 2, 2]",
        "[avg_pool.grad] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: C64[1, 1, 2, 2]");
    add(
        new AvgPool.Grad(new AvgPool(List.of(2, 2)), Shape.of(1, 1, 4, 5)),
        "F32[1, 1, 2, 3]",
        "[avg_pool.grad] gradient must be F32[1, 1, 2, 2], is F32[1, 1, 2, 3]");
    add(new Axpy(2), "F32[3]", "[axpy] takes 2 inputs, got 1: [F32[3]]");
    add(new Axpy(2), "U8[3] U8[3]", "[axpy] input must be floating-point: U8[3]");
    add(
        new Axpy(2),
        "F32[3] C64[3]",
        "[axpy] inputs must have the same dtype and shape: F32[3], C64[3]");
    add(new Cast(DType.BF16), "F32[3] F32[3]", "[cast] takes 1 input, got 2: [F32[3], F32[3]]");
    add(new Cast(DType.BF16), "C64[3]", "[cast] can not cast C64[3] to BF16");
    add(new Cast(DType.I32), "F32[3]", "[cast] can not cast F32[3] to I32");
    add(
        new ChannelAffine(),
        "F32[1, 2, 3, 3] F32[1, 2]",
        "[channel_affine] takes 3 inputs, got 2: [F32[1, 2, 3, 3], F32[1, 2]]");
    add(
        new ChannelAffine(),
        "F32[1, 2, 3] F32[1, 2] F32[1, 2]",
        "[channel_affine] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: F32[1, 2, 3]");
    add(
        new ChannelAffine(),
        "F32[1, 2, 3, 3] F32[2] F32[1, 2]",
        "[channel_affine] scale must be F32[1, 2], is F32[2]");
    add(
        new ChannelAffine(),
        "F32[1, 2, 3, 3] F32[1, 2] F32[2]",
        "[channel_affine] shift must be F32[1, 2], is F32[2]");
    add(
        new ChannelDot(),
        "F32[1, 2, 3, 3]",
        "[channel_dot] takes 2 inputs, got 1: [F32[1, 2, 3, 3]]");
    add(
        new ChannelDot(),
        "C64[1, 2, 3, 3] C64[1, 2, 3, 3]",
        "[channel_dot] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: C64[1, 2, 3, 3]");
    add(
        new ChannelDot(),
        "F32[1, 2, 3, 3] F32[1, 2, 3, 4]",
        "[channel_dot] inputs must have the same dtype and shape: F32[1, 2, 3, 3], F32[1, 2, 3, 4]");
    add(
        new ChannelDropout(0.5f, Philox.of(1, "dropout")),
        "F32[1, 2, 3, 3] F32[1, 2, 3, 3]",
        "[channel_dropout] takes 1 input, got 2: [F32[1, 2, 3, 3], F32[1, 2, 3, 3]]");
    add(
        new ChannelDropout(0.5f, Philox.of(1, "dropout")),
        "F32[1, 2]",
        "[channel_dropout] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: F32[1, 2]");
    add(
        new ChannelScale(),
        "F32[1, 2, 3, 3]",
        "[channel_scale] takes 2 inputs, got 1: [F32[1, 2, 3, 3]]");
    add(
        new ChannelScale(),
        "F32[2] F32[2]",
        "[channel_scale] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: F32[2]");
    add(
        new ChannelScale(),
        "F32[1, 2, 3, 3] BF16[1, 2]",
        "[channel_scale] scale must be F32[1, 2], is BF16[1, 2]");
    add(new ChannelSum(), "", "[channel_sum] takes 1 input, got 0: []");
    add(
        new ChannelSum(),
        "F32[1, 2, 3]",
        "[channel_sum] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: F32[1, 2, 3]");
    add(
        new ChannelTotal(),
        "F32[1, 2] F32[1, 2]",
        "[channel_total] takes 1 input, got 2: [F32[1, 2], F32[1, 2]]");
    add(new ChannelTotal(), "U8[1, 2]", "[channel_total] input must be floating-point: U8[1, 2]");
    add(new ChannelTotal(), "F32[2]", "[channel_total] input must have rank 2 to 5: F32[2]");
    add(
        new ChannelsToComplex(),
        "F32[1, 2, 3, 3] F32[1, 2, 3, 3]",
        "[channels_to_complex] takes 1 input, got 2: [F32[1, 2, 3, 3], F32[1, 2, 3, 3]]");
    add(
        new ChannelsToComplex(),
        "F32[1, 3, 4, 4]",
        "[channels_to_complex] input must be F32[N, 2, H, W]: F32[1, 3, 4, 4]");
    add(
        new ChunkAttention(4),
        "F32[1, 2, 3, 8]",
        "[chunk_attention] takes 3 inputs, got 1: [F32[1, 2, 3, 8]]");
    add(
        new ChunkAttention(4),
        "BF16[1, 2, 3, 8] BF16[1, 2, 3, 8] BF16[1, 2, 3, 8]",
        "[chunk_attention] input must be F32: BF16[1, 2, 3, 8]");
    add(
        new ChunkAttention(4),
        "F32[2, 3, 8] F32[2, 3, 8] F32[2, 3, 8]",
        "[chunk_attention] input must have rank 4: F32[2, 3, 8]");
    add(
        new ChunkAttention(4),
        "F32[1, 2, 3, 9] F32[1, 2, 3, 9] F32[1, 2, 3, 9]",
        "[chunk_attention] width is not a multiple of 4 chunks: F32[1, 2, 3, 9]");
    add(
        new ChunkAttention(4),
        "F32[1, 2, 3, 8] F32[1, 2, 3, 8] F32[1, 1, 3, 8]",
        "[chunk_attention] inputs must have the same dtype and shape: F32[1, 2, 3, 8], F32[1, 1, 3, 8]");
    add(
        new ChunkAttention.Grad(new ChunkAttention(4)),
        "F32[1, 2, 3, 8] F32[1, 2, 3, 8] F32[1, 2, 3, 8]",
        "[chunk_attention.grad] takes 4 inputs, got 3: [F32[1, 2, 3, 8], F32[1, 2, 3, 8], F32[1, 2, 3, 8]]");
    add(
        new ChunkAttention.Grad(new ChunkAttention(4)),
        "F32[1, 2, 3, 6] F32[1, 2, 3, 6] F32[1, 2, 3, 6] F32[1, 2, 3, 6]",
        "[chunk_attention.grad] width is not a multiple of 4 chunks: F32[1, 2, 3, 6]");
    add(
        new ComplexToChannels(),
        "C64[1, 3, 3] C64[1, 3, 3]",
        "[complex_to_channels] takes 1 input, got 2: [C64[1, 3, 3], C64[1, 3, 3]]");
    add(
        new ComplexToChannels(),
        "C64[1, 1, 3, 3]",
        "[complex_to_channels] input must be C64[N, H, W]: C64[1, 1, 3, 3]");
    add(new Concat(1), "", "[concat] takes at least one input");
    add(new Concat(1), "U8[2, 3] U8[2, 3]", "[concat] input must be floating-point: U8[2, 3]");
    add(new Concat(2), "F32[2, 3] F32[2, 3]", "[concat] axis 2 is not one of F32[2, 3]");
    add(
        new Concat(1),
        "F32[2, 3] F32[3, 3]",
        "[concat] inputs must agree but for axis 1: [F32[2, 3], F32[3, 3]]");
    add(
        Conv.padded(2, 1),
        "F32[1, 18, 320, 320]",
        "[conv] takes input, weight and an optional bias, got [F32[1, 18, 320, 320]]");
    add(
        Conv.padded(2, 1),
        "F64[1, 2, 8, 8] F64[2, 2, 3, 3]",
        "[conv] input must be F32, BF16, F16 or C64 with 2 spatial axes: F64[1, 2, 8, 8]");
    add(
        Conv.padded(2, 1),
        "F32[1, 2, 8, 8, 8] F32[2, 2, 3, 3, 3]",
        "[conv] input must be F32, BF16, F16 or C64 with 2 spatial axes: F32[1, 2, 8, 8, 8]");
    add(
        Conv.padded(2, 1),
        "BF16[1, 2, 8, 8] BF16[2, 2, 3, 3]",
        "[conv] weight must be F32 of rank 4: input BF16[1, 2, 8, 8], weight BF16[2, 2, 3, 3]");
    add(
        Conv.padded(2, 1),
        "F16[1, 2, 8, 8] F16[2, 2, 3, 3]",
        "[conv] weight must be F32 of rank 4: input F16[1, 2, 8, 8], weight F16[2, 2, 3, 3]");
    add(
        Conv.padded(2, 1),
        "F32[1, 18, 320, 320] F32[32, 16, 3, 3]",
        "[conv] input channels 18 != weight in-channels 16: input F32[1, 18, 320, 320], weight F32[32, 16, 3, 3]");
    add(
        new Conv(List.of(1, 1), List.of(0, 0), List.of(1, 1), 2),
        "F32[1, 4, 8, 8] F32[3, 2, 3, 3]",
        "[conv] 2 groups do not divide the output channels: weight F32[3, 2, 3, 3]");
    add(
        Conv.padded(2, 1),
        "F32[1, 2, 8, 8] F32[4, 2, 3, 3] F32[3]",
        "[conv] bias must be F32[4], is F32[3]");
    add(
        Conv.padded(2, 1),
        "F32[1, 2, 8, 3] F32[4, 2, 3, 7]",
        "[conv] kernel is larger than the padded input: input F32[1, 2, 8, 3], weight F32[4, 2, 3, 7], padding [1, 1]");
    add(
        new Conv.Input(Conv.padded(2, 1), Shape.of(1, 2, 8, 8)),
        "F32[1, 4, 8, 8]",
        "[conv.input] takes 2 inputs, got 1: [F32[1, 4, 8, 8]]");
    add(
        new Conv.Input(Conv.padded(2, 1), Shape.of(1, 2, 8, 8)),
        "I32[1, 4, 8, 8] F32[4, 2, 3, 3]",
        "[conv.input] input must be F32, BF16, F16 or C64 with 2 spatial axes: I32[1, 4, 8, 8]");
    add(
        new Conv.Input(Conv.padded(2, 1), Shape.of(1, 2, 8, 8)),
        "F32[1, 4, 7, 8] F32[4, 2, 3, 3]",
        "[conv.input] gradient must be F32[1, 4, 8, 8], is F32[1, 4, 7, 8]");
    add(
        new Conv.Weight(Conv.padded(2, 1), Shape.of(4, 2, 3, 3)),
        "F32[1, 2, 8, 8]",
        "[conv.weight] takes 2 inputs, got 1: [F32[1, 2, 8, 8]]");
    add(
        new Conv.Weight(Conv.padded(2, 1), Shape.of(4, 2, 3, 3)),
        "F32[2, 8, 8] F32[1, 4, 8, 8]",
        "[conv.weight] input must be F32, BF16, F16 or C64 with 2 spatial axes: F32[2, 8, 8]");
    add(
        new Conv.Weight(Conv.padded(2, 1), Shape.of(4, 2, 3, 3)),
        "F32[1, 2, 8, 8] F32[1, 4, 8, 9]",
        "[conv.weight] gradient must be F32[1, 4, 8, 8], is F32[1, 4, 8, 9]");
    add(
        ConvTranspose.strided(2, 2),
        "F32[1, 4, 8, 8]",
        "[conv_transpose] takes 2 inputs, got 1: [F32[1, 4, 8, 8]]");
    add(
        ConvTranspose.strided(2, 2),
        "F32[4, 8, 8] F32[4, 2, 2]",
        "[conv_transpose] input must be F32, BF16, F16 or C64 with 2 spatial axes: F32[4, 8, 8]");
    add(
        ConvTranspose.strided(2, 2),
        "C64[1, 4, 8, 8] F32[4, 2, 2, 2]",
        "[conv_transpose] weight must be C64 of rank 4: input C64[1, 4, 8, 8], weight F32[4, 2, 2, 2]");
    add(
        ConvTranspose.strided(2, 2),
        "F32[1, 4, 8, 8] F32[2, 4, 2, 2]",
        "[conv_transpose] input channels 4 != weight in-channels 2: input F32[1, 4, 8, 8], weight F32[2, 4, 2, 2]");
    add(
        new ConvTranspose(List.of(1, 1), List.of(0, 0), 3),
        "F32[1, 4, 8, 8] F32[4, 2, 2, 2]",
        "[conv_transpose] 3 groups do not divide the input channels: input F32[1, 4, 8, 8]");
    add(
        new ConvTranspose(List.of(1, 1), List.of(2, 0), 1),
        "F32[1, 4, 2, 8] F32[4, 2, 3, 3]",
        "[conv_transpose] padding [2, 0] leaves nothing: input F32[1, 4, 2, 8], weight F32[4, 2, 3, 3]");
    add(
        new Crop(List.of(0, 0), List.of(3, 3)),
        "F32[4, 4] F32[4, 4]",
        "[crop] takes 1 input, got 2: [F32[4, 4], F32[4, 4]]");
    add(
        new Crop(List.of(0, 0), List.of(3, 3)),
        "U8[4, 4]",
        "[crop] input must be floating-point: U8[4, 4]");
    add(new Crop(List.of(0, 0), List.of(3, 3)), "F32[4]", "[crop] crops 2 axes of F32[4]");
    add(
        new Crop(List.of(2, 0), List.of(3, 3)),
        "F32[4, 4]",
        "[crop] offset [2, 0] and size [3, 3] reach outside F32[4, 4]");
    CrossEntropy entropy = new CrossEntropy(0.1);
    add(entropy, "F32[5, 3]", "[cross_entropy] takes 2 inputs, got 1: [F32[5, 3]]");
    add(
        entropy,
        "BF16[5, 3] I32[5]",
        "[cross_entropy] input must be F32[N, C] or a feature map F32[N, C, (D,) H, W]: BF16[5, 3]");
    add(
        entropy,
        "F32[5, 3, 4] I32[5, 4]",
        "[cross_entropy] input must be F32[N, C] or a feature map F32[N, C, (D,) H, W]: F32[5, 3, 4]");
    add(entropy, "F32[5, 3] U8[5]", "[cross_entropy] labels must be I32[5], is U8[5]");
    add(
        entropy,
        "F32[5, 3, 2, 7] I32[5, 3, 2]",
        "[cross_entropy] labels must be I32[5, 2, 7], is I32[5, 3, 2]");
    CrossEntropy.Grad entropyGrad = new CrossEntropy.Grad(entropy);
    add(
        entropyGrad,
        "F32[5, 3] I32[5]",
        "[cross_entropy.grad] takes 3 inputs, got 2: [F32[5, 3], I32[5]]");
    add(
        entropyGrad,
        "F32[1] F32[5, 3] I32[5]",
        "[cross_entropy.grad] gradient must be F32[], is F32[1]");
    add(
        entropyGrad,
        "F32[] F32[5] I32[5]",
        "[cross_entropy.grad] input must be F32[N, C] or a feature map F32[N, C, (D,) H, W]: F32[5]");
    add(
        entropyGrad,
        "F32[] F32[5, 3] I32[3]",
        "[cross_entropy.grad] labels must be I32[5], is I32[3]");
    add(new Dot(), "F32[3]", "[dot] takes 2 inputs, got 1: [F32[3]]");
    add(new Dot(), "I32[3] I32[3]", "[dot] input must be floating-point: I32[3]");
    add(
        new Dot(),
        "F32[3] F32[1, 3]",
        "[dot] inputs must have the same dtype and shape: F32[3], F32[1, 3]");
    add(
        new Embed(1, 2, 4),
        "F32[2, 3] F32[2, 3]",
        "[embed] takes 1 input, got 2: [F32[2, 3], F32[2, 3]]");
    add(new Embed(1, 2, 4), "U8[2, 2]", "[embed] input must be floating-point: U8[2, 2]");
    add(
        new Embed(1, 2, 4),
        "F32[2, 3]",
        "[embed] F32[2, 3] does not fit from 2 in 4 entries of axis 1");
    add(
        new Fft2(false, true),
        "C64[8, 8] C64[8, 8]",
        "[fft2] takes 1 input, got 2: [C64[8, 8], C64[8, 8]]");
    add(
        new Fft2(false, true),
        "F32[1, 8, 8]",
        "[fft2] input must be C64[H, W] or C64[N, H, W]: F32[1, 8, 8]");
    add(
        new Fft2(true, true),
        "C64[2, 2, 8, 8]",
        "[fft2] input must be C64[H, W] or C64[N, H, W]: C64[2, 2, 8, 8]");
    add(
        new Fill(TensorSpec.of(DType.F32, 3), 1),
        "F32[3]",
        "[fill] takes 0 inputs, got 1: [F32[3]]");
    add(
        new InstanceNormAct(1e-5f, 0.2f),
        "F32[1, 2, 3, 3] F32[2]",
        "[instance_norm_act] takes 1 input, got 2: [F32[1, 2, 3, 3], F32[2]]");
    add(
        new InstanceNormAct(1e-5f, 0.2f),
        "F32[2, 3, 3]",
        "[instance_norm_act] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: F32[2, 3, 3]");
    add(
        new InstanceNormAct(1e-5f, 0.2f),
        "F32[1, 2, 1, 1]",
        "[instance_norm_act] normalisation needs more than one position per channel: F32[1, 2, 1, 1]");
    add(
        new InstanceNormAct.Grad(0.2f),
        "F32[1, 2, 3, 3] F32[1, 2, 3, 3]",
        "[instance_norm_act.grad] takes 3 inputs, got 2: [F32[1, 2, 3, 3], F32[1, 2, 3, 3]]");
    add(
        new InstanceNormAct.Grad(0.2f),
        "C64[1, 2, 3, 3] C64[1, 2, 3, 3] F32[1, 2]",
        "[instance_norm_act.grad] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: C64[1, 2, 3, 3]");
    add(
        new InstanceNormAct.Grad(0.2f),
        "F32[1, 2, 3, 3] F32[1, 2, 3, 4] F32[1, 2]",
        "[instance_norm_act.grad] inputs must have the same dtype and shape: F32[1, 2, 3, 3], F32[1, 2, 3, 4]");
    add(
        new InstanceNormAct.Grad(0.2f),
        "F32[1, 2, 3, 3] F32[1, 2, 3, 3] F32[2]",
        "[instance_norm_act.grad] rstd must be F32[1, 2], is F32[2]");
    InstanceNormAffineAct affine = new InstanceNormAffineAct(1e-5f, 0.2f);
    add(
        affine,
        "F32[1, 2, 3, 3] F32[2]",
        "[instance_norm_affine_act] takes 3 inputs, got 2: [F32[1, 2, 3, 3], F32[2]]");
    add(
        affine,
        "F32[2, 3, 3] F32[3] F32[3]",
        "[instance_norm_affine_act] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: F32[2, 3, 3]");
    add(
        affine,
        "F32[1, 2, 1, 1] F32[2] F32[2]",
        "[instance_norm_affine_act] normalisation needs more than one position per channel: F32[1, 2, 1, 1]");
    add(
        affine,
        "F32[1, 2, 3, 3] F32[1, 2] F32[2]",
        "[instance_norm_affine_act] gamma must be F32[2], is F32[1, 2]");
    add(
        affine,
        "BF16[1, 2, 3, 3] F32[2] BF16[2]",
        "[instance_norm_affine_act] beta must be F32[2], is BF16[2]");
    InstanceNormAffineAct.Grad affineGrad = new InstanceNormAffineAct.Grad(0.2f);
    add(
        affineGrad,
        "F32[1, 2, 3, 3] F32[1, 2, 3, 3]",
        "[instance_norm_affine_act.grad] takes 6 inputs, got 2: [F32[1, 2, 3, 3], F32[1, 2, 3, 3]]");
    add(
        affineGrad,
        "C64[1, 2, 3, 3] C64[1, 2, 3, 3] F32[1, 2] F32[1, 2] F32[2] F32[2]",
        "[instance_norm_affine_act.grad] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: C64[1, 2, 3, 3]");
    add(
        affineGrad,
        "F32[1, 2, 3, 3] F32[1, 2, 3, 4] F32[1, 2] F32[1, 2] F32[2] F32[2]",
        "[instance_norm_affine_act.grad] inputs must have the same dtype and shape: F32[1, 2, 3, 3], F32[1, 2, 3, 4]");
    add(
        affineGrad,
        "F32[1, 2, 3, 3] F32[1, 2, 3, 3] F32[2] F32[1, 2] F32[2] F32[2]",
        "[instance_norm_affine_act.grad] mean must be F32[1, 2], is F32[2]");
    add(
        affineGrad,
        "F32[1, 2, 3, 3] F32[1, 2, 3, 3] F32[1, 2] F32[2] F32[2] F32[2]",
        "[instance_norm_affine_act.grad] rstd must be F32[1, 2], is F32[2]");
    add(
        affineGrad,
        "F32[1, 2, 3, 3] F32[1, 2, 3, 3] F32[1, 2] F32[1, 2] F32[2] F32[3]",
        "[instance_norm_affine_act.grad] beta must be F32[2], is F32[3]");
    add(
        new LeakyRelu(0.2f),
        "F32[3] F32[3]",
        "[leaky_relu] takes 1 input, got 2: [F32[3], F32[3]]");
    add(new LeakyRelu(0.2f), "C64[3]", "[leaky_relu] input must be real: C64[3]");
    add(new LeakyRelu.Grad(0.2f), "F32[3]", "[leaky_relu.grad] takes 2 inputs, got 1: [F32[3]]");
    add(new LeakyRelu.Grad(0.2f), "C64[3] C64[3]", "[leaky_relu.grad] input must be real: C64[3]");
    add(
        new LeakyRelu.Grad(0.2f),
        "F32[3] BF16[3]",
        "[leaky_relu.grad] inputs must have the same dtype and shape: F32[3], BF16[3]");
    add(new MaskColumns(), "C64[2, 8, 9]", "[mask_columns] takes 2 inputs, got 1: [C64[2, 8, 9]]");
    add(
        new MaskColumns(),
        "C64[8, 9] F32[9]",
        "[mask_columns] k-space must be C64[coils, H, W]: C64[8, 9]");
    add(
        new MaskColumns(),
        "C64[2, 8, 9] F32[8]",
        "[mask_columns] mask must have one F32 per column: k-space C64[2, 8, 9], mask F32[8]");
    add(
        new MaskedResidual(),
        "C64[2, 8, 9] C64[2, 8, 9]",
        "[masked_residual] takes 3 inputs, got 2: [C64[2, 8, 9], C64[2, 8, 9]]");
    add(
        new MaskedResidual(),
        "F32[2, 8, 9] F32[2, 8, 9] F32[9]",
        "[masked_residual] k-space must be C64[coils, H, W]: F32[2, 8, 9]");
    add(
        new MaskedResidual(),
        "C64[2, 8, 9] C64[1, 8, 9] F32[9]",
        "[masked_residual] inputs must have the same dtype and shape: C64[2, 8, 9], C64[1, 8, 9]");
    add(
        new MaskedResidual(),
        "C64[2, 8, 9] C64[2, 8, 9] U8[9]",
        "[masked_residual] mask must have one F32 per column: k-space C64[2, 8, 9], mask U8[9]");
    add(new MatMul(false, false), "F32[2, 3]", "[mat_mul] takes 2 inputs, got 1: [F32[2, 3]]");
    add(
        new MatMul(false, false),
        "F32[2, 3] F32[3]",
        "[mat_mul] inputs must be two matrices, both F32, BF16 or F16: F32[2, 3], F32[3]");
    add(
        new MatMul(false, false),
        "F16[2, 3] BF16[3, 2]",
        "[mat_mul] inputs must be two matrices, both F32, BF16 or F16: F16[2, 3], BF16[3, 2]");
    add(
        new MatMul(false, true),
        "F32[2, 3] F32[3, 4]",
        "[mat_mul] inner extents differ: F32[2, 3], F32[3, 4]ᵀ");
    add(
        new MatMul(true, false),
        "F32[2, 3] F32[3, 4]",
        "[mat_mul] inner extents differ: F32[2, 3]ᵀ, F32[3, 4]");
    add(
        new Moments(1),
        "F32[1, 2, 3, 3] F32[2]",
        "[moments] takes 1 input, got 2: [F32[1, 2, 3, 3], F32[2]]");
    add(
        new Moments(1),
        "F32[2, 3, 3]",
        "[moments] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: F32[2, 3, 3]");
    add(
        new Moments(1),
        "F32[1, 2, 1, 1]",
        "[moments] the variance needs more positions: F32[1, 2, 1, 1]");
    add(
        new Moments.Grad(1),
        "F32[1, 2, 3, 3]",
        "[moments.grad] takes 4 inputs, got 1: [F32[1, 2, 3, 3]]");
    add(
        new Moments.Grad(1),
        "F32[2, 3, 3] F32[2, 3] F32[2, 3] F32[2, 3]",
        "[moments.grad] input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: F32[2, 3, 3]");
    add(
        new Moments.Grad(1),
        "F32[1, 2, 3, 3] F32[1, 2] F32[2] F32[1, 2]",
        "[moments.grad] statistic must be F32[1, 2], is F32[2]");
    add(new Mul(), "F32[3]", "[mul] takes 2 inputs, got 1: [F32[3]]");
    add(new Mul(), "U8[3] U8[3]", "[mul] input must be floating-point: U8[3]");
    add(
        new Mul(),
        "F32[3] C64[3]",
        "[mul] inputs must have the same dtype and shape: F32[3], C64[3]");
    add(new Mul.Conj(), "C64[3]", "[mul.conj] takes 2 inputs, got 1: [C64[3]]");
    add(new Mul.Conj(), "U8[3] U8[3]", "[mul.conj] input must be floating-point: U8[3]");
    add(
        new Mul.Conj(),
        "C64[3] C64[1, 3]",
        "[mul.conj] inputs must have the same dtype and shape: C64[3], C64[1, 3]");
    add(
        new Narrow(1, 2, 2),
        "F32[2, 4] F32[2, 4]",
        "[narrow] takes 1 input, got 2: [F32[2, 4], F32[2, 4]]");
    add(new Narrow(1, 2, 2), "I32[2, 4]", "[narrow] input must be floating-point: I32[2, 4]");
    add(
        new Narrow(1, 2, 2),
        "F32[4]",
        "[narrow] there are no 2 entries from 2 on axis 1 of F32[4]");
    add(
        new Narrow(1, 2, 2),
        "F32[4, 3]",
        "[narrow] there are no 2 entries from 2 on axis 1 of F32[4, 3]");
    add(
        new Pad(List.of(1, 1), List.of(1, 1), Pad.Mode.ZERO),
        "F32[3, 3] F32[3, 3]",
        "[pad] takes 1 input, got 2: [F32[3, 3], F32[3, 3]]");
    add(
        new Pad(List.of(1, 1), List.of(1, 1), Pad.Mode.ZERO),
        "U8[3, 3]",
        "[pad] input must be floating-point: U8[3, 3]");
    add(
        new Pad(List.of(1, 1), List.of(1, 1), Pad.Mode.ZERO),
        "F32[3]",
        "[pad] pads 2 axes of F32[3]");
    add(
        new Pad(List.of(1, 1), List.of(1, 3), Pad.Mode.REFLECT),
        "F32[3, 3]",
        "[pad] reflection by 1 before and 3 after needs a longer axis: F32[3, 3]");
    add(
        new Pad.Fold(new Pad(List.of(1), List.of(1), Pad.Mode.REFLECT), Shape.of(4)),
        "F32[6] F32[6]",
        "[pad.fold] takes 1 input, got 2: [F32[6], F32[6]]");
    add(
        new Pad.Fold(new Pad(List.of(1), List.of(1), Pad.Mode.REFLECT), Shape.of(4)),
        "I32[6]",
        "[pad.fold] input must be floating-point: I32[6]");
    add(
        new Pad.Fold(new Pad(List.of(1), List.of(1), Pad.Mode.REFLECT), Shape.of(4)),
        "F32[5]",
        "[pad.fold] gradient must be F32[6], is F32[5]");
    add(
        new Pad.Fold(new Pad(List.of(3), List.of(1), Pad.Mode.REFLECT), Shape.of(3)),
        "F32[7]",
        "[pad] reflection by 3 before and 1 after needs a longer axis: F32[3]");
    Resample resample = new Resample(new Resample.Axis(0, 1, 0), new Resample.Axis(0, 0, 1));
    add(resample, "", "[resample] takes 1 input, got 0: []");
    add(resample, "F32[1, 8, 9]", "[resample] input must be C64[coils, H, W]: F32[1, 8, 9]");
    add(
        new Reshape(Shape.of(2, 6)),
        "F32[12] F32[12]",
        "[reshape] takes 1 input, got 2: [F32[12], F32[12]]");
    add(new Reshape(Shape.of(2, 6)), "F32[13]", "[reshape] F32[13] has 13 elements, [2, 6] has 12");
    add(
        new Rss(),
        "C64[2, 8, 9] C64[2, 8, 9]",
        "[rss] takes 1 input, got 2: [C64[2, 8, 9], C64[2, 8, 9]]");
    add(new Rss(), "C64[8, 9]", "[rss] input must be C64[coils, H, W]: C64[8, 9]");
    add(
        new Rss.Grad(),
        "F32[1, 8, 9] C64[2, 8, 9]",
        "[rss.grad] takes 3 inputs, got 2: [F32[1, 8, 9], C64[2, 8, 9]]");
    add(
        new Rss.Grad(),
        "F32[1, 8, 9] F32[2, 8, 9] F32[1, 8, 9]",
        "[rss.grad] input must be C64[coils, H, W]: F32[2, 8, 9]");
    add(
        new Rss.Grad(),
        "F32[8, 9] C64[2, 8, 9] F32[1, 8, 9]",
        "[rss.grad] gradient must be F32[1, 8, 9], is F32[8, 9]");
    add(
        new Rss.Grad(),
        "F32[1, 8, 9] C64[2, 8, 9] F32[2, 8, 9]",
        "[rss.grad] root sum of squares must be F32[1, 8, 9], is F32[2, 8, 9]");
    add(
        new RssNormalize(),
        "C64[2, 8, 9] C64[2, 8, 9]",
        "[rss_normalize] takes 1 input, got 2: [C64[2, 8, 9], C64[2, 8, 9]]");
    add(
        new RssNormalize(),
        "F32[2, 8, 9]",
        "[rss_normalize] input must be C64[coils, H, W]: F32[2, 8, 9]");
    add(
        new RssNormalize.Grad(),
        "C64[2, 8, 9]",
        "[rss_normalize.grad] takes 2 inputs, got 1: [C64[2, 8, 9]]");
    add(
        new RssNormalize.Grad(),
        "C64[2, 8] C64[2, 8]",
        "[rss_normalize.grad] input must be C64[coils, H, W]: C64[2, 8]");
    add(
        new RssNormalize.Grad(),
        "C64[1, 8, 9] C64[2, 8, 9]",
        "[rss_normalize.grad] inputs must have the same dtype and shape: C64[1, 8, 9], C64[2, 8, 9]");
    add(new ScaleBy(), "F32[3]", "[scale_by] takes 2 inputs, got 1: [F32[3]]");
    add(new ScaleBy(), "I32[3] F32[]", "[scale_by] input must be floating-point: I32[3]");
    add(new ScaleBy(), "F32[3] F32[1]", "[scale_by] factor must be F32[], is F32[1]");
    add(new SensExpand(), "C64[1, 8, 9]", "[sens_expand] takes 2 inputs, got 1: [C64[1, 8, 9]]");
    add(
        new SensExpand(),
        "C64[1, 8, 9] C64[8, 9]",
        "[sens_expand] sensitivity maps must be C64[coils, H, W]: C64[8, 9]");
    add(
        new SensExpand(),
        "C64[2, 8, 9] C64[2, 8, 9]",
        "[sens_expand] image must be C64[1, 8, 9], is C64[2, 8, 9]");
    add(new SensReduce(), "C64[2, 8, 9]", "[sens_reduce] takes 2 inputs, got 1: [C64[2, 8, 9]]");
    add(
        new SensReduce(),
        "F32[2, 8, 9] F32[2, 8, 9]",
        "[sens_reduce] k-space must be C64[coils, H, W]: F32[2, 8, 9]");
    add(
        new SensReduce(),
        "C64[2, 8, 9] C64[3, 8, 9]",
        "[sens_reduce] inputs must have the same dtype and shape: C64[2, 8, 9], C64[3, 8, 9]");
    add(
        new SensReduce.MapGrad(),
        "C64[2, 8, 9]",
        "[sens_reduce.map_grad] takes 2 inputs, got 1: [C64[2, 8, 9]]");
    add(
        new SensReduce.MapGrad(),
        "C64[8, 9] C64[1, 8, 9]",
        "[sens_reduce.map_grad] k-space must be C64[coils, H, W]: C64[8, 9]");
    add(
        new SensReduce.MapGrad(),
        "C64[2, 8, 9] C64[8, 9]",
        "[sens_reduce.map_grad] image must be C64[1, 8, 9], is C64[8, 9]");
    add(
        new SobelMagnitude(1e-12),
        "F32[1, 8, 9] F32[1, 8, 9]",
        "[sobel_magnitude] takes 1 input, got 2: [F32[1, 8, 9], F32[1, 8, 9]]");
    add(
        new SobelMagnitude(1e-12),
        "C64[1, 8, 9]",
        "[sobel_magnitude] input must be F32[N, H, W]: C64[1, 8, 9]");
    add(
        new SobelMagnitude.Grad(1e-12),
        "F32[1, 8, 9]",
        "[sobel_magnitude.grad] takes 2 inputs, got 1: [F32[1, 8, 9]]");
    add(
        new SobelMagnitude.Grad(1e-12),
        "C64[1, 8, 9] C64[1, 8, 9]",
        "[sobel_magnitude.grad] input must be F32: C64[1, 8, 9]");
    add(
        new SobelMagnitude.Grad(1e-12),
        "F32[8, 9] F32[8, 9]",
        "[sobel_magnitude.grad] input must have rank 3: F32[8, 9]");
    add(
        new SobelMagnitude.Grad(1e-12),
        "F32[1, 8, 8] F32[1, 8, 9]",
        "[sobel_magnitude.grad] inputs must have the same dtype and shape: F32[1, 8, 8], F32[1, 8, 9]");
    add(
        new SoftDataConsistency(),
        "C64[2, 8, 9] C64[2, 8, 9] C64[2, 8, 9] F32[9]",
        "[soft_data_consistency] takes 5 inputs, got 4: [C64[2, 8, 9], C64[2, 8, 9], C64[2, 8, 9], F32[9]]");
    add(
        new SoftDataConsistency(),
        "C64[8, 9] C64[8, 9] C64[8, 9] F32[9] F32[]",
        "[soft_data_consistency] k-space must be C64[coils, H, W]: C64[8, 9]");
    add(
        new SoftDataConsistency(),
        "C64[2, 8, 9] C64[1, 8, 9] C64[2, 8, 9] F32[9] F32[]",
        "[soft_data_consistency] inputs must have the same dtype and shape: C64[2, 8, 9], C64[1, 8, 9]");
    add(
        new SoftDataConsistency(),
        "C64[2, 8, 9] C64[2, 8, 9] C64[1, 8, 9] F32[9] F32[]",
        "[soft_data_consistency] inputs must have the same dtype and shape: C64[2, 8, 9], C64[1, 8, 9]");
    add(
        new SoftDataConsistency(),
        "C64[2, 8, 9] C64[2, 8, 9] C64[2, 8, 9] F32[8] F32[]",
        "[soft_data_consistency] mask must have one F32 per column: k-space C64[2, 8, 9], mask F32[8]");
    add(
        new SoftDataConsistency(),
        "C64[2, 8, 9] C64[2, 8, 9] C64[2, 8, 9] F32[9] F32[1]",
        "[soft_data_consistency] weight must be F32[], is F32[1]");
    add(
        new SoftDataConsistency.KspaceGrad(),
        "C64[2, 8, 9] F32[9]",
        "[soft_data_consistency.kspace_grad] takes 3 inputs, got 2: [C64[2, 8, 9], F32[9]]");
    add(
        new SoftDataConsistency.KspaceGrad(),
        "F32[2, 8, 9] F32[9] F32[]",
        "[soft_data_consistency.kspace_grad] gradient must be C64[coils, H, W]: F32[2, 8, 9]");
    add(
        new SoftDataConsistency.KspaceGrad(),
        "C64[2, 8, 9] F32[8] F32[]",
        "[soft_data_consistency.kspace_grad] mask must have one F32 per column: k-space C64[2, 8, 9], mask F32[8]");
    add(
        new SoftDataConsistency.KspaceGrad(),
        "C64[2, 8, 9] F32[9] F32[1]",
        "[soft_data_consistency.kspace_grad] weight must be F32[], is F32[1]");
    add(
        new Softmax(),
        "F32[5, 3] F32[5, 3]",
        "[softmax] takes 1 input, got 2: [F32[5, 3], F32[5, 3]]");
    add(
        new Softmax(),
        "F16[5, 3]",
        "[softmax] input must be F32[N, C] or a feature map F32[N, C, (D,) H, W]: F16[5, 3]");
    add(new Softmax.Grad(), "F32[5, 3]", "[softmax.grad] takes 2 inputs, got 1: [F32[5, 3]]");
    add(
        new Softmax.Grad(),
        "F32[5] F32[5]",
        "[softmax.grad] input must be F32[N, C] or a feature map F32[N, C, (D,) H, W]: F32[5]");
    add(
        new Softmax.Grad(),
        "F32[5, 3] F32[5, 4]",
        "[softmax.grad] inputs must have the same dtype and shape: F32[5, 3], F32[5, 4]");
    add(new Spread(TensorSpec.of(DType.F32, 3)), "", "[spread] takes 1 input, got 0: []");
    add(
        new Spread(TensorSpec.of(DType.F32, 3)),
        "F32[3]",
        "[spread] input must be F32[], is F32[3]");
    add(new Spread(TensorSpec.of(DType.C64, 3)), "F32[]", "[spread] output must be real: C64[3]");
    add(
        Ssim.STANDARD,
        "F32[1, 8, 9] F32[1, 8, 9]",
        "[ssim] takes 3 inputs, got 2: [F32[1, 8, 9], F32[1, 8, 9]]");
    add(
        Ssim.STANDARD,
        "F32[8, 9] F32[8, 9] F32[8]",
        "[ssim] input must be F32[N, H, W]: F32[8, 9]");
    add(
        Ssim.STANDARD,
        "F32[1, 8, 9] F32[1, 8, 8] F32[1]",
        "[ssim] inputs must have the same dtype and shape: F32[1, 8, 9], F32[1, 8, 8]");
    add(
        Ssim.STANDARD,
        "F32[2, 8, 9] F32[2, 8, 9] F32[]",
        "[ssim] data range must be F32[2], is F32[]");
    add(
        Ssim.STANDARD,
        "F32[1, 6, 9] F32[1, 6, 9] F32[1]",
        "[ssim] images are smaller than the 7 x 7 window: F32[1, 6, 9]");
    add(
        new Ssim.Grad(Ssim.STANDARD),
        "F32[1, 2, 3] F32[1, 8, 9] F32[1, 8, 9]",
        "[ssim.grad] takes 4 inputs, got 3: [F32[1, 2, 3], F32[1, 8, 9], F32[1, 8, 9]]");
    add(
        new Ssim.Grad(Ssim.STANDARD),
        "F32[1, 8, 9] F32[1, 8, 9] F32[1, 8, 9] F32[1]",
        "[ssim.grad] gradient must be F32[1, 2, 3], is F32[1, 8, 9]");
    add(new Sub(), "F32[3]", "[sub] takes 2 inputs, got 1: [F32[3]]");
    add(new Sub(), "U8[3] U8[3]", "[sub] input must be floating-point: U8[3]");
    add(
        new Sub(),
        "F32[3] F32[1]",
        "[sub] inputs must have the same dtype and shape: F32[3], F32[1]");
    add(new Sum(), "F32[3] F32[3]", "[sum] takes 1 input, got 2: [F32[3], F32[3]]");
    add(new Sum(), "C64[3]", "[sum] input must be real: C64[3]");
    add(
        new Unary(Unary.Function.EXP),
        "F32[3] F32[3]",
        "[unary] takes 1 input, got 2: [F32[3], F32[3]]");
    add(new Unary(Unary.Function.EXP), "I32[3]", "[unary] input must be real: I32[3]");
    add(
        new Unary.Grad(Unary.Function.EXP),
        "F32[3]",
        "[unary.grad] takes 2 inputs, got 1: [F32[3]]");
    add(
        new Unary.Grad(Unary.Function.EXP),
        "C64[3] C64[3]",
        "[unary.grad] input must be real: C64[3]");
    add(
        new Unary.Grad(Unary.Function.EXP),
        "F32[3] F32[4]",
        "[unary.grad] inputs must have the same dtype and shape: F32[3], F32[4]");
    add(
        new Uniform(Philox.of(1, "init"), Shape.of(3), 0, 1),
        "F32[3]",
        "[uniform] takes 0 inputs, got 1: [F32[3]]");
    add(
        new Uniform(Philox.of(1, "init"), Shape.of(3), 1, 0),
        "",
        "[uniform] low 1.0 must not exceed high 0.0");
  }

  private static List<TensorSpec> specs(String text) {
    List<TensorSpec> specs = new ArrayList<>();
    Matcher spec = SPEC.matcher(text);
    while (spec.find()) {
      long[] dims =
          Arrays.stream(spec.group(2).split(", "))
              .filter(d -> !d.isEmpty())
              .mapToLong(Long::parseLong)
              .toArray();
      specs.add(TensorSpec.of(DType.valueOf(spec.group(1)), dims));
    }
    return specs;
  }

  @ParameterizedTest
  @MethodSource("rows")
  void saysWhatIsWrongAndWhere(Row row) {
    try (Device meta = Device.open("meta")) {
      Scope.run(
          "unet",
          () ->
              Scope.run(
                  "down.1",
                  () -> {
                    Tensor[] inputs =
                        specs(row.inputs).stream()
                            .map(spec -> meta.empty(spec, Ledger.Tag.TEMPORARY))
                            .toArray(Tensor[]::new);
                    OpException e = assertThrows(OpException.class, () -> meta.run(row.op, inputs));
                    assertEquals(row.message + " (at unet.down.1)", e.getMessage());
                    return null;
                  }));
    }
  }

  private static void refuses(String message, Runnable attributes) {
    assertEquals(
        message, assertThrows(IllegalArgumentException.class, attributes::run).getMessage());
  }

  @Test
  void attributesAreCheckedWhenAnOpIsMade() {
    List<Integer> two = List.of(1, 1);
    refuses(
        "stride [0, 1] must be at least 1", () -> new Conv(List.of(0, 1), List.of(0, 0), two, 1));
    refuses("padding [-1, 0] must be at least 0", () -> new Conv(two, List.of(-1, 0), two, 1));
    refuses(
        "stride [1, 1], padding [1], dilation [1, 1], groups 1",
        () -> new Conv(two, List.of(1), two, 1));
    refuses(
        "stride [1, 1], padding [1, 1], dilation [1, 1], groups 0",
        () -> new Conv(two, two, two, 0));
    refuses("stride [1, 1], padding [1], groups 1", () -> new ConvTranspose(two, List.of(1), 1));
    refuses("window [2, 0] must be at least 1", () -> new AvgPool(List.of(2, 0)));
    refuses(
        "offset [1] and size [2, 2] differ in length", () -> new Crop(List.of(1), List.of(2, 2)));
    refuses(
        "padding before [1] and after [1, 2] differ in length",
        () -> new Pad(List.of(1), List.of(1, 2), Pad.Mode.ZERO));
    refuses("axis must not be negative: -1", () -> new Concat(-1));
    refuses("narrow axis 0 from 2 by 0", () -> new Narrow(0, 2, 0));
    refuses("embed on axis 0 from -1", () -> new Embed(0, -1, 2));
    refuses("chunks must be at least 1, not 0", () -> new ChunkAttention(0));
    refuses(
        "dropout probability must be in [0, 1), not 1.0",
        () -> new ChannelDropout(1, Philox.of(1, "dropout")));
    refuses("eps 0.0 and slope 0.2 must be positive", () -> new InstanceNormAct(0, 0.2f));
    refuses(
        "eps 1.0 must be positive and slope NaN not negative",
        () -> new InstanceNormAffineAct(1, Float.NaN));
    refuses(
        "eps 0.0 must be positive and slope 0.0 not negative",
        () -> new InstanceNormAffineAct(0, 0));
    refuses("label smoothing must be in [0, 1], not -0.1", () -> new CrossEntropy(-0.1));
    refuses("label smoothing must be in [0, 1], not 1.5", () -> new CrossEntropy(1.5));
    refuses("correction must be 0 or 1, not 2", () -> new Moments(2));
    refuses("eps must be positive, not 0.0", () -> new SobelMagnitude(0));
    refuses("SSIM window 1, k1 0.01, k2 0.03", () -> new Ssim(1, 0.01, 0.03));
    refuses(
        "resampling from 0.0, NaN a row, 1.0 a column: not finite",
        () -> new Resample.Axis(0, Double.NaN, 1));
    refuses("step counts from 1, not 0", () -> new AdamStep(1, 0.9, 0.99, 1e-8, 0, false, 0));
  }

  @Test
  void anInputOfAnotherDeviceIsRefused() {
    try (Device ref = Device.open("ref");
        Device meta = Device.open("meta")) {
      Scope.run(() -> {
        Tensor here = ref.scalar(1);
        Tensor there = meta.scalar(1);
        OpException e = assertThrows(OpException.class, () -> new Add().apply(here, there));
        assertEquals("[add] input F32[] is on meta, not on ref", e.getMessage());
      });
    }
  }

  @Test
  void aReverseRuleThatDoesNotExistSaysSo() {
    OpException e = assertThrows(OpException.class, () -> new ChannelTotal().vjp(null));
    assertEquals("[channel_total] is not differentiable", e.getMessage());
  }
}
