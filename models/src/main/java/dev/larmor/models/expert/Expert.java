package dev.larmor.models.expert;

import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.SliceRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One network of a mixture.
 *
 * @param of the class of its volumes; empty: one network for all
 * @param range which of their slices
 */
public record Expert(Optional<VolumeClass> of, SliceRange range) {
  private static final String ALL = "all";
  private static final Pattern FOLDER = Pattern.compile("(.+)-slice(\\d{1,4})");

  /** The experts of these classes, each with {@code parts} ranges of slices. */
  public static List<Expert> of(List<VolumeClass> classes, int parts) {
    List<Expert> experts = new ArrayList<>();
    for (VolumeClass each : classes) {
      experts.addAll(ranges(Optional.of(each), parts));
    }
    return experts;
  }

  /** One network for all volumes, or one for each of {@code parts} ranges of their slices. */
  public static List<Expert> ofAll(int parts) {
    return ranges(Optional.empty(), parts);
  }

  private static List<Expert> ranges(Optional<VolumeClass> of, int parts) {
    List<Expert> experts = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      experts.add(new Expert(of, new SliceRange(part, parts)));
    }
    return experts;
  }

  /** The expert whose {@link #folder} has this name, if it is one's. */
  static Optional<Expert> inFolder(String name, int parts) {
    Matcher words = FOLDER.matcher(name);
    if (!words.matches() || Integer.parseInt(words.group(2)) >= parts) {
      return Optional.empty();
    }
    SliceRange range = new SliceRange(Integer.parseInt(words.group(2)), parts);
    if (words.group(1).equals(ALL)) {
      return Optional.of(new Expert(Optional.empty(), range));
    }
    return VolumeClass.labelled(words.group(1)).map(of -> new Expert(Optional.of(of), range));
  }

  /**
   * Which range of slices a slice is routed to: {@code ⌊parts · slice / slices⌋} (specification
   * section 9). Where {@code parts} does not divide the number of slices, that is for a slice at a
   * border the range before the one it trained: both are the original's rules.
   */
  public static int part(int slice, int slices, int parts) {
    return (int) ((long) parts * slice / slices);
  }

  /** The class's name: {@code acc4-brain}, or {@code all}. */
  public String label() {
    return of.map(VolumeClass::label).orElse(ALL);
  }

  /** The name of its folder in a scenario: {@code acc4-brain-slice0}. */
  public String folder() {
    return label() + "-slice" + range.part();
  }

  /**
   * What it trains on: the volumes of its anatomy of <em>both</em> accelerations – masks are drawn
   * anew, of its own acceleration – and of those its range of slices.
   *
   * @param index says of which class each volume is; may be empty for an expert of all
   */
  public VolumeSet share(VolumeSet volumes, Optional<ClassIndex> index) {
    VolumeSet share =
        of.map(mine -> index.orElseThrow().of(volumes, mine.anatomy())).orElse(volumes);
    return share.in(range);
  }

  @Override
  public String toString() {
    return folder();
  }
}
