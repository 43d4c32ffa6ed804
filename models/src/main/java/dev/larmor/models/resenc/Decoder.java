package dev.larmor.models.resenc;

import dev.larmor.autograd.Init;
import dev.larmor.autograd.Module;
import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.AddBias;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Conv;
import dev.larmor.models.nn.Convolution;
import dev.larmor.models.nn.TransposedConvolution;
import java.util.ArrayList;
import java.util.List;

/**
 * The way back up of a U-Net (Ronneberger et al. 2015): at each level twice the size by a
 * transposed convolution, the encoder's features of that size beside, one unit. Levels count from
 * the deepest; each may be recomputed in training, as {@code stages.0}, ….
 *
 * <p>Every level has a layer of its own that would make class scores of it, as checkpoints have
 * them; only the last one's is used, the others are frozen.
 */
final class Decoder extends Module {
  private final List<TransposedConvolution> enlarge = new ArrayList<>();
  private final List<Parameter> biases = new ArrayList<>();
  private final List<ConvUnit> units = new ArrayList<>();
  private final Convolution scores;

  /**
   * A decoder.
   *
   * @param features of the encoder's stages, finest first
   */
  Decoder(List<Integer> features, int classes) {
    Convolution last = null;
    int levels = features.size() - 1;
    for (int level = 0; level < levels; level++) {
      int in = features.get(levels - level);
      int out = features.get(levels - level - 1);
      String name = "transpconvs." + level;
      enlarge.add(child(name, new TransposedConvolution(3, in, out, 2)));
      biases.add(parameter(name + ".bias", TensorSpec.of(DType.F32, out), Init.fanIn(8L * out)));
      units.add(
          child("stages." + level + ".convs.0", new ConvUnit(2 * out, out, 3, 1, true, true)));
      Convolution own = new Convolution(Conv.padded(3, 0), out, classes, List.of(1, 1, 1), true);
      last = child("seg_layers." + level, own);
      if (level < levels - 1) {
        last.parameters().forEach(Parameter::freeze);
      }
    }
    scores = last;
  }

  /**
   * Class scores.
   *
   * @param stages the encoder's outputs, finest first
   * @return {@code [N, classes, D, H, W]}
   */
  Tensor apply(Tensor[] stages) {
    return scoped(() -> {
      Tensor y = stages[stages.length - 1];
      for (int level = 0; level < units.size(); level++) {
        Tensor skipped = stages[stages.length - 2 - level];
        int l = level;
        y = Tape.checkpoint("stages." + level, in -> level(l, in), y, skipped)[0];
      }
      return scores.apply(y);
    });
  }

  private Tensor[] level(int level, Tensor[] in) {
    Tensor large = enlarge.get(level).apply(in[0]);
    Tensor shifted = new AddBias().apply(large, biases.get(level).value());
    return new Tensor[] {units.get(level).apply(new Concat(1).apply(shifted, in[1]))};
  }
}
