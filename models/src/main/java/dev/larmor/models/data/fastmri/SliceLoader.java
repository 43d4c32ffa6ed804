package dev.larmor.models.data.fastmri;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.io.ReadAhead;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;

/**
 * Reads slices ahead of their use on worker threads.
 *
 * <p>Samples come in the order asked for and with the same numbers whatever the number of workers;
 * at most {@code workers + 1} wait or are being read: see {@link ReadAhead}.
 *
 * <p>To be closed, at the end or midway: this ends the workers – each finishes at most the slice it
 * is reading – and closes their files. A worker keeps the volume it read last open, since opening
 * one parses the index of its chunks.
 */
public final class SliceLoader implements Iterator<Sample>, AutoCloseable {
  private final VolumeSet folder;
  private final List<SliceIndex> order;
  private final MaskSource masks;
  private final BadFiles badFiles;
  private final List<String> problems = new ArrayList<>();
  private final List<float[]> spare = new ArrayList<>(); // guarded by this
  private final ReadAhead<Sample> samples;

  /** The next sample, once {@link #hasNext} has had to fetch it. */
  private Sample ahead;

  /**
   * Starts reading.
   *
   * @param folder the data set
   * @param order the slices to read, in this order
   * @param masks decides each sample's mask
   * @param badFiles whether a slice that cannot be read, or holds NaN, is an error or left out
   * @param workers number of reading threads, at least 1
   */
  public SliceLoader(
      VolumeSet folder, List<SliceIndex> order, MaskSource masks, BadFiles badFiles, int workers) {
    this.folder = Objects.requireNonNull(folder, "folder");
    this.order = List.copyOf(order);
    this.masks = Objects.requireNonNull(masks, "masks");
    this.badFiles = Objects.requireNonNull(badFiles, "badFiles");
    this.samples =
        new ReadAhead<>("slice-loader", order.size(), workers, workers + 1, OpenVolume::new);
  }

  /** Whether another sample follows; waits for it. */
  @Override
  public boolean hasNext() {
    while (ahead == null && samples.hasNext()) {
      try {
        ahead = samples.next();
      } catch (DataException e) {
        if (badFiles == BadFiles.FAIL) {
          throw e;
        }
        problems.add(e.getMessage());
      }
    }
    return ahead != null;
  }

  /**
   * The next sample.
   *
   * @throws DataException if it cannot be read; the message names the file and the slice
   */
  @Override
  public Sample next() {
    if (!hasNext()) {
      throw new NoSuchElementException("all " + order.size() + " samples are delivered");
    }
    Sample sample = ahead;
    ahead = null;
    return sample;
  }

  /**
   * Gives a sample's arrays back, to be filled again: it must not be read any more. Who does so for
   * every sample keeps the heap as small as the few that are on their way.
   */
  public synchronized void recycle(Sample sample) {
    spare.add(sample.kspace());
    sample.target().ifPresent(spare::add);
    while (spare.size() > 2 * samples.places()) {
      spare.removeFirst(); // of a size that is no longer read
    }
  }

  /** An array of this length, filled with anything. */
  private synchronized float[] array(int length) {
    for (int i = 0; i < spare.size(); i++) {
      if (spare.get(i).length == length) {
        return spare.remove(i);
      }
    }
    return new float[length];
  }

  /** One sentence for each slice left out so far; empty unless bad files are skipped. */
  public List<String> problems() {
    return List.copyOf(problems);
  }

  /** Ends the workers and closes their files. */
  @Override
  public void close() {
    samples.close();
  }

  /** The files a worker has open. */
  private final class OpenVolume implements ReadAhead.Worker<Sample> {
    private int volume = -1;
    private KspaceVolume kspace;
    private ImageVolume image;

    @Override
    public Sample make(int position) {
      SliceIndex index = order.get(position);
      Volume from = folder.volumes().get(index.volume());
      try {
        switchTo(index.volume(), from);
        return read(from, index.slice(), masks.mask(from, position));
      } catch (DataException e) {
        throw e;
      } catch (RuntimeException e) {
        throw new DataException(
            from.kspaceFile() + ": slice " + index.slice() + " cannot be read: " + e, e);
      }
    }

    private Sample read(Volume from, int slice, SamplingMask mask) {
      float[] measured = array(kspace.floatsPerSlice());
      kspace.readSlice(slice, measured);
      Optional<float[]> target = Optional.empty();
      if (image != null) {
        target = Optional.of(array(image.size() * image.size()));
        image.readSlice(ImageVolume.Kind.LABEL, slice, target.get());
      }
      if (mask.width() != from.width()) {
        throw new IllegalStateException(
            "a mask of " + mask.width() + " columns for " + from.width());
      }
      return new Sample(from, slice, measured, mask, target);
    }

    private void switchTo(int index, Volume files) {
      if (index == volume) {
        return;
      }
      close();
      kspace = KspaceVolume.open(files.kspaceFile());
      if (files.imageFile().isPresent()) {
        image = ImageVolume.open(files.imageFile().get());
      }
      volume = index;
    }

    @Override
    public void close() {
      volume = -1;
      if (kspace != null) {
        kspace.close();
        kspace = null;
      }
      if (image != null) {
        image.close();
        image = null;
      }
    }
  }
}
