package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.models.ssl.adapt.classification.CaseTable;
import dev.larmor.models.ssl.adapt.classification.ClassPrediction;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor ssl classify predict}. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Classify volumes by the mean of one or more trained classifiers.",
      "",
      "TABLE is as for 'larmor ssl classify train'; labels are not needed. --out gets a row for each"
          + " case: image, label, predicted class, and each class's probability. The same command goes"
          + " on after an interruption.",
      ""
    },
    sortOptions = false)
final class SslClassifyPredictCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "TABLE", description = "The cases.")
  private Path table;

  @Option(
      names = "--model",
      required = true,
      split = ",",
      hideParamSyntax = true,
      paramLabel = "PLACE[,PLACE...]",
      description = "Checkpoints, or folders of a training, whose finished folds are all taken.")
  private List<Path> models;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The table of predictions to write.")
  private Path out;

  @Mixin private WorkerOptions workers;
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    CaseTable cases = CaseTable.read(table);
    List<Path> checkpoints =
        models.stream().flatMap(place -> ClassPrediction.checkpoints(place).stream()).toList();
    Console console = Larmor.console(spec);
    try (Interrupt interrupt = new Interrupt();
        Device on = device.open(ClassPrediction.precision(checkpoints.getFirst()));
        ClassPrediction prediction = new ClassPrediction(on, checkpoints);
        ProgressLine progress = console.progress("classifying", cases.cases().size())) {
      if (!prediction.run(
          cases,
          out,
          workers.workers().threads(),
          progress.counter(Larmor.count(checkpoints.size(), "classifier")),
          interrupt::requested)) {
        progress.print("stopped; the same command goes on from here");
        return Interrupt.EXIT_CODE;
      }
    }
    console.line("written: " + out);
    return 0;
  }
}
