package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.training.Checkpoint;
import dev.larmor.models.training.Leaderboard;
import dev.larmor.models.training.Network;
import dev.larmor.models.training.Reconstruction;
import dev.larmor.models.training.ZeroFilled;
import dev.larmor.models.varnet.ModelConfig;
import dev.larmor.models.varnet.ReconstructionModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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
      ""
    },
    sortOptions = false)
final class ReconstructCommand implements Callable<Integer> {
  /** A volume and the file it goes to. */
  private record Job(VolumeSet input, int index, Path file) {
    Volume volume() {
      return input.volumes().get(index);
    }

    boolean done() {
      return Files.exists(file);
    }
  }

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The data set: challenge or fastMRI layout.")
  private Path data;

  @Option(
      names = "--checkpoint",
      paramLabel = "FILE",
      description = "The trained network; it tells its own architecture.")
  private Path checkpoint;

  @Option(
      names = "--zero-filled",
      description = "No network: the baseline that takes what was not sampled for zero.")
  private boolean zeroFilled;

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
      description = "Seconds the whole may take; it is only reported (default: ${DEFAULT-VALUE}).")
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
  @Mixin private ModelOptions model;
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    long start = System.nanoTime();
    if (zeroFilled == (checkpoint != null)) {
      throw new ParameterException(
          spec.commandLine(), "Give either --checkpoint=FILE or --zero-filled");
    }
    if (zeroFilled) {
      try (Device opened = device.open()) {
        return run(opened, new ZeroFilled(), "zero-filled", start);
      }
    }
    ModelConfig saved = Checkpoint.config(checkpoint).orElse(null);
    ModelConfig architecture = Larmor.checked(spec, () -> model.config(saved));
    try (Device opened = device.open(architecture.precision());
        Network network = Network.place(opened, architecture, 0)) {
      Checkpoint.load(checkpoint, network, null);
      return run(opened, network.model(), source(architecture), start);
    }
  }

  /** The checkpoint's digest and how it is run. */
  private String source(ModelConfig architecture) {
    try (InputStream in = Files.newInputStream(checkpoint)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      in.transferTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
      return "sha256:" + HexFormat.of().formatHex(digest.digest()) + " " + architecture;
    } catch (IOException e) {
      throw new DataException(checkpoint + ": cannot be read: " + e.getMessage(), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<Job> jobs(List<String> problems) {
    List<Job> jobs = new ArrayList<>();
    for (Leaderboard.Part part : Leaderboard.parts(data)) {
      VolumeSet input = VolumeSet.open(part.folder(), Targets.OPTIONAL, loader.badFiles());
      problems.addAll(input.problems());
      for (int v = 0; v < input.volumes().size(); v++) {
        jobs.add(new Job(input, v, part.in(out).resolve(input.volumes().get(v).name())));
      }
    }
    return jobs;
  }

  private static void refuse(Job done) {
    throw new DataException(
        done.file + ": is there already; keep what is done with --resume or choose another --out");
  }

  private int run(Device opened, ReconstructionModel reconstructor, String source, long start) {
    Reconstruction work =
        Larmor.checked(
            spec, () -> new Reconstruction(opened, reconstructor, crop, loader.workers, source));
    List<String> problems = new ArrayList<>();
    List<Job> jobs = jobs(problems);
    if (!resume) {
      jobs.stream().filter(Job::done).findFirst().ifPresent(ReconstructCommand::refuse);
    }
    for (Job job : jobs) {
      if (job.done() && !work.isOf(job.file)) {
        throw new DataException(
            job.file
                + ": was made with another checkpoint or other model options; choose another"
                + " --out");
      }
    }
    Console console = Larmor.console(spec);
    Results.writeOptions(out.resolve("options.yaml"), spec);
    problems.forEach(problem -> console.line("left out: " + problem));
    List<Job> wanted = jobs.stream().filter(job -> !job.done()).toList();
    int slices = wanted.stream().mapToInt(job -> job.volume().slices()).sum();
    int[] done = {0};
    try (Interrupt interrupt = new Interrupt();
        ProgressLine progress = console.progress("reconstructing", slices)) {
      for (Job job : wanted) {
        int before = done[0];
        try {
          boolean written =
              work.volume(
                  job.input,
                  job.index,
                  job.file,
                  () -> progress.at(++done[0], job.volume().name()),
                  interrupt::requested);
          if (!written) {
            progress.print("stopped; the same command with --resume keeps what is done");
            return Interrupt.EXIT_CODE;
          }
        } catch (DataException e) {
          if (loader.badFiles() == BadFiles.FAIL) {
            throw e;
          }
          done[0] = before + job.volume().slices();
          problems.add(e.getMessage());
          progress.print("left out: " + e.getMessage());
        }
      }
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    summarize(jobs.size() - wanted.size(), wanted.size(), slices, seconds, problems);
    return 0;
  }

  private void summarize(int kept, int volumes, int slices, double seconds, List<String> problems) {
    boolean within = seconds < timeLimit;
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("volumes", volumes);
    figures.put("volumes_kept", kept);
    figures.put("slices", slices);
    figures.put("seconds", seconds);
    figures.put("time_limit", timeLimit);
    figures.put("within_time_limit", within);
    figures.put("left_out", problems);
    Results.writeJson(out.resolve("reconstruction.json"), figures);
    Larmor.console(spec)
        .line(
            String.format(
                Locale.ROOT,
                "%s, %s%s in %.1f s, %s the limit of %.0f s: %s",
                Larmor.count(volumes, "volume"),
                Larmor.count(slices, "slice"),
                kept == 0 ? "" : " (and " + Larmor.count(kept, "volume") + " kept)",
                seconds,
                within ? "within" : "NOT within",
                timeLimit,
                out));
  }
}
