package dev.larmor.models.ensemble;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.MaskSource;
import dev.larmor.models.data.fastmri.SliceIndex;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.training.Reconstruction;
import dev.larmor.models.varnet.ReconstructionModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Reconstructs volumes one after the other: each share of slices by its ensemble's members, the
 * weightiest first, as many as there is time for.
 *
 * <p>Volume by volume, not member by member: a switch takes a few percent of what a member takes
 * for a volume, finished volumes are safe on the disk, and the time limit is met with all volumes
 * done.
 */
public final class VolumeReconstruction {
  /** What became of a volume. */
  public sealed interface Outcome {}

  /**
   * It was written.
   *
   * @param members how many members were averaged, where shares differ the least
   * @param wanted how many there are
   */
  public record Made(int members, int wanted) implements Outcome {
    /** Whether there was time for all members. */
    public boolean hasAll() {
      return members == wanted;
    }
  }

  /** It was left out, since its file cannot be read. */
  public record LeftOut(String reason) implements Outcome {}

  /** The user wants to stop; nothing was written. */
  public record Stopped() implements Outcome {}

  private final Reconstruction work;
  private final NetworkSlot slot;
  private final TimeBudget time;
  private final BadFiles badFiles;
  private final Runnable image;
  private final BooleanSupplier stop;

  /**
   * Volumes to be reconstructed.
   *
   * @param image is told after every image a network made
   * @param stop asked before every image; when true, the volume is dropped
   */
  public VolumeReconstruction(
      Reconstruction work,
      NetworkSlot slot,
      TimeBudget time,
      BadFiles badFiles,
      Runnable image,
      BooleanSupplier stop) {
    this.work = work;
    this.slot = slot;
    this.time = time;
    this.badFiles = badFiles;
    this.image = image;
    this.stop = stop;
  }

  /**
   * Orders jobs for the fewest switches between networks: those of the same experts together, as
   * they come.
   */
  public static List<Job> ordered(List<Job> jobs) {
    return jobs.stream().sorted(Comparator.comparing(Job::route)).toList();
  }

  /**
   * Makes the first of the jobs that are left. Its file appears when the volume is done, whole or
   * not at all.
   *
   * @param left all that is left to do: what there is time for depends on it
   * @throws DataException if a checkpoint cannot be read or, unless bad files are skipped, a slice
   */
  public Outcome next(List<Job> left) {
    try {
      return make(left);
    } catch (CheckpointException e) {
      throw e;
    } catch (DataException e) {
      if (badFiles == BadFiles.FAIL) {
        throw e;
      }
      return new LeftOut(e.getMessage());
    }
  }

  private Outcome make(List<Job> left) {
    Job job = left.getFirst();
    Volume volume = job.volume();
    int side = work.side(volume);
    WeightedMean mean = new WeightedMean(volume.slices(), side * side);
    List<Share> shares = new ArrayList<>(job.shares());
    // Slices may come in any order: the network that is there begins.
    shares.sort(Comparator.comparing(share -> !slot.holds(first(share).source())));
    List<Share> later = left.stream().skip(1).flatMap(other -> other.shares().stream()).toList();
    int fewest = Integer.MAX_VALUE;
    for (int s = 0; s < shares.size(); s++) {
      List<Share> rest = Stream.concat(shares.stream().skip(s), later.stream()).toList();
      int done = 0;
      for (Member member : shares.get(s).ensemble().members()) {
        if (done >= time.members(rest, done)) {
          break;
        }
        ReconstructionModel model = slot.model(member.source(), time::switched);
        if (!images(job, shares.get(s), model, member, mean)) {
          return new Stopped();
        }
        done++;
      }
      fewest = Math.min(fewest, done);
    }
    write(job, fewest, mean);
    return new Made(fewest, job.members());
  }

  private static Member first(Share share) {
    return share.ensemble().members().getFirst();
  }

  /** Adds one member's images of a share; returns whether all were made, not stopped. */
  private boolean images(
      Job job, Share share, ReconstructionModel model, Member member, WeightedMean mean) {
    List<SliceIndex> slices =
        IntStream.range(share.first(), share.end())
            .mapToObj(slice -> new SliceIndex(job.index(), slice))
            .toList();
    double start = time.elapsed();
    boolean all =
        work.images(
            model,
            job.input(),
            slices,
            MaskSource.ofFile(),
            (sample, pixels) -> {
              mean.add(sample.slice(), pixels, member.weight());
              image.run();
            },
            stop);
    time.reconstructed(share, member.source(), time.elapsed() - start);
    return all;
  }

  private void write(Job job, int members, WeightedMean mean) {
    double start = time.elapsed();
    work.write(job.volume(), job.file(), job.source(), members, mean::image);
    double took = time.elapsed() - start;
    for (Share share : job.shares()) {
      time.wrote(share, took * share.slices() / job.volume().slices());
    }
  }
}
