package dev.larmor.models.cli;

import dev.larmor.engine.Precision;
import dev.larmor.models.data.Classifier;
import dev.larmor.models.data.DataException;
import dev.larmor.models.ensemble.Ensemble;
import dev.larmor.models.ensemble.ExpertFolder;
import dev.larmor.models.ensemble.ImageSource;
import dev.larmor.models.ensemble.Member;
import dev.larmor.models.ensemble.Routing;
import dev.larmor.models.ensemble.WeightsFile;
import dev.larmor.models.expert.Expert;
import dev.larmor.models.expert.Scenario;
import dev.larmor.models.training.Checkpoint;
import dev.larmor.models.varnet.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which networks reconstruct: one, several that are averaged, or a mixture of experts. */
final class NetworkOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = {"--checkpoint", "--checkpoints"},
      split = ",",
      hideParamSyntax = true,
      paramLabel = "FILE[,FILE...]",
      description =
          "The trained network; it tells its own architecture. Of several, the images are averaged.")
  private List<Path> checkpoints;

  @Option(
      names = "--scenario",
      paramLabel = "DIR",
      description =
          "The folder of a training of experts, RESULTS/ARCHITECTURE_NAME/epochE_foldF_sliceS: every"
              + " slice goes to the expert of its class and range.")
  private Path scenario;

  @Option(
      names = "--members",
      split = ",",
      hideParamSyntax = true,
      paramLabel = "NAME[,NAME...]",
      description =
          "Which of each expert's checkpoints make its images, averaged if several: best_model,"
              + " last_model, epoch3_fold0, ... (default: best_model).")
  private List<String> members;

  @Option(
      names = "--weights",
      split = ",",
      hideParamSyntax = true,
      paramLabel = "W[,W...]",
      description =
          "One for each of --checkpoints or --members, positive, scaled to sum 1 (default: equal).")
  private List<Double> weights;

  @Option(
      names = "--ensemble",
      paramLabel = "FILE",
      description =
          "Each expert's members and weights, as 'larmor ensemble search' writes them; instead of"
              + " --members and --weights.")
  private Path ensemble;

  @Option(
      names = "--rule",
      defaultValue = "standard",
      paramLabel = "NAME",
      description =
          "How volumes are classified for the experts, standard or original: see 'larmor classify"
              + " --help' (default: ${DEFAULT-VALUE}).")
  private Classifier rule;

  @Option(
      names = "--zero-filled",
      description = "No network: the baseline that takes what was not sampled for zero.")
  private boolean zeroFilled;

  @Mixin private ModelOptions model;

  /** The way from a volume to its networks. */
  Routing routing() {
    check();
    if (zeroFilled) {
      return Routing.to(
          new Ensemble("all", List.of(new Member("zero-filled", new ImageSource.Baseline(), 1))));
    }
    if (scenario == null) {
      return Routing.to(Larmor.checked(command, () -> files(checkpoints)));
    }
    Scenario of = scenario(scenario);
    Function<Expert, Map<String, Double>> named = named();
    return Routing.to(
        of, rule, expert -> Larmor.checked(command, () -> ensemble(of, expert, named)));
  }

  /**
   * The scenario in a folder that a user named.
   *
   * @throws DataException if there is none
   */
  static Scenario scenario(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new DataException(folder + ": no such folder");
    }
    return Scenario.at(folder.toAbsolutePath().normalize());
  }

  /**
   * What a device is opened for, on which these work in turn.
   *
   * @throws DataException if they are of different precisions
   */
  static Precision precision(Stream<Ensemble> ensembles) {
    List<Precision> all =
        ensembles
            .flatMap(ensemble -> ensemble.members().stream())
            .map(member -> member.source().precision())
            .distinct()
            .toList();
    if (all.size() > 1) {
      throw new DataException(
          "the networks are of different precisions, %s and %s: choose one with --precision"
              .formatted(all.get(0).label(), all.get(1).label()));
    }
    return all.isEmpty() ? Precision.FP32 : all.getFirst();
  }

  private void check() {
    int ways = (checkpoints == null ? 0 : 1) + (scenario == null ? 0 : 1) + (zeroFilled ? 1 : 0);
    if (ways != 1) {
      throw misuse("Give one of --checkpoint=FILE, --scenario=DIR and --zero-filled");
    }
    if (scenario == null && (members != null || ensemble != null)) {
      throw misuse("--members and --ensemble are for --scenario");
    }
    if (ensemble != null && (members != null || weights != null)) {
      throw misuse("Give either --ensemble or --members and --weights");
    }
    if (zeroFilled && weights != null) {
      throw misuse("--weights are for --checkpoints and --members");
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  private Ensemble files(List<Path> files) {
    List<Member> all = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      Path file = files.get(i);
      ModelConfig saved = Checkpoint.config(file).orElse(null);
      // Of one network, the options left beside the results tell all.
      ModelConfig config = files.size() == 1 ? model.config(saved) : model.like(saved);
      all.add(new Member(file.toString(), ImageSource.Saved.of(file, config), weight(i, files)));
    }
    return new Ensemble("all", all);
  }

  private double weight(int index, List<?> wanted) {
    if (weights == null) {
      return 1;
    }
    if (weights.size() != wanted.size()) {
      throw new IllegalArgumentException(
          "--weights: %s for %s"
              .formatted(
                  Larmor.count(weights.size(), "weight"), Larmor.count(wanted.size(), "member")));
    }
    return weights.get(index);
  }

  /** The members' names and weights of each expert. */
  private Function<Expert, Map<String, Double>> named() {
    if (ensemble == null) {
      List<String> names = members == null ? List.of(ExpertFolder.BEST) : members;
      return expert -> {
        Map<String, Double> all = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
          if (all.put(names.get(i), weight(i, names)) != null) {
            throw new IllegalArgumentException(names.get(i) + " is a member twice");
          }
        }
        return all;
      };
    }
    Map<String, Map<String, Double>> read = new WeightsFile(ensemble).read();
    return expert -> {
      Map<String, Double> found = read.get(expert.folder());
      if (found == null) {
        throw new DataException(
            "%s: nothing for expert %s, only for %s"
                .formatted(ensemble, expert, Larmor.names(read.keySet())));
      }
      return found;
    };
  }

  private Ensemble ensemble(
      Scenario of, Expert expert, Function<Expert, Map<String, Double>> named) {
    ExpertFolder folder = new ExpertFolder(of.of(expert));
    List<Member> all = new ArrayList<>();
    named
        .apply(expert)
        .forEach((name, weight) -> all.add(folder.member(name, weight, model::like)));
    return new Ensemble(expert.folder(), all);
  }
}
