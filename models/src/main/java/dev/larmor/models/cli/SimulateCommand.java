package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.simulate.Plane;
import dev.larmor.models.data.simulate.Simulation;
import dev.larmor.models.data.simulate.SimulationSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code larmor simulate}. */
@Command(
    name = "simulate",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Make a multi-coil k-space data set of anatomical images.",
      "",
      "Each NIfTI volume (.nii, .nii.gz) is one subject and belongs to one split. Coils, phase and"
          + " noise are simulated; --out gets train/, val/ and leaderboard/acc<R>/ in the"
          + " challenge's layout.",
      ""
    },
    sortOptions = false)
final class SimulateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--train",
      split = ",",
      hideParamSyntax = true,
      paramLabel = "NIFTI",
      description = "A training subject; may be repeated.")
  private List<Path> train = List.of();

  @Option(
      names = "--val",
      split = ",",
      hideParamSyntax = true,
      paramLabel = "NIFTI",
      description = "A validation subject; may be repeated.")
  private List<Path> validation = List.of();

  @Option(
      names = "--leaderboard",
      split = ",",
      hideParamSyntax = true,
      paramLabel = "NIFTI",
      description = "A test subject; may be repeated. Its k-space is undersampled.")
  private List<Path> leaderboard = List.of();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Where the data set goes.")
  private Path out;

  @Option(
      names = "--anatomy",
      defaultValue = "brain",
      paramLabel = "NAME",
      description = "What the files are named after: brain or knee (default: ${DEFAULT-VALUE}).")
  private Anatomy anatomy;

  @Option(
      names = "--plane",
      defaultValue = "axial",
      paramLabel = "NAME",
      description =
          "Orientation of the slices: axial, coronal or sagittal (default: ${DEFAULT-VALUE}).")
  private Plane plane;

  @Option(
      names = "--coils",
      defaultValue = "8",
      paramLabel = "N",
      description = "Receive coils (default: ${DEFAULT-VALUE}).")
  private int coils;

  @Option(
      names = "--rows",
      defaultValue = "192",
      paramLabel = "H",
      description = "Rows of k-space (default: ${DEFAULT-VALUE}).")
  private int rows;

  @Option(
      names = "--columns",
      defaultValue = "160",
      paramLabel = "W",
      description = "Columns of k-space, the undersampled axis (default: ${DEFAULT-VALUE}).")
  private int columns;

  @Option(
      names = "--crop",
      defaultValue = "160",
      paramLabel = "N",
      description = "Rows and columns of the target images (default: ${DEFAULT-VALUE}).")
  private int crop;

  @Option(
      names = "--slices",
      defaultValue = "8",
      paramLabel = "N",
      description = "Slices of each volume (default: ${DEFAULT-VALUE}).")
  private int slices;

  @Option(
      names = "--accelerations",
      split = ",",
      defaultValue = "4,8",
      hideParamSyntax = true,
      paramLabel = "R,R",
      description = "Each subject gives one volume for each (default: ${DEFAULT-VALUE}).")
  private List<Integer> accelerations;

  @Option(
      names = "--centre-fraction",
      defaultValue = "0.08",
      paramLabel = "X",
      description = "Share of the columns in the masks' centre (default: ${DEFAULT-VALUE}).")
  private double centreFraction;

  @Option(
      names = "--peak",
      defaultValue = "1e-3",
      paramLabel = "X",
      description = "About the largest intensity (default: ${DEFAULT-VALUE}).")
  private double peak;

  @Option(
      names = "--noise",
      defaultValue = "2e-5",
      paramLabel = "X",
      description = "The intensity of air, which is noise (default: ${DEFAULT-VALUE}).")
  private double noise;

  @Mixin private SeedOption random;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    Console console = Larmor.console(spec);
    SimulationSettings settings = Larmor.checked(spec, this::settings);
    int files = 2 * accelerations.size() * (train.size() + validation.size() + leaderboard.size());
    int[] written = {0};
    try (Device opened = device.open();
        ProgressLine progress = console.progress("simulating", files)) {
      new Simulation(settings, opened)
          .dataSet(
              out,
              train,
              validation,
              leaderboard,
              file -> progress.at(++written[0], file.getFileName().toString()));
    }
    // One for each anatomy, since a data set of both is made in two runs.
    Results.writeOptions(out.resolve("options-%s.yaml".formatted(anatomy.label())), spec);
    console.line(Larmor.count(written[0], "file") + " in " + out);
    return 0;
  }

  private SimulationSettings settings() {
    return new SimulationSettings(
        anatomy,
        plane,
        coils,
        rows,
        columns,
        crop,
        slices,
        accelerations,
        centreFraction,
        peak,
        noise,
        random.seed);
  }
}
