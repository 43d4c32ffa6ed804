package dev.larmor.models.data.fastmri;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Reads slices ahead of their use on worker threads.
 *
 * <p>Samples come in the order asked for and with the same numbers whatever the number of workers:
 * workers claim positions in order and put each result into that position's place of a ring, from
 * which the one consumer takes them. At most {@code workers + 1} samples wait or are being read.
 *
 * <p>To be closed, at the end or midway: this ends the workers – each finishes at most the slice it
 * is reading – and closes their files. A worker keeps the volume it read last open, since opening
 * one parses the index of its chunks.
 */
public final class SliceLoader implements Iterator<Sample>, AutoCloseable {
  /** What stands in a position's place of the ring when it could not be read. */
  private record Failure(Throwable reason) {}

  private final VolumeSet folder;
  private final List<SliceIndex> order;
  private final MaskSource masks;
  private final BadFiles badFiles;
  private final List<Thread> workers = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();

  // Guarded by this.
  private final Object[] ring;
  private int claimed;
  private int taken;
  private boolean closed;
  private final List<float[]> spare = new ArrayList<>();

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
    if (workers < 1) {
      throw new IllegalArgumentException(workers + " workers, expected at least 1");
    }
    this.folder = Objects.requireNonNull(folder, "folder");
    this.order = List.copyOf(order);
    this.masks = Objects.requireNonNull(masks, "masks");
    this.badFiles = Objects.requireNonNull(badFiles, "badFiles");
    this.ring = new Object[workers + 1];
    for (int i = 0; i < workers; i++) {
      this.workers.add(
          Thread.ofPlatform().daemon().name("slice-loader-" + i).unstarted(this::work));
    }
    this.workers.forEach(Thread::start);
  }

  /** Whether another sample follows; waits for it. */
  @Override
  public boolean hasNext() {
    while (ahead == null) {
      Object result = take();
      switch (result) {
        case null -> {
          return false;
        }
        case Failure(DataException reason) when badFiles == BadFiles.SKIP ->
            problems.add(reason.getMessage());
        case Failure(RuntimeException reason) -> throw reason;
        case Failure(Error reason) -> throw reason;
        case Sample sample -> ahead = sample;
        default -> throw new AssertionError(result);
      }
    }
    return true;
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
    while (spare.size() > 2 * ring.length) {
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
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    boolean interrupted = false;
    for (Thread worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes the result of the next position, waiting for it; null after the last. */
  private synchronized Object take() {
    if (closed) {
      throw new IllegalStateException("the loader is closed");
    }
    if (taken == order.size()) {
      return null;
    }
    int place = taken % ring.length;
    while (ring[place] == null) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("interrupted while waiting for a slice");
      }
    }
    Object result = ring[place];
    ring[place] = null;
    taken++;
    notifyAll();
    return result;
  }

  /** Claims the next position to read, waiting for a free place; −1 when there is none left. */
  private synchronized int claim() throws InterruptedException {
    while (!closed && claimed < order.size() && claimed - taken >= ring.length) {
      wait();
    }
    return closed || claimed == order.size() ? -1 : claimed++;
  }

  private synchronized void deliver(int position, Object result) {
    ring[position % ring.length] = result;
    notifyAll();
  }

  private void work() {
    try (OpenVolume open = new OpenVolume()) {
      int position;
      while ((position = claim()) >= 0) {
        Object result;
        try {
          result = read(position, open);
        } catch (DataException | Error e) {
          result = new Failure(e);
        } catch (RuntimeException e) {
          SliceIndex index = order.get(position);
          Volume volume = folder.volumes().get(index.volume());
          result =
              new Failure(
                  new DataException(
                      volume.kspaceFile() + ": slice " + index.slice() + " cannot be read: " + e,
                      e));
        }
        deliver(position, result);
      }
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts a reading thread: it would close its file", e);
    }
  }

  private Sample read(int position, OpenVolume open) {
    SliceIndex index = order.get(position);
    Volume volume = folder.volumes().get(index.volume());
    open.switchTo(index.volume(), volume);
    float[] kspace = array(open.kspace.floatsPerSlice());
    open.kspace.readSlice(index.slice(), kspace);
    Optional<float[]> target = Optional.empty();
    if (open.image != null) {
      target = Optional.of(array(open.image.size() * open.image.size()));
      open.image.readSlice(ImageVolume.Kind.LABEL, index.slice(), target.get());
    }
    SamplingMask mask = masks.mask(volume, position);
    if (mask.width() != volume.width()) {
      throw new IllegalStateException(
          "a mask of " + mask.width() + " columns for " + volume.width());
    }
    return new Sample(volume, index.slice(), kspace, mask, target);
  }

  /** The files a worker has open. */
  private static final class OpenVolume implements AutoCloseable {
    private int volume = -1;
    private KspaceVolume kspace;
    private ImageVolume image;

    void switchTo(int index, Volume files) {
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
