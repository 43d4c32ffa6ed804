package dev.larmor.models.cli;

import dev.larmor.models.data.DataException;
import dev.larmor.models.ssl.collection.CollectionImage;
import dev.larmor.models.ssl.collection.DatasetName;
import dev.larmor.models.ssl.collection.ImageCollection;
import dev.larmor.models.ssl.collection.Roots;
import dev.larmor.models.ssl.preprocess.CollectionPreprocessing;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import dev.larmor.models.ssl.preprocess.plan.Fingerprint;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor ssl plan}. */
@Command(
    name = "plan",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Look at a data set's images and plan how they are preprocessed.",
      "",
      "Leaves dataset_fingerprint.json, the images' spacings, and nnsslPlans.json with the"
          + " configurations median, onemmiso and noresample in $nnssl_preprocessed. Images that cannot"
          + " be read are listed and left out, and the exit code is then 2.",
      ""
    },
    sortOptions = false)
final class SslPlanCommand implements Callable<Integer> {
  /** The reader in the original whose rules ours follow. */
  private static final String READER = "SimpleITKIO";

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATASET", description = "Id or name, as 745 or Dataset745_OpenMind.")
  private String dataset;

  @Option(names = "--clean", description = "Take the fingerprint anew where there is one.")
  private boolean clean;

  @Mixin private WorkerOptions workers;
  @Mixin private RootOptions folders;

  @Override
  public Integer call() {
    Console console = Larmor.console(spec);
    Workers parallel = workers.workers();
    Roots roots = folders.roots();
    DatasetName name = Larmor.checked(spec, () -> roots.dataset(dataset));
    Path folder = roots.preprocessed().resolve(name.toString());
    Path file = folder.resolve(Fingerprint.FILE);
    List<String> problems = new ArrayList<>();
    boolean kept = Files.exists(file) && !clean;
    Fingerprint fingerprint =
        kept ? Fingerprint.read(file) : taken(roots.pretrainData(name), roots, parallel, problems);
    if (!kept) {
      fingerprint.write(file);
    }
    console.line((kept ? "kept as it was: " : "written: ") + file);
    Plan plan = Plan.of(name.toString(), READER, fingerprint);
    plan.write(folder.resolve(Plan.FILE));
    console.line("written: " + folder.resolve(Plan.FILE));
    problems.forEach(problem -> console.line("left out: " + problem));
    return problems.isEmpty() ? 0 : 2;
  }

  private Fingerprint taken(Path list, Roots roots, Workers parallel, List<String> problems) {
    List<CollectionImage> images = ImageCollection.read(list, roots).images();
    try (ProgressLine progress = Larmor.console(spec).progress("reading", images.size())) {
      List<List<Double>> spacings =
          CollectionPreprocessing.spacings(images, parallel, progress.counter(""), problems);
      if (spacings.isEmpty()) {
        throw new DataException(
            list
                + ": no image can be read"
                + (problems.isEmpty() ? "" : ": " + problems.getFirst()));
      }
      return new Fingerprint(spacings);
    }
  }
}
