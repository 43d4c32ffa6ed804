package dev.larmor.models.ssl.pretrain;

import dev.larmor.models.data.DataException;
import dev.larmor.models.simclr.PatchSource;
import dev.larmor.models.simclr.view.Box;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Outside;
import dev.larmor.models.simclr.view.Patch;
import dev.larmor.models.simclr.view.Volume;
import dev.larmor.models.ssl.preprocess.store.VolumeFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Patches of preprocessed images in files. */
public final class VolumePatches implements PatchSource {
  /** Files that a reader keeps open. */
  private static final int OPEN = 4;

  /**
   * An image.
   *
   * @param subject the number of whose it is
   */
  record Entry(Path file, int subject) {}

  private final List<Entry> entries;

  VolumePatches(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  @Override
  public int images() {
    return entries.size();
  }

  @Override
  public int group(int image) {
    return entries.get(image).subject;
  }

  @Override
  public Reader open() {
    return new FileReader();
  }

  private final class FileReader implements Reader {
    // The least recently used first.
    private final Map<Integer, VolumeFile> open = new LinkedHashMap<>(OPEN, 0.75f, true);

    private VolumeFile file(int image) {
      VolumeFile file = open.get(image);
      if (file == null) {
        file = opened(image);
        open.put(image, file);
        if (open.size() > OPEN) {
          open.remove(open.keySet().iterator().next()).close();
        }
      }
      return file;
    }

    private VolumeFile opened(int image) {
      Path path = entries.get(image).file;
      VolumeFile file = VolumeFile.open(path);
      if (file.channels() != 1) {
        int channels = file.channels();
        file.close();
        throw new DataException(path + ": has " + channels + " channels, expected 1");
      }
      return file;
    }

    @Override
    public Extent extent(int image) {
      int[] shape = file(image).shape();
      return new Extent(shape[0], shape[1], shape[2]);
    }

    /** {@inheritDoc} The least value is that of the part that is read. */
    @Override
    public void read(int image, Patch patch, Outside outside, float[] into) {
      VolumeFile file = file(image);
      Box inside = patch.inside(extent(image)).orElseThrow();
      boolean whole = inside.equals(patch.box());
      Volume part = whole ? new Volume(into, inside.extent()) : Volume.of(inside.extent());
      int[] start = {inside.axis0().start(), inside.axis1().start(), inside.axis2().start()};
      int[] extent = {inside.axis0().size(), inside.axis1().size(), inside.axis2().size()};
      file.patch(start, extent, 0, part.values());
      checkFinite(entries.get(image).file, part.values());
      if (!whole) {
        patch.fill(part, inside, outside.value(part), into);
      }
    }

    @Override
    public void close() {
      open.values().forEach(VolumeFile::close);
      open.clear();
    }
  }

  private static void checkFinite(Path file, float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new DataException(file + ": has a voxel that is " + value);
      }
    }
  }
}
