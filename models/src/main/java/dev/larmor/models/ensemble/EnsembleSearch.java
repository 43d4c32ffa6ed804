package dev.larmor.models.ensemble;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.MaskSource;
import dev.larmor.models.data.fastmri.Sample;
import dev.larmor.models.data.fastmri.SliceIndex;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.loss.AnatomicalRegion;
import dev.larmor.models.metric.StructuralSimilarity;
import dev.larmor.models.training.Reconstruction;
import dev.larmor.models.varnet.ReconstructionModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * Finds members' weights: those with which the mean of their images is most like the targets of a
 * search set, by the leaderboard's SSIM, the mean over all slices.
 */
public final class EnsembleSearch {
  /**
   * What was found for one expert; a score is a mean SSIM.
   *
   * @param alone the score of each member alone, by name
   * @param equal the score of equal weights
   * @param weights what was found, the weightiest first, without members of no weight
   * @param score of these
   */
  public record Found(
      Map<String, Double> alone, double equal, Map<String, Double> weights, double score) {}

  /** A slice of the search set: where the file has its target and each member's image. */
  private record Slice(Volume volume, int side, long target, long[] images) {}

  private final Reconstruction work;
  private final NetworkSlot slot;
  private final Path folder;
  private final int rounds;
  private final Runnable image;
  private final BooleanSupplier stop;

  /**
   * A search.
   *
   * @param folder for a temporary file with all images of one expert's members
   * @param rounds of the selection; a weight is a multiple of its inverse, or of a larger one
   * @param image is told after every image a network made
   * @param stop asked before every slice
   */
  public EnsembleSearch(
      Reconstruction work,
      NetworkSlot slot,
      Path folder,
      int rounds,
      Runnable image,
      BooleanSupplier stop) {
    if (rounds < 1) {
      throw new IllegalArgumentException("the number of rounds must be at least 1, not " + rounds);
    }
    this.work = work;
    this.slot = slot;
    this.folder = folder;
    this.rounds = rounds;
    this.image = image;
    this.stop = stop;
  }

  /**
   * Searches for one expert. Each member is loaded once.
   *
   * @param slices of volumes with targets
   * @throws CancellationException if it was stopped
   * @throws DataException if a slice or a checkpoint cannot be read
   */
  public Found search(Ensemble all, VolumeSet input, List<SliceIndex> slices, MaskSource masks) {
    List<Member> members = all.members();
    try (Predictions file = new Predictions(folder)) {
      List<Slice> predicted = predict(members, input, slices, masks, file);
      GreedySelection selection =
          GreedySelection.of(
              members.size(), rounds, ensembles -> scores(members, ensembles, predicted, file));
      Map<String, Double> alone = new LinkedHashMap<>();
      for (int m = 0; m < members.size(); m++) {
        alone.put(members.get(m).name(), selection.alone().get(m));
      }
      int[] counts = selection.counts().stream().mapToInt(Integer::intValue).toArray();
      return new Found(
          alone, selection.equal(), ensemble(members, counts).weights(), selection.score());
    }
  }

  private List<Slice> predict(
      List<Member> members,
      VolumeSet input,
      List<SliceIndex> slices,
      MaskSource masks,
      Predictions file) {
    List<Slice> predicted = new ArrayList<>();
    for (int m = 0; m < members.size(); m++) {
      int member = m;
      int[] position = {0};
      ReconstructionModel model = slot.model(members.get(m).source(), seconds -> {});
      boolean all =
          work.images(
              model,
              input,
              slices,
              masks,
              (sample, pixels) -> {
                if (member == 0) {
                  predicted.add(slice(sample, members.size(), file));
                }
                predicted.get(position[0]++).images[member] = file.write(pixels);
                image.run();
              },
              stop);
      if (!all) {
        throw new CancellationException();
      }
    }
    return predicted;
  }

  private Slice slice(Sample sample, int members, Predictions file) {
    long target = file.write(sample.target().orElseThrow());
    return new Slice(sample.volume(), work.side(sample.volume()), target, new long[members]);
  }

  /** The ensemble of members that are in it so often. */
  private static Ensemble ensemble(List<Member> members, int[] counts) {
    List<Member> weighted = new ArrayList<>();
    for (int m = 0; m < counts.length; m++) {
      if (counts[m] > 0) {
        weighted.add(members.get(m).withWeight(counts[m]));
      }
    }
    return new Ensemble("search", weighted);
  }

  /** Every image is read once for all ensembles. */
  private double[] scores(
      List<Member> members, List<int[]> counts, List<Slice> predicted, Predictions file) {
    List<Ensemble> ensembles = counts.stream().map(each -> ensemble(members, each)).toList();
    double[] sums = new double[ensembles.size()];
    for (Slice slice : predicted) {
      if (stop.getAsBoolean()) {
        throw new CancellationException();
      }
      int pixels = slice.side * slice.side;
      Map<String, float[]> images = new LinkedHashMap<>();
      for (int m = 0; m < members.size(); m++) {
        images.put(members.get(m).name(), file.read(slice.images[m], pixels));
      }
      List<float[]> means = ensembles.stream().map(each -> mean(each, images, pixels)).toList();
      double[] similarities = similarities(slice, file.read(slice.target, pixels), means);
      for (int e = 0; e < sums.length; e++) {
        sums[e] += similarities[e];
      }
    }
    return Arrays.stream(sums).map(sum -> sum / predicted.size()).toArray();
  }

  /** The image that a reconstruction by this ensemble has, bit for bit. */
  private static float[] mean(Ensemble ensemble, Map<String, float[]> images, int pixels) {
    WeightedMean mean = new WeightedMean(1, pixels);
    for (Member member : ensemble.members()) {
      mean.add(0, images.get(member.name()), member.weight());
    }
    return mean.image(0);
  }

  /** The SSIM of each image inside the target's anatomical region. */
  private double[] similarities(Slice slice, float[] target, List<float[]> images) {
    Device device = work.device();
    Volume volume = slice.volume;
    TensorSpec spec = TensorSpec.of(DType.F32, 1, slice.side, slice.side);
    return Scope.run(() -> {
      Tensor y = device.tensor(spec, target);
      AnatomicalRegion region = AnatomicalRegion.of(y, volume.anatomy());
      Tensor wanted = region.inside(y);
      return images.stream()
          .mapToDouble(pixels ->
              Scope.run(() ->
                  StructuralSimilarity.perSlice(
                      region.inside(device.tensor(spec, pixels)), wanted, volume.max())[0]))
          .toArray();
    });
  }
}
