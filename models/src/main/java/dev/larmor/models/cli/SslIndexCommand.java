package dev.larmor.models.cli;

import dev.larmor.models.ssl.collection.DatasetName;
import dev.larmor.models.ssl.collection.FolderIndex;
import dev.larmor.models.ssl.collection.ImageCollection;
import dev.larmor.models.ssl.collection.ImageCollection.Dataset;
import dev.larmor.models.ssl.collection.Roots;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor ssl index}. */
@Command(
    name = "index",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Make a pre-training data set of the images in a folder.",
      "",
      "DIR is a BIDS folder – sub-*/[ses-*/]anat/*_T1w.nii.gz – or any folder of images (.nii, .nii.gz,"
          + " .nrrd, .mha, .mhd), each of which is then a subject of its own. The images stay where"
          + " they are; $nnssl_raw/DatasetXXX_Name/pretrain_data.json lists them.",
      ""
    },
    sortOptions = false)
final class SslIndexCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "The images.")
  private Path folder;

  @Option(
      names = "--dataset",
      required = true,
      paramLabel = "XXX_NAME",
      description = "Id of three digits and name of the new data set.")
  private String dataset;

  @Option(
      names = "--types",
      split = ",",
      defaultValue = "anat",
      hideParamSyntax = true,
      paramLabel = "NAME,NAME",
      description =
          "Folders of a BIDS session whose images are taken, such as anat,dwi (default:"
              + " ${DEFAULT-VALUE}).")
  private List<String> types;

  @Option(
      names = "--exclude",
      hideParamSyntax = true,
      paramLabel = "GLOB",
      description = "Leave out files by their paths in DIR, such as '**_label*'; may be repeated.")
  private List<String> excluded = List.of();

  @Mixin private RootOptions folders;

  @Override
  public Integer call() {
    DatasetName name = Larmor.checked(spec, () -> DatasetName.parse(dataset));
    Roots roots = folders.roots();
    Path file = roots.pretrainData(name);
    ImageCollection collection =
        Larmor.checked(spec, () -> new FolderIndex(types, excluded).of(folder, name));
    collection.write(file, roots);
    Larmor.console(spec).line(written(collection, file));
    return 0;
  }

  /** What a command that makes a collection says. */
  static String written(ImageCollection collection, Path file) {
    int subjects =
        collection.datasets().values().stream()
            .map(Dataset::subjects)
            .mapToInt(each -> each.size())
            .sum();
    return "%s of %s in %s"
        .formatted(
            Larmor.count(collection.images().size(), "image"),
            Larmor.count(subjects, "subject"),
            file);
  }
}
