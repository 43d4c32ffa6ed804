package dev.larmor.models.cli;

import dev.larmor.models.ssl.collection.ImageCollection;
import dev.larmor.models.ssl.collection.OpenMind;
import dev.larmor.models.ssl.collection.Roots;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code larmor ssl convert-openmind}. */
@Command(
    name = "convert-openmind",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Make the pre-training data set 745 of OpenMind's download.",
      "",
      "Reads openneuro_metadata.csv and writes $nnssl_raw/Dataset745_OpenMind/pretrain_data.json.",
      ""
    },
    sortOptions = false)
final class SslConvertOpenMindCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = {"--openmind-root-dir", "--openmind_root_dir"},
      required = true,
      paramLabel = "DIR",
      description = "The download: openneuro_metadata.csv and OpenMind/.")
  private Path root;

  @Mixin private RootOptions folders;

  @Override
  public Integer call() {
    Roots roots = folders.roots();
    Path file = roots.pretrainData(OpenMind.DATASET);
    ImageCollection collection = OpenMind.read(root);
    collection.write(file, roots);
    Larmor.console(spec).line(SslIndexCommand.written(collection, file));
    return 0;
  }
}
