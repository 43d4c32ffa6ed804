package dev.larmor.models.simclr;

import dev.larmor.models.io.ReadAhead;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Outside;
import dev.larmor.models.simclr.view.Patch;
import dev.larmor.models.simclr.view.View;
import dev.larmor.models.simclr.view.ViewPair;
import dev.larmor.models.simclr.view.Views;
import dev.larmor.models.simclr.view.Volume;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes batches of views on worker threads, ahead of their use: which images, which patches of them
 * and which views hang on the seed and the step alone, not on the number of workers.
 *
 * <p>About two batches of views are in memory: the one in use and the one being made.
 */
public final class ViewLoader implements AutoCloseable {
  /** The pairs of views of one image of a batch, two arrays each. */
  private record Sample(int group, List<float[][]> pairs) {}

  private final PatchSource source;
  private final BatchOrder order;
  private final Views views;
  private final Extent patch;
  private final Outside outside;
  private final long firstStep;
  private final ReadAhead<Sample> samples;
  private final List<float[]> spare = new ArrayList<>(); // guarded by this

  /**
   * Starts making views.
   *
   * @param patch extent of the patches that views are made of
   * @param outside what stands where a patch reaches beyond its image
   * @param firstStep of the first batch
   * @param steps the number of batches
   * @param workers number of threads, at least 1
   */
  public ViewLoader(
      PatchSource source,
      BatchOrder order,
      Views views,
      Extent patch,
      Outside outside,
      long firstStep,
      int steps,
      int workers) {
    this.source = source;
    this.order = order;
    this.views = views;
    this.patch = patch;
    this.outside = outside;
    this.firstStep = firstStep;
    this.samples =
        new ReadAhead<>(
            "view-loader", steps * order.batch(), workers, order.batch() + workers, Maker::new);
  }

  /** Whether another batch follows. */
  public boolean hasNext() {
    return samples.hasNext();
  }

  /**
   * The next batch; waits for it.
   *
   * @throws dev.larmor.models.data.DataException if an image cannot be read
   */
  public ViewBatch next() {
    List<float[][]> pairs = new ArrayList<>();
    List<Integer> groups = new ArrayList<>();
    for (int i = 0; i < order.batch(); i++) {
      Sample sample = samples.next();
      for (float[][] pair : sample.pairs) {
        pairs.add(pair);
        groups.add(sample.group);
      }
    }
    int[] numbers = groups.stream().mapToInt(Integer::intValue).toArray();
    return new ViewBatch(views.side(), pairs, numbers);
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
    private final float[] voxels = new float[patch.voxels()];

    // The order of the step that was worked on last.
    private long step = -1;
    private int[] images;

    @Override
    public Sample make(int position) {
      long wanted = firstStep + position / order.batch();
      if (wanted != step) {
        images = order.batch(wanted);
        step = wanted;
      }
      int image = images[position % order.batch()];
      var stream = Views.stream(order.seed(), step, position % order.batch());
      Patch drawn = Patch.draw(reader.extent(image), patch, stream.with("patch"));
      reader.read(image, drawn, outside, voxels);
      Volume volume = new Volume(voxels, patch);
      List<float[][]> pairs = new ArrayList<>();
      for (ViewPair pair : views.draw(patch, stream.with("views"))) {
        pairs.add(new float[][] {made(pair.first(), volume), made(pair.second(), volume)});
      }
      return new Sample(source.group(image), pairs);
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
