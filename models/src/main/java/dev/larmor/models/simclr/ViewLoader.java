package dev.larmor.models.simclr;

import dev.larmor.engine.Philox;
import dev.larmor.engine.Shares.Share;
import dev.larmor.models.data.DataException;
import dev.larmor.models.io.ReadAhead;
import dev.larmor.models.simclr.ViewBatch.Replaced;
import dev.larmor.models.simclr.view.Patch;
import dev.larmor.models.simclr.view.View;
import dev.larmor.models.simclr.view.ViewPair;
import dev.larmor.models.simclr.view.Views;
import dev.larmor.models.simclr.view.Volume;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes batches of views on worker threads, ahead of their use: which images, which patches of them
 * and which views hang on the seed and the step alone, not on the number of workers. So does the
 * image that is taken in the place of one that cannot be used.
 *
 * <p>About two batches of views are in memory: the one in use and the one being made.
 */
public final class ViewLoader implements AutoCloseable {
  /** The pairs of views of one image of a batch, two arrays each. */
  private record Sample(int image, List<float[][]> pairs, List<Replaced> replaced) {}

  private final PatchSource source;
  private final Sampling sampling;
  private final Share own;
  private final long firstStep;
  private final ReadAhead<Sample> samples;
  private final List<float[]> spare = new ArrayList<>(); // guarded by this

  /**
   * Starts making views.
   *
   * @param own places of each batch whose views are made: a rank's share of it
   * @param firstStep of the first batch
   * @param steps the number of batches
   * @param workers number of threads, at least 1
   */
  public ViewLoader(
      PatchSource source, Sampling sampling, Share own, long firstStep, int steps, int workers) {
    this.source = source;
    this.sampling = sampling;
    this.own = own;
    this.firstStep = firstStep;
    int samplesInAll = Math.multiplyExact(steps, own.count());
    this.samples =
        new ReadAhead<>("view-loader", samplesInAll, workers, own.count() + workers, Maker::new);
  }

  /** The same for whole batches. */
  public ViewLoader(PatchSource source, Sampling sampling, long firstStep, int steps, int workers) {
    this(source, sampling, Share.all(sampling.order().batch()), firstStep, steps, workers);
  }

  /** Whether another batch follows. */
  public boolean hasNext() {
    return samples.hasNext();
  }

  /**
   * The next batch, or the share of it; waits for it.
   *
   * @throws DataException if an image cannot be used, and none of its replacements
   */
  public ViewBatch next() {
    List<float[][]> pairs = new ArrayList<>();
    List<Integer> images = new ArrayList<>();
    List<Replaced> replaced = new ArrayList<>();
    for (int i = 0; i < own.count(); i++) {
      Sample sample = samples.next();
      for (float[][] pair : sample.pairs) {
        pairs.add(pair);
        images.add(sample.image);
      }
      replaced.addAll(sample.replaced);
    }
    int[] numbers = images.stream().mapToInt(Integer::intValue).toArray();
    int[] groups = images.stream().mapToInt(source::group).toArray();
    Views views = sampling.views();
    return new ViewBatch(
        own.first() * views.pairs(), views.side(), pairs, numbers, groups, List.copyOf(replaced));
  }

  /** Gives a batch's arrays back, to be filled again: it must not be read any more. */
  public synchronized void recycle(ViewBatch batch) {
    batch.pairs().forEach(pair -> spare.addAll(List.of(pair)));
  }

  private synchronized float[] array(int length) {
    return spare.isEmpty() ? new float[length] : spare.removeLast();
  }

  @Override
  public void close() {
    samples.close();
  }

  /** What a worker thread works with. */
  private final class Maker implements ReadAhead.Worker<Sample> {
    private final PatchSource.Reader reader = source.open();
    private final float[] voxels = new float[sampling.patch().voxels()];

    // The order of the step that was worked on last.
    private long step = -1;
    private int[] images;

    @Override
    public Sample make(int position) {
      long wanted = firstStep + position / own.count();
      if (wanted != step) {
        images = sampling.order().batch(wanted);
        step = wanted;
      }
      int place = own.first() + position % own.count();
      Philox stream = sampling.stream(step, place);
      Philox others = stream.with("replacement");
      List<Replaced> replaced = new ArrayList<>();
      for (int image = images[place]; ; image = other(image, others, replaced.size())) {
        try {
          return new Sample(image, pairs(image, stream), replaced);
        } catch (DataException e) {
          replaced.add(new Replaced(image, e.getMessage()));
          if (replaced.size() > sampling.replacements() || source.images() == 1) {
            throw replaced.size() == 1
                ? e
                : new DataException(
                    "%d images one after the other cannot be used, the last: %s"
                        .formatted(replaced.size(), e.getMessage()),
                    e);
          }
        }
      }
    }

    /** Any image but this. */
    private int other(int image, Philox others, int i) {
      return (image + 1 + others.below(source.images() - 1, i)) % source.images();
    }

    private List<float[][]> pairs(int image, Philox stream) {
      Patch drawn = Patch.draw(reader.extent(image), sampling.patch(), stream.with("patch"));
      reader.read(image, drawn, sampling.outside(), voxels);
      Volume volume = new Volume(voxels, sampling.patch());
      List<float[][]> pairs = new ArrayList<>();
      for (ViewPair pair : sampling.views().draw(sampling.patch(), stream.with("views"))) {
        pairs.add(new float[][] {made(pair.first(), volume), made(pair.second(), volume)});
      }
      return pairs;
    }

    private float[] made(View view, Volume volume) {
      float[] into = array(view.size().voxels());
      view.apply(volume, into);
      return into;
    }

    @Override
    public void close() {
      reader.close();
    }
  }
}
