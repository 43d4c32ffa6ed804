package dev.larmor.models.cli;

import dev.larmor.models.data.DataException;
import dev.larmor.models.ssl.collection.CollectionImage;
import dev.larmor.models.ssl.collection.DatasetName;
import dev.larmor.models.ssl.collection.ImageCollection;
import dev.larmor.models.ssl.collection.Roots;
import dev.larmor.models.ssl.preprocess.CollectionPreprocessing;
import dev.larmor.models.ssl.preprocess.CollectionPreprocessing.Outcome;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor ssl preprocess}. */
@Command(
    name = "preprocess",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Crop, normalise and resample a data set's images as 'larmor ssl plan' planned.",
      "",
      "Leaves them in $nnssl_preprocessed/DATASET/nnsslPlans_CONFIGURATION, with"
          + " pretrain_data__CONFIGURATION.json and valid_imgs.json. What is there already is kept, so"
          + " the same command goes on after an interruption. Images that cannot be used are listed"
          + " and left out, and the exit code is then 2. A worker takes about 24 bytes for each voxel"
          + " of the larger of an image before and after, beside the image itself.",
      ""
    },
    sortOptions = false)
final class SslPreprocessCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATASET", description = "Id or name, as 745 or Dataset745_OpenMind.")
  private String dataset;

  @Option(
      names = {"-c", "--configuration"},
      split = ",",
      defaultValue = "onemmiso",
      hideParamSyntax = true,
      paramLabel = "NAME[,NAME...]",
      description = "median, onemmiso, noresample (default: ${DEFAULT-VALUE}).")
  private List<String> configurations;

  @Option(
      names = {"-part", "--part"},
      defaultValue = "0",
      paramLabel = "K",
      description = "This part of --total-parts, from 0: for several machines.")
  private int part;

  @Option(
      names = {"-total_parts", "--total-parts"},
      defaultValue = "1",
      paramLabel = "N",
      description = "Parts that the images are divided into (default: ${DEFAULT-VALUE}).")
  private int parts;

  @Option(names = "--overwrite", description = "Make anew what is there.")
  private boolean overwrite;

  @Mixin private WorkerOptions workers;
  @Mixin private RootOptions folders;

  @Override
  public Integer call() {
    Roots roots = folders.roots();
    DatasetName name = Larmor.checked(spec, () -> roots.dataset(dataset));
    Path folder = roots.preprocessed().resolve(name.toString());
    Path planned = folder.resolve(Plan.FILE);
    if (!Files.exists(planned)) {
      throw new DataException(
          planned + ": no such file; 'larmor ssl plan " + dataset + "' makes it");
    }
    Plan plan = Plan.read(planned);
    ImageCollection collection = ImageCollection.read(roots.pretrainData(name), roots);
    List<CollectionImage> images =
        Larmor.checked(spec, () -> CollectionPreprocessing.part(collection.images(), part, parts));
    int problems = 0;
    try (Interrupt interrupt = new Interrupt()) {
      for (String configuration : configurations) {
        CollectionPreprocessing work =
            new CollectionPreprocessing(folder, plan, configuration, workers.workers());
        work.prepare(overwrite);
        Optional<Outcome> outcome = run(work, configuration, images, interrupt);
        if (outcome.isEmpty()) {
          return Interrupt.EXIT_CODE;
        }
        work.writeCollection(collection, roots);
        work.writeValid(outcome.get().valid(), part, parts);
        problems += outcome.get().problems().size();
      }
    }
    return problems == 0 ? 0 : 2;
  }

  private Optional<Outcome> run(
      CollectionPreprocessing work,
      String configuration,
      List<CollectionImage> images,
      Interrupt interrupt) {
    Console console = Larmor.console(spec);
    try (ProgressLine progress = console.progress("preprocessing", images.size())) {
      Optional<Outcome> outcome =
          work.run(images, overwrite, progress.counter(configuration), interrupt::requested);
      if (outcome.isEmpty()) {
        progress.print("stopped; the same command keeps what is done");
        return outcome;
      }
      outcome.get().problems().forEach(problem -> progress.print("left out: " + problem));
      progress.print(summary(configuration, outcome.get()));
      return outcome;
    }
  }

  private static String summary(String configuration, Outcome outcome) {
    int valid = outcome.valid().size();
    return "%s: %s%s%s"
        .formatted(
            configuration,
            Larmor.count(valid, "image"),
            outcome.kept() == 0 ? "" : ", " + outcome.kept() + " of them kept",
            outcome.problems().isEmpty() ? "" : ", " + outcome.problems().size() + " left out");
  }
}
