package dev.larmor.models.expert;

import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.Classifier;
import dev.larmor.models.data.fastmri.Volume;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A class of volumes, which has its own expert.
 *
 * @param acceleration R, 4 or 8
 */
public record VolumeClass(int acceleration, Anatomy anatomy) implements Comparable<VolumeClass> {
  private static final int[] ACCELERATIONS = {4, 8};

  /** The four classes. */
  public static final List<VolumeClass> ALL =
      List.of(
          new VolumeClass(4, Anatomy.BRAIN),
          new VolumeClass(4, Anatomy.KNEE),
          new VolumeClass(8, Anatomy.BRAIN),
          new VolumeClass(8, Anatomy.KNEE));

  /** The class of a volume by its own mask; other accelerations belong to the nearest class. */
  public static VolumeClass of(Volume volume, Classifier rule) {
    return new VolumeClass(
        Classifier.nearest(rule.acceleration(volume.mask()), ACCELERATIONS),
        rule.anatomy(volume.name(), volume.width()));
  }

  /** The class of this {@link #label}, if there is one. */
  public static Optional<VolumeClass> labelled(String label) {
    return ALL.stream().filter(known -> known.label().equals(label)).findFirst();
  }

  /** The name in files and folders: {@code acc4-brain}. */
  public String label() {
    return "acc" + acceleration + "-" + anatomy.label();
  }

  @Override
  public String toString() {
    return label();
  }

  @Override
  public int compareTo(VolumeClass other) {
    return Comparator.comparing(VolumeClass::label).compare(this, other);
  }
}
