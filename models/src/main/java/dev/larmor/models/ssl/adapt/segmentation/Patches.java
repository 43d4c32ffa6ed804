package dev.larmor.models.ssl.adapt.segmentation;

import dev.larmor.engine.Philox;
import dev.larmor.models.simclr.view.Box;
import dev.larmor.models.simclr.view.Change;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Flips;
import dev.larmor.models.simclr.view.IntensityChanges;
import dev.larmor.models.simclr.view.Mirror;
import dev.larmor.models.simclr.view.Patch;
import dev.larmor.models.simclr.view.Span;
import dev.larmor.models.simclr.view.Starts;
import dev.larmor.models.simclr.view.Volume;
import dev.larmor.models.ssl.preprocess.MaskKind;
import dev.larmor.models.ssl.preprocess.store.VolumeFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Draws training patches from prepared cases. What a sample is hangs on the seed and its number
 * alone.
 *
 * @param files of the cases
 * @param foreground of each case
 * @param size of a patch
 * @param forced share of samples around a voxel that is not background
 * @param augmented whether patches are turned, scaled, mirrored and changed in their intensities
 */
record Patches(
    List<Path> files,
    List<Foreground> foreground,
    Extent size,
    double forced,
    boolean augmented,
    long seed) {
  /** A patch: values {@code [channels, n0, n1, n2]} and the voxels' labels. */
  record Sample(float[] image, byte[] labels) {}

  /** Finds the foreground of prepared cases. */
  static Patches of(
      List<Path> files, int classes, Extent size, double forced, boolean augmented, long seed) {
    List<Foreground> foreground = new ArrayList<>();
    for (Path file : files) {
      try (VolumeFile volume = VolumeFile.open(file)) {
        int[] shape = volume.shape();
        byte[] labels = new byte[shape[0] * shape[1] * shape[2]];
        volume.patch(MaskKind.LABELS, new int[3], shape, labels);
        foreground.add(Foreground.of(labels, classes));
      }
    }
    return new Patches(files, foreground, size, forced, augmented, seed);
  }

  /** Makes the sample of this number, counted over the whole run. */
  Sample sample(long number) {
    Philox stream = Philox.of(seed, "patches").with(number);
    int which = stream.with("case").below(files.size(), 0);
    try (VolumeFile volume = VolumeFile.open(files.get(which))) {
      Box box = place(volume.shape(), foreground.get(which), number, stream.with("place"));
      SpatialChange moved = augmented ? SpatialChange.draw(stream.with("space")) : null;
      Sample sample = read(volume, moved == null ? box : moved.source(box));
      if (moved != null) {
        Sample patch =
            new Sample(new float[volume.channels() * size.voxels()], new byte[size.voxels()]);
        moved.apply(
            box,
            moved.source(box),
            sample.image,
            sample.labels,
            volume.channels(),
            patch.image,
            patch.labels);
        sample = patch;
      }
      for (int i = 0; i < sample.labels.length; i++) {
        // Outside of what the image shows there is nothing to be found.
        sample.labels[i] = (byte) Math.max(0, sample.labels[i]);
      }
      return augmented ? changed(sample, volume.channels(), stream) : sample;
    }
  }

  private static Sample read(VolumeFile volume, Box box) {
    int[] start = {box.axis0().start(), box.axis1().start(), box.axis2().start()};
    Extent extent = box.extent();
    int[] extents = {extent.n0(), extent.n1(), extent.n2()};
    Sample sample =
        new Sample(
            new float[Math.multiplyExact(volume.channels(), extent.voxels())],
            new byte[extent.voxels()]);
    volume.patch(start, extents, 0, sample.image);
    volume.patch(MaskKind.LABELS, start, extents, sample.labels);
    return sample;
  }

  /** Anywhere, or around a voxel that is not background: as near to its middle as it goes. */
  private Box place(int[] shape, Foreground there, long number, Philox stream) {
    boolean wanted = Math.floor((number + 1) * forced) > Math.floor(number * forced);
    if (!wanted || there.isEmpty()) {
      return Patch.draw(new Extent(shape[0], shape[1], shape[2]), size, stream).box();
    }
    int voxel = there.draw(stream);
    int[] at = {voxel / shape[2] / shape[1], voxel / shape[2] % shape[1], voxel % shape[2]};
    Span[] spans = new Span[3];
    for (int axis = 0; axis < 3; axis++) {
      Starts starts = Patch.starts(shape[axis], size.along(axis));
      int start = Math.clamp(at[axis] - size.along(axis) / 2, starts.first(), starts.last());
      spans[axis] = new Span(start, size.along(axis));
    }
    return new Box(spans[0], spans[1], spans[2]);
  }

  private Sample changed(Sample sample, int channels, Philox stream) {
    Philox sides = stream.with("mirror");
    Mirror mirror =
        new Mirror(
            new Flips(sides.uniform(0) < 0.5, sides.uniform(1) < 0.5, sides.uniform(2) < 0.5));
    int voxels = size.voxels();
    for (int c = 0; c < channels; c++) {
      Volume channel =
          new Volume(Arrays.copyOfRange(sample.image, c * voxels, (c + 1) * voxels), size);
      for (Change change : IntensityChanges.draw(stream.with("intensity").with(c))) {
        change.apply(channel);
      }
      mirror.apply(channel);
      System.arraycopy(channel.values(), 0, sample.image, c * voxels, voxels);
    }
    Volume labels = Volume.of(size);
    for (int i = 0; i < voxels; i++) {
      labels.values()[i] = sample.labels[i];
    }
    mirror.apply(labels);
    for (int i = 0; i < voxels; i++) {
      sample.labels[i] = (byte) labels.values()[i];
    }
    return sample;
  }
}
