package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.ensemble.Ensemble;
import dev.larmor.models.ensemble.Job;
import dev.larmor.models.ensemble.NetworkSlot;
import dev.larmor.models.ensemble.NoExpertException;
import dev.larmor.models.ensemble.Routing;
import dev.larmor.models.ensemble.Share;
import dev.larmor.models.ensemble.TimeBudget;
import dev.larmor.models.ensemble.VolumeReconstruction;
import dev.larmor.models.ensemble.VolumeReconstruction.LeftOut;
import dev.larmor.models.ensemble.VolumeReconstruction.Made;
import dev.larmor.models.ensemble.VolumeReconstruction.Stopped;
import dev.larmor.models.training.Leaderboard;
import dev.larmor.models.training.Reconstruction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code larmor reconstruct}. */
@Command(
    name = "reconstruct",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Turn undersampled k-space into images.",
      "",
      "Every volume of a folder, with the sampling mask in its file.",
      "The folder holds acc4/ and acc8/ (a leaderboard's) or is one data set; --out gets the same"
          + " sub-folders and file names, with dataset 'reconstruction'.",
      "",
      "By one network, the mean of several, or a mixture of experts; one at a time is in memory.",
      ""
    },
    sortOptions = false)
final class ReconstructCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The data set: challenge or fastMRI layout.")
  private Path data;

  @Mixin private NetworkOptions networks;

  @Option(
      names = "--out",
      defaultValue = "reconstructions",
      paramLabel = "DIR",
      description = "Where the reconstructions go (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(names = "--resume", description = "Keep the volumes that are in --out already.")
  private boolean resume;

  @Option(
      names = "--time-limit",
      defaultValue = "3600",
      paramLabel = "S",
      description =
          "Seconds the whole may take, 0 for no limit. Before it is missed, volumes get fewer of the"
              + " members to average, the least weighty left out first, never less than one (default:"
              + " ${DEFAULT-VALUE}).")
  private double timeLimit;

  @Option(
      names = "--crop",
      defaultValue = "384",
      paramLabel = "N",
      description =
          "Rows and columns of images whose volume has no target that tells"
              + " (default: ${DEFAULT-VALUE}).")
  private int crop;

  @Mixin private LoaderOptions loader;
  @Mixin private DeviceOptions device;

  private final List<String> problems = new ArrayList<>(); // a sentence for each volume left out
  private final Map<String, Made> members = new LinkedHashMap<>(); // by volume

  @Override
  public Integer call() {
    TimeBudget time =
        Larmor.checked(spec, () -> new TimeBudget(timeLimit, System.nanoTime(), System::nanoTime));
    List<Job> jobs = jobs(networks.routing());
    jobs.stream().filter(Job::done).forEach(this::checkKept);
    List<Job> wanted =
        VolumeReconstruction.ordered(jobs.stream().filter(job -> !job.done()).toList());
    try (Device opened = device.open(NetworkOptions.precision(ensembles(jobs)));
        NetworkSlot slot = new NetworkSlot(opened)) {
      Reconstruction work =
          Larmor.checked(spec, () -> new Reconstruction(opened, crop, loader.workers));
      Results.writeOptions(out.resolve("options.yaml"), spec);
      problems.forEach(problem -> Larmor.console(spec).line("left out: " + problem));
      if (!run(work, slot, time, wanted)) {
        return Interrupt.EXIT_CODE;
      }
      summarize(jobs, wanted, slot, time, opened.ledger().peak());
      return 0;
    }
  }

  private List<Job> jobs(Routing routing) {
    List<Job> jobs = new ArrayList<>();
    for (Leaderboard.Part part : Leaderboard.parts(data)) {
      VolumeSet input = VolumeSet.open(part.folder(), Targets.OPTIONAL, loader.badFiles());
      problems.addAll(input.problems());
      for (int v = 0; v < input.volumes().size(); v++) {
        Volume volume = input.volumes().get(v);
        try {
          jobs.add(new Job(input, v, routing.shares(volume), part.in(out).resolve(volume.name())));
        } catch (NoExpertException e) {
          if (loader.badFiles() == BadFiles.FAIL) {
            throw e;
          }
          problems.add(e.getMessage());
        }
      }
    }
    return jobs;
  }

  private void checkKept(Job done) {
    if (!resume) {
      throw new DataException(
          done.file()
              + ": is there already; keep what is done with --resume or choose another --out");
    }
    int averaged =
        Reconstruction.members(done.file(), done.source())
            .orElseThrow(() ->
                new DataException(
                    done.file()
                        + ": was made with another checkpoint or other model options; choose another"
                        + " --out"));
    members.put(name(done), new Made(averaged, done.members()));
  }

  private static Stream<Ensemble> ensembles(List<Job> jobs) {
    return jobs.stream().flatMap(job -> job.shares().stream()).map(Share::ensemble).distinct();
  }

  /** Reconstructs; returns whether all is done, not interrupted. */
  private boolean run(Reconstruction work, NetworkSlot slot, TimeBudget time, List<Job> wanted) {
    int images = wanted.stream().mapToInt(Job::images).sum();
    int[] done = {0};
    int[] current = {0};
    try (Interrupt interrupt = new Interrupt();
        ProgressLine progress = Larmor.console(spec).progress("reconstructing", images)) {
      VolumeReconstruction reconstruction =
          new VolumeReconstruction(
              work,
              slot,
              time,
              loader.badFiles(),
              () -> progress.at(++done[0], wanted.get(current[0]).volume().name()),
              interrupt::requested);
      int after = 0;
      Made before = null;
      for (Job job : wanted) {
        after += job.images();
        switch (reconstruction.next(wanted.subList(current[0], wanted.size()))) {
          case Stopped() -> {
            progress.print("stopped; the same command with --resume keeps what is done");
            return false;
          }
          case LeftOut(String reason) -> {
            problems.add(reason);
            progress.print("left out: " + reason);
          }
          case Made made -> {
            members.put(name(job), made);
            boolean news = !made.hasAll() || (before != null && !before.hasAll());
            if (news && !made.equals(before)) {
              progress.print(
                  "from %s on: %d of %d members, for the time limit"
                      .formatted(name(job), made.members(), made.wanted()));
            }
            before = made;
          }
        }
        done[0] = after; // members that there was no time for are done with
        current[0]++;
      }
    }
    return true;
  }

  /** As the user knows it: {@code acc4/brain_test1.h5}. */
  private String name(Job job) {
    return out.relativize(job.file()).toString();
  }

  private void summarize(
      List<Job> jobs, List<Job> wanted, NetworkSlot slot, TimeBudget time, long peak) {
    List<Job> made = wanted.stream().filter(job -> members.containsKey(name(job))).toList();
    int kept = jobs.size() - wanted.size();
    int volumes = made.size();
    int slices = made.stream().mapToInt(job -> job.volume().slices()).sum();
    double seconds = time.elapsed();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("volumes", volumes);
    figures.put("volumes_kept", kept);
    figures.put("slices", slices);
    figures.put("seconds", seconds);
    if (time.isLimited()) {
      figures.put("time_limit", timeLimit);
      figures.put("within_time_limit", time.isWithin());
    }
    figures.put("network_switches", slot.switches());
    figures.put("network_switch_seconds", slot.switchSeconds());
    figures.put("device_peak_bytes", peak);
    Map<String, Object> weights = new LinkedHashMap<>();
    ensembles(jobs).forEach(ensemble -> weights.put(ensemble.name(), ensemble.weights()));
    figures.put("weights", weights);
    figures.put("members", members);
    figures.put("left_out", problems);
    Results.writeJson(out.resolve("reconstruction.json"), figures);
    Larmor.console(spec)
        .line(
            String.format(
                Locale.ROOT,
                "%s, %s%s%s in %.1f s%s%s: %s",
                Larmor.count(volumes, "volume"),
                Larmor.count(slices, "slice"),
                kept == 0 ? "" : " (and " + Larmor.count(kept, "volume") + " kept)",
                problems.isEmpty() ? "" : " (" + problems.size() + " left out)",
                seconds,
                switches(slot),
                limit(time),
                out));
  }

  private static String switches(NetworkSlot slot) {
    return slot.switches() == 0
        ? ""
        : String.format(
            Locale.ROOT,
            ", %.1f s of it for %d switch%s of the network",
            slot.switchSeconds(),
            slot.switches(),
            slot.switches() == 1 ? "" : "es");
  }

  private String limit(TimeBudget time) {
    return time.isLimited()
        ? String.format(
            Locale.ROOT,
            ", %s the limit of %.0f s",
            time.isWithin() ? "within" : "NOT within",
            timeLimit)
        : "";
  }
}
