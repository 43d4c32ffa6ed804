package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.models.data.Classifier;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.MaskSource;
import dev.larmor.models.data.fastmri.SliceIndex;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.ensemble.Ensemble;
import dev.larmor.models.ensemble.EnsembleSearch;
import dev.larmor.models.ensemble.EnsembleSearch.Found;
import dev.larmor.models.ensemble.ExpertFolder;
import dev.larmor.models.ensemble.NetworkSlot;
import dev.larmor.models.ensemble.WeightsFile;
import dev.larmor.models.expert.Expert;
import dev.larmor.models.expert.Scenario;
import dev.larmor.models.expert.VolumeClass;
import dev.larmor.models.training.Leaderboard;
import dev.larmor.models.training.Reconstruction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code larmor ensemble search}. */
@Command(
    name = "search",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Find the weights with which the mean of an expert's checkpoints is best.",
      "",
      "Members join one by one, perhaps several times, whichever raises the leaderboard's SSIM of"
          + " --data most (Caruana et al. 2004). 'larmor reconstruct --ensemble' uses the result.",
      ""
    },
    sortOptions = false)
final class EnsembleSearchCommand implements Callable<Integer> {
  /** What one expert is tried on. */
  private record Trial(
      Expert expert, Ensemble members, VolumeSet input, List<SliceIndex> slices, MaskSource masks) {
    int images() {
      return slices.size() * members.size();
    }
  }

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description =
          "Volumes with targets that no member was trained on: fully sampled ones (a val folder),"
              + " which get the masks of training's validation (give its --center-fraction,"
              + " --mask-comb and --seed), or acc4/ and acc8/ with their own.")
  private Path data;

  @Option(
      names = "--scenario",
      required = true,
      paramLabel = "DIR",
      description = "The folder of a training of experts: see 'larmor reconstruct --help'.")
  private Path scenario;

  @Option(
      names = "--members",
      required = true,
      split = ",",
      hideParamSyntax = true,
      paramLabel = "NAME,NAME[,NAME...]",
      description = "Each expert's checkpoints to choose from: best_model, epoch3_fold0, ...")
  private List<String> members;

  @Option(
      names = "--out",
      defaultValue = "ensemble.json",
      paramLabel = "FILE",
      description = "Each expert's members and weights (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(names = "--resume", description = "Keep the experts that are in --out already.")
  private boolean resume;

  @Option(
      names = "--rounds",
      defaultValue = "20",
      paramLabel = "N",
      description = "How often a member joins (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--rule",
      defaultValue = "standard",
      paramLabel = "NAME",
      description = "How volumes are classified, standard or original (default: ${DEFAULT-VALUE}).")
  private Classifier rule;

  @Mixin private MaskOptions masks;
  @Mixin private SeedOption random;
  @Mixin private LoaderOptions loader;
  @Mixin private ModelOptions model;
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    Console console = Larmor.console(spec);
    Map<String, Map<String, Double>> weights = new LinkedHashMap<>(kept());
    List<Trial> trials = trials(console, weights.keySet());
    if (trials.isEmpty() && weights.isEmpty()) {
      throw new DataException(data + ": no slice for any expert of " + scenario);
    }
    try (Interrupt interrupt = new Interrupt()) {
      if (!search(trials, weights, interrupt)) {
        console.line("stopped; the same command with --resume keeps the experts that are done");
        return Interrupt.EXIT_CODE;
      }
      console.line("written: " + out);
      return 0;
    }
  }

  /** What there is to try, for experts that are not kept and have slices to be tried on. */
  private List<Trial> trials(Console console, Set<String> kept) {
    Scenario from = NetworkOptions.scenario(scenario);
    List<Leaderboard.Part> parts = Leaderboard.parts(data);
    boolean drawn = parts.getFirst().name().isEmpty();
    VolumeSet volumes =
        parts.stream()
            .map(part -> VolumeSet.open(part.folder(), Targets.REQUIRED, loader.badFiles()))
            .reduce(VolumeSet::and)
            .orElseThrow();
    volumes.problems().forEach(problem -> console.line("left out: " + problem));
    List<Trial> trials = new ArrayList<>();
    for (Expert expert : from.experts()) {
      VolumeSet input = volumes.where(volume -> serves(expert, volume, drawn));
      List<SliceIndex> slices = slices(input, expert, from.parts());
      if (kept.contains(expert.folder())) {
        console.line(expert + ": kept as it was");
      } else if (slices.isEmpty()) {
        console.line(expert + ": no slice for it in " + data);
      } else {
        Ensemble all = Larmor.checked(spec, () -> members(from, expert));
        MaskSource masks = drawn ? validationMasks(expert) : MaskSource.ofFile();
        trials.add(new Trial(expert, all, input, slices, masks));
      }
    }
    return trials;
  }

  /**
   * Searches for each expert and writes after each; returns whether all is done, not interrupted.
   */
  private boolean search(
      List<Trial> trials, Map<String, Map<String, Double>> weights, Interrupt interrupt) {
    try (Device opened =
            device.open(NetworkOptions.precision(trials.stream().map(Trial::members)));
        NetworkSlot slot = new NetworkSlot(opened);
        ProgressLine progress =
            Larmor.console(spec)
                .progress("predicting", trials.stream().mapToInt(Trial::images).sum())) {
      int[] done = {0};
      EnsembleSearch search =
          Larmor.checked(
              spec,
              () ->
                  new EnsembleSearch(
                      new Reconstruction(opened, 1, loader.workers),
                      slot,
                      out.toAbsolutePath().getParent(),
                      rounds,
                      () -> progress.at(++done[0], ""),
                      interrupt::requested));
      for (Trial trial : trials) {
        Found found = search.search(trial.members, trial.input, trial.slices, trial.masks);
        weights.put(trial.expert.folder(), found.weights());
        new WeightsFile(out).write(weights);
        print(progress, trial, found);
      }
      return true;
    } catch (CancellationException e) {
      return false;
    }
  }

  private Map<String, Map<String, Double>> kept() {
    if (!Files.exists(out)) {
      return Map.of();
    }
    if (!resume) {
      throw new DataException(
          out + ": is there already; keep what is done with --resume or choose another --out");
    }
    Map<String, Map<String, Double>> kept = new WeightsFile(out).read();
    kept.forEach((expert, weights) -> {
      Set<String> others = new HashSet<>(weights.keySet());
      members.forEach(others::remove);
      if (!others.isEmpty()) {
        throw new DataException(
            "%s: has %s for %s, which is not among --members; choose another --out"
                .formatted(out, others.iterator().next(), expert));
      }
    });
    return kept;
  }

  /**
   * Whether an expert is tried on a volume: where masks are drawn, on those of its anatomy,
   * whatever their acceleration, as in training; else on those of its class.
   */
  private boolean serves(Expert expert, Volume volume, boolean drawn) {
    return expert
        .of()
        .map(of ->
            drawn
                ? rule.anatomy(volume.name(), volume.width()) == of.anatomy()
                : VolumeClass.of(volume, rule).equals(of))
        .orElse(true);
  }

  /** The slices that are routed to an expert's range. */
  private static List<SliceIndex> slices(VolumeSet input, Expert expert, int parts) {
    return input.slices().stream()
        .filter(index -> {
          int all = input.volumes().get(index.volume()).slices();
          return Expert.part(index.slice(), all, parts) == expert.range().part();
        })
        .toList();
  }

  private Ensemble members(Scenario from, Expert expert) {
    ExpertFolder folder = new ExpertFolder(from.of(expert));
    return new Ensemble(
        expert.folder(),
        members.stream().map(name -> folder.member(name, 1, model::like)).toList());
  }

  /** The masks with which training validates an expert. */
  private MaskSource validationMasks(Expert expert) {
    int acceleration = expert.of().map(VolumeClass::acceleration).orElse(0);
    return MaskSource.perVolume(masks.masks(acceleration, 0)::policy, random.seed);
  }

  private static void print(ProgressLine progress, Trial trial, Found found) {
    progress.print(
        "%s, %s of %s"
            .formatted(
                trial.expert,
                Larmor.count(trial.slices.size(), "slice"),
                Larmor.count(trial.input.volumes().size(), "volume")));
    found.alone().forEach((name, score) -> progress.print(row(name, score, "")));
    progress.print(row("equal weights", found.equal(), ""));
    String weights =
        found.weights().entrySet().stream()
            .map(each -> String.format(Locale.ROOT, "%s %.3f", each.getKey(), each.getValue()))
            .collect(Collectors.joining(", "));
    progress.print(row("found", found.score(), "  " + weights));
  }

  private static String row(String name, double score, String more) {
    return String.format(Locale.ROOT, "  %-20s %.5f%s", name, score, more);
  }
}
