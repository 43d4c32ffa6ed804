package dev.larmor.models.cli;

import dev.larmor.engine.Collective;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.Classifier;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.expert.ClassIndex;
import dev.larmor.models.expert.Expert;
import dev.larmor.models.expert.VolumeClass;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Which experts, and how volumes are classified for them. */
final class ExpertOptions {
  @Option(
      names = "--acc-only",
      paramLabel = "R",
      description = "Only the experts of this acceleration: 4 or 8.")
  private Integer accOnly;

  @Option(
      names = "--anatomy-only",
      paramLabel = "NAME",
      description = "Only the experts of this anatomy: brain or knee.")
  private Anatomy anatomyOnly;

  @Option(
      names = "--slice-moe",
      defaultValue = "1",
      paramLabel = "N",
      description =
          "Divide the slices of each volume into N ranges, with an expert for each (default:"
              + " ${DEFAULT-VALUE}).")
  int parts;

  @Option(
      names = "--class-indices",
      paramLabel = "DIR",
      description =
          "The volumes' classes, as 'larmor classify' writes them; written if there are none"
              + " (default: class_indices in --out).")
  private Path indices;

  /** The experts there shall be. */
  List<Expert> experts() {
    if (parts < 1) {
      throw new IllegalArgumentException("--slice-moe must be at least 1, not " + parts);
    }
    List<VolumeClass> classes = VolumeClass.ALL.stream().filter(this::wanted).toList();
    if (classes.isEmpty()) {
      throw new IllegalArgumentException("--acc-only must be 4 or 8, not " + accOnly);
    }
    return Expert.of(classes, parts);
  }

  private boolean wanted(VolumeClass each) {
    return (accOnly == null || accOnly == each.acceleration())
        && (anatomyOnly == null || anatomyOnly == each.anatomy());
  }

  /** Whether only some of the classes are wanted. */
  boolean restricted() {
    return accOnly != null || anatomyOnly != null;
  }

  /** The volumes that are of the classes wanted. */
  VolumeSet restrict(VolumeSet volumes, ClassIndex index) {
    return volumes.where(volume -> index.of(volume).filter(this::wanted).isPresent());
  }

  /**
   * The data set's index: read where there is one, else made and written.
   *
   * @throws DataException if there is one of other volumes
   */
  ClassIndex index(Console console, Path out, Path data, VolumeSet volumes, Collective ranks) {
    Path folder = indices != null ? indices : out.resolve("class_indices");
    if (ranks.decide(ClassIndex.isIn(folder))) {
      ClassIndex index = ClassIndex.read(folder, data);
      index.check(folder, volumes);
      console.line("classes as in " + folder);
      return index;
    }
    ClassIndex index = ClassIndex.of(data, volumes, Classifier.STANDARD);
    if (ranks.leads()) {
      index.write(folder);
    }
    return index;
  }
}
