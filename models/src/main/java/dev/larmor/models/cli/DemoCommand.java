package dev.larmor.models.cli;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Schedule;
import dev.larmor.engine.Device;
import dev.larmor.engine.Precision;
import dev.larmor.models.augment.Augmentation;
import dev.larmor.models.cli.DemoPage.Slice;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.fivarnet.FiVarNet;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.loss.Criterion;
import dev.larmor.models.training.Checkpoint;
import dev.larmor.models.training.Evaluation;
import dev.larmor.models.training.Leaderboard;
import dev.larmor.models.training.Network;
import dev.larmor.models.training.RecomputeChoice;
import dev.larmor.models.training.Reconstruction;
import dev.larmor.models.training.Round;
import dev.larmor.models.training.Score;
import dev.larmor.models.training.Split;
import dev.larmor.models.training.Trainer;
import dev.larmor.models.training.TrainingListener;
import dev.larmor.models.training.TrainingMasks;
import dev.larmor.models.training.TrainingSettings;
import dev.larmor.models.varnet.ReconstructionModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code larmor demo}: the whole way from k-space to a scored reconstruction, in minutes. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Train a small FI-VarNet on the sample data and show what it does.",
      "",
      "Takes a few minutes on two cores; leaves index.html with the pictures in --out.",
      ""
    },
    sortOptions = false)
final class DemoCommand implements Callable<Integer> {
  /**
   * The sensitivity model is as wide as the published one: with 4 channels it learns the maps late
   * or, for some seeds, not at all, and without maps nothing unfolds. With 8, SSIM as the loss and
   * 32 epochs or more, seeds 2025, 7 and 11 all gain 0.08 to 0.1 at acceleration 4.
   */
  private static final FiVarNet.Config NETWORK =
      new FiVarNet.Config(1, 2, 12, 12, 3, 8, 3, 0, 0, Precision.FP32);

  private static final long SEED = 2025;

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Folder with train/, val/ and leaderboard/ (default: the sample data).")
  private Path data = Path.of(System.getProperty("larmor.home", "."), "models", "sample");

  @Option(
      names = "--out",
      defaultValue = "demo",
      paramLabel = "DIR",
      description = "Where the page and all results go (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(
      names = {"--num-epochs", "--epochs"},
      defaultValue = "36",
      paramLabel = "N",
      description = "Passes over the training slices (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    long start = System.nanoTime();
    Console console = Larmor.console(spec);
    TrainingSettings settings = Larmor.checked(spec, this::settings);
    VolumeSet training = VolumeSet.open(data.resolve("train"), Targets.REQUIRED, BadFiles.FAIL);
    VolumeSet validation = VolumeSet.open(data.resolve("val"), Targets.REQUIRED, BadFiles.FAIL);
    Path test = data.resolve("leaderboard");
    DemoPage page = new DemoPage();
    try (Device opened = device.open(NETWORK.precision());
        Network network = Network.place(opened, NETWORK, SEED)) {
      console.line(
          String.format(
              Locale.ROOT,
              "training FI-VarNet (%,d parameters) on %d slices, %s",
              network.model().parameterCount(),
              training.slices().size(),
              opened.capabilities().description()));
      train(network, settings, training, validation, page);
      Checkpoint.load(Trainer.best(out), network, null);
      reconstruct(opened, network.model(), test);
      compare(opened, test, page);
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    Path index = out.resolve("index.html");
    AtomicFile.write(index, page.html(seconds));
    page.summary().forEach(console::line);
    console.line(
        String.format(Locale.ROOT, "%.0f s in all; now open %s", seconds, index.toAbsolutePath()));
    return 0;
  }

  private TrainingSettings settings() {
    return new TrainingSettings(
        epochs,
        new Schedule.WarmupCosine(2e-3, epochs / 8, epochs),
        Criterion.SSIM,
        Adam.Config.adamW(0.9, 0.99, 1e-6),
        1,
        1,
        TrainingMasks.DEFAULT,
        Augmentation.NONE,
        SEED,
        1,
        Integer.MAX_VALUE,
        false,
        BadFiles.FAIL);
  }

  private void train(
      Network network,
      TrainingSettings settings,
      VolumeSet training,
      VolumeSet validation,
      DemoPage page) {
    int slices = training.slices().size() + validation.slices().size();
    try (ProgressLine progress = Larmor.console(spec).progress("training", (long) epochs * slices);
        Trainer trainer =
            new Trainer(
                network,
                settings,
                RecomputeChoice.always(Recompute.NEVER),
                List.of(new Split(training, validation)),
                out,
                new TrainingListener() {
                  @Override
                  public void iteration(Round round, int iteration, int iterations, double loss) {
                    progress.at((long) round.epoch() * slices + iteration, "");
                  }

                  @Override
                  public void done(Round.Summary summary, boolean best) {
                    page.add(summary);
                  }
                })) {
      trainer.run(() -> false);
    }
  }

  private void reconstruct(Device opened, ReconstructionModel model, Path test) {
    Reconstruction work = new Reconstruction(opened, 384, 1);
    for (Leaderboard.Part part : Leaderboard.parts(test)) {
      VolumeSet input = VolumeSet.open(part.folder(), Targets.REQUIRED, BadFiles.FAIL);
      for (int v = 0; v < input.volumes().size(); v++) {
        Path file = part.in(reconstructions()).resolve(input.volumes().get(v).name());
        work.volume(model, input, v, file, "demo");
      }
    }
  }

  private void compare(Device opened, Path test, DemoPage page) {
    Evaluation evaluation = new Evaluation(opened);
    List<Score.Volume> volumes = new ArrayList<>();
    for (Leaderboard.Entry entry : Leaderboard.match(reconstructions(), test).entries()) {
      volumes.add(evaluation.volume(entry, comparison -> page.add(new Slice(entry, comparison))));
    }
    page.score(new Score(volumes));
  }

  private Path reconstructions() {
    return out.resolve("reconstructions");
  }
}
