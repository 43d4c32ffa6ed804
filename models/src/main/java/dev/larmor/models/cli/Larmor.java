package dev.larmor.models.cli;

import dev.larmor.autograd.mpi.Launch;
import dev.larmor.autograd.mpi.StopSignal;
import dev.larmor.engine.BudgetExceededException;
import dev.larmor.engine.CollectiveException;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.DeviceLostException;
import dev.larmor.engine.op.OpException;
import dev.larmor.models.data.DataException;
import dev.larmor.models.fit.DivergedException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The program. Exit codes: 0 done; 1 it failed; 2 the command line or the data is wrong; 75 another
 * rank could not be reached; 85 stopped by USR1; 130 Ctrl-C ended it. Errors are one sentence on
 * standard error, with a stack trace only if {@code --stacktrace} asks for it.
 */
@Command(
    name = "larmor",
    description = "Accelerated-MRI reconstruction by deep learning: from k-space to images.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = Version.class,
    subcommands = {
      DemoCommand.class,
      ClassifyCommand.class,
      TrainCommand.class,
      RecipeCommand.class,
      ReconstructCommand.class,
      EnsembleCommand.class,
      EvaluateCommand.class,
      VisualizeCommand.class,
      ImportCommand.class,
      ExportCommand.class,
      SimulateCommand.class,
      PlanCommand.class,
      SlurmTemplateCommand.class,
      SslCommand.class,
      InfoCommand.class
    },
    footer = {
      "",
      "larmor COMMAND --help tells a command's options; --config FILE reads them from YAML or JSON.",
      "Exit codes: 0 done, 1 failed, 2 wrong options or data, 75 lost another rank, 85 stopped by"
          + " USR1, 130 stopped by Ctrl-C."
    })
public final class Larmor implements Callable<Integer> {
  /** The command line or the data is wrong. */
  public static final int USAGE = 2;

  /** The work failed. */
  public static final int FAILURE = 1;

  private final Console console;
  private final Job job;

  @Spec private CommandSpec spec;

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "Show where an error came from.")
  private boolean stacktrace;

  private Larmor(Console console, Job job) {
    this.console = console;
    this.job = job;
  }

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "Missing command");
  }

  /** Runs one command line in a process of its own and returns its exit code. */
  static int run(Console console, String... args) {
    return run(console, new Job(Optional.empty(), console), args);
  }

  private static int run(Console console, Job job, String... args) {
    Larmor larmor = new Larmor(console, job);
    CommandLine line = larmor.line();
    line.setOut(console.out());
    line.setErr(console.err());
    line.setUsageHelpWidth(100);
    line.setParameterExceptionHandler((e, given) -> larmor.misused(e));
    line.setExecutionExceptionHandler((e, command, result) -> larmor.failed(e));
    line.setExecutionStrategy(parsed -> {
      larmor.checkShares(parsed.asCommandLineList().getLast().getCommandSpec());
      int code = new RunLast().execute(parsed);
      larmor.job.end(code);
      return code;
    });
    try {
      ConfigFile.apply(line, args);
      return line.execute(args);
    } catch (DataException e) {
      return larmor.report(e.getMessage(), e, USAGE);
    } catch (OutOfMemoryError e) {
      return larmor.report("not enough memory: " + e.getMessage(), e, FAILURE);
    }
  }

  private CommandLine line() {
    CommandLine line = new CommandLine(this).setCaseInsensitiveEnumValuesAllowed(true);
    line.getSubcommands().values().stream()
        .filter(command -> command.getCommand() instanceof SlurmTemplateCommand)
        .forEach(command -> command.setStopAtPositional(true)); // what follows is another's
    return line;
  }

  /**
   * Reads a command line without running it.
   *
   * @throws ParameterException in one sentence, if it cannot be read
   * @throws DataException if the file of its {@code --config} cannot
   */
  ParseResult parse(List<String> words) {
    CommandLine line = new Larmor(console, job).line();
    String[] args = words.toArray(String[]::new);
    ConfigFile.apply(line, args);
    return line.parseArgs(args).asCommandLineList().getLast().getParseResult();
  }

  /** The console of the program that {@code command} belongs to. */
  static Console console(CommandSpec command) {
    return ((Larmor) command.root().userObject()).console;
  }

  /** This process among those that were started together with it. */
  static Job job(CommandSpec command) {
    return ((Larmor) command.root().userObject()).job;
  }

  private void checkShares(CommandSpec command) {
    if (job.size() > 1 && !RankOptions.areOf(command)) {
      throw new ParameterException(
          command.commandLine(),
          "%s started %d processes, but this command is the work of one: start it without"
              .formatted(job.launcher(), job.size()));
    }
  }

  /** Makes something of a command's options; what it refuses is a mistake of the user. */
  static <T> T checked(CommandSpec command, Supplier<T> options) {
    try {
      return options.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), e.getMessage(), e);
    }
  }

  private int misused(ParameterException e) {
    String message = e.getMessage();
    if (e instanceof UnmatchedArgumentException unmatched) {
      if (e.getCommandLine().getCommand() instanceof Larmor && !unmatched.isUnknownOption()) {
        message =
            "Unknown command '%s', expected one of %s"
                .formatted(
                    unmatched.getUnmatched().getFirst(),
                    names(e.getCommandLine().getSubcommands().keySet()));
      } else if (!unmatched.getSuggestions().isEmpty()) {
        message += "; did you mean " + String.join(" or ", unmatched.getSuggestions()) + "?";
      }
    }
    String end = message.matches("(?s).*[.?!]") ? " See '" : "; see '";
    String command = e.getCommandLine().getCommandSpec().qualifiedName();
    return report(message + end + command + " --help'", e, USAGE);
  }

  private int failed(Exception e) {
    return switch (e) {
      case ParameterException misuse -> misused(misuse);
      case DeviceLostException lost -> report(lost.getMessage(), e, FAILURE);
      case DataException _, DeviceException _ -> report(e.getMessage(), e, USAGE);
      case BudgetExceededException _,
          DivergedException _,
          CollectiveException _,
          UncheckedIOException _,
          OpException _ ->
          report(e.getMessage(), e, FAILURE);
      default -> report("internal error, which --stacktrace locates: " + e, e, FAILURE);
    };
  }

  private int report(String message, Throwable e, int exitCode) {
    job.fail(
        exitCode,
        message,
        () -> {
          console.err().println("larmor: " + job.prefix() + message);
          if (stacktrace) {
            e.printStackTrace(console.err());
          }
          console.err().flush();
        });
    return exitCode;
  }

  /** Comma-separated names for a message. */
  static String names(Collection<?> things) {
    return String.join(", ", things.stream().map(Object::toString).toList());
  }

  /** A number of things: {@code 1 volume}, {@code 2 volumes}. */
  static String count(int n, String thing) {
    return n + " " + thing + (n == 1 ? "" : "s");
  }

  /** The entry point of {@code ./larmor}. */
  public static void main(String[] args) {
    StopSignal.install();
    try {
      Optional<Launch> launch = Launch.of(System.getenv());
      boolean leads = launch.map(Launch::rank).orElse(0) == 0;
      Console console = leads ? Console.ofProcess() : Console.ofErrors();
      System.exit(run(console, new Job(launch, console), args));
    } catch (CollectiveException e) {
      Console.ofProcess().err().println("larmor: " + e.getMessage());
      System.exit(USAGE);
    }
  }
}
