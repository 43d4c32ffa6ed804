package dev.larmor.models.cli;

import dev.larmor.models.data.Classifier;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.expert.ClassIndex;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code larmor classify}. */
@Command(
    name = "classify",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Sort the volumes of a data set into the experts' classes.",
      "",
      "Leaves in --out a file for each class, acc4-brain.txt, acc4-knee.txt, acc8-brain.txt and"
          + " acc8-knee.txt, with one volume a line, and classification_summary.csv. 'train' uses"
          + " them as they are: move a line to another file to overrule the classification.",
      ""
    },
    sortOptions = false)
final class ClassifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Folder with train/ and val/, or one of volumes.")
  private Path data;

  @Option(
      names = "--out",
      defaultValue = "results/class_indices",
      paramLabel = "DIR",
      description = "Where the index goes (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(
      names = "--rule",
      defaultValue = "standard",
      paramLabel = "NAME",
      description =
          "standard: the anatomy by the file name, else by the width, the acceleration by the spacing"
              + " of the sampled columns; original: the original system's, by the width and the number"
              + " of sampled columns alone, for full-size data (default: ${DEFAULT-VALUE}).")
  private Classifier rule;

  @Option(names = "--force", description = "Classify anew where there is an index already.")
  private boolean force;

  @Mixin private LoaderOptions loader;

  @Override
  public Integer call() {
    Console console = Larmor.console(spec);
    VolumeSet volumes =
        parts().stream()
            .map(part -> VolumeSet.open(part, Targets.OPTIONAL, loader.badFiles()))
            .reduce(VolumeSet::and)
            .orElseThrow(() -> new DataException(data + ": no such folder"));
    volumes.problems().forEach(problem -> console.line("left out: " + problem));
    boolean reuse = ClassIndex.isIn(out) && !force;
    ClassIndex index;
    if (reuse) {
      index = ClassIndex.read(out, data);
      index.check(out, volumes);
    } else {
      index = ClassIndex.of(data, volumes, rule);
      index.write(out);
    }
    index.counts().forEach((of, count) -> console.line("%-10s %5d".formatted(of, count)));
    console.line((reuse ? "kept as it was: " : "written: ") + out);
    return 0;
  }

  private List<Path> parts() {
    List<Path> parts = new ArrayList<>();
    for (String split : List.of("train", "val")) {
      if (Files.isDirectory(data.resolve(split))) {
        parts.add(data.resolve(split));
      }
    }
    return parts.isEmpty() ? List.of(data) : parts;
  }
}
