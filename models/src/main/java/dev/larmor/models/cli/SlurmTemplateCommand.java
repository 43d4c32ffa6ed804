package dev.larmor.models.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code larmor slurm-template}. */
@Command(
    name = "slurm-template",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Print a batch script for Slurm that runs a command on many nodes.",
      "",
      "One task for each graphics card, or with COMMAND's --device cpu for each of the ranks per node."
          + " Before its time is over the run saves itself and the job is queued again, until it is"
          + " done; one that fails is queued again three times. Without COMMAND: "
          + SlurmTemplateCommand.USUAL
          + ".",
      "",
      "  larmor slurm-template --nodes 2 train --data DIR --device cuda > job.sh && sbatch job.sh",
      ""
    },
    sortOptions = false)
final class SlurmTemplateCommand implements Callable<Integer> {
  static final String USUAL = "ssl pretrain 745 onemmiso --device cuda";

  /** Minutes, minutes:seconds, hours:minutes:seconds, days-hours and so on. */
  private static final Pattern TIME =
      Pattern.compile("\\d+(:\\d{1,2}){0,2}|\\d+-\\d{1,2}(:\\d{1,2}){0,2}");

  private static final String ONE_WORD = "one word of letters, digits and .,:=/@%+-";

  private static final Pattern SIZE = Pattern.compile("\\d+[KMGT]?");

  /** What is one word of a directive, and needs no quotes in a shell. */
  private static final Pattern WORD = Pattern.compile("[\\w.,:=/@%+-]+");

  @Spec private CommandSpec spec;

  @Option(
      names = "--nodes",
      defaultValue = "3",
      paramLabel = "N",
      description = "Machines (default: ${DEFAULT-VALUE}).")
  private int nodes;

  @Option(
      names = "--ranks-per-node",
      defaultValue = "4",
      paramLabel = "N",
      description = "Processes, and cards, of a machine (default: ${DEFAULT-VALUE}).")
  private int ranks;

  @Option(
      names = "--cpus-per-rank",
      defaultValue = "12",
      paramLabel = "N",
      description = "Processors of a process (default: ${DEFAULT-VALUE}).")
  private int processors;

  @Option(
      names = "--memory",
      defaultValue = "256G",
      paramLabel = "SIZE",
      description = "Memory of a machine, 0 for all of it (default: ${DEFAULT-VALUE}).")
  private String memory;

  @Option(
      names = "--time",
      defaultValue = "2:00:00",
      paramLabel = "TIME",
      description =
          "How long a job may run until it is queued again, as 2:00:00 or 1-12 for a day and a half"
              + " (default: ${DEFAULT-VALUE}).")
  private String time;

  @Option(names = "--account", paramLabel = "NAME", description = "Who pays.")
  private String account;

  @Option(names = "--partition", paramLabel = "NAME", description = "Which machines.")
  private String partition;

  @Option(
      names = "--name",
      defaultValue = "larmor",
      paramLabel = "NAME",
      description = "The job's name (default: ${DEFAULT-VALUE}).")
  private String name;

  @Option(
      names = "--mpi",
      defaultValue = "pmix",
      paramLabel = "NAME",
      description =
          "How srun and MPI meet: pmix for Open MPI, pmi2 for MPICH; srun --mpi=list tells which there"
              + " are (default: ${DEFAULT-VALUE}).")
  private String mpi;

  @Option(
      names = "--requeue",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "Queue a job again that was stopped or failed; --no-requeue lets it end.")
  private boolean requeue;

  @Parameters(
      paramLabel = "COMMAND",
      arity = "0..*",
      description = "What to run: train, recipe or ssl pretrain, with its options.")
  private List<String> words = List.of();

  @Override
  public Integer call() throws IOException {
    List<String> command = words.isEmpty() ? List.of(USUAL.split(" ")) : words;
    check();
    ParseResult asked = ((Larmor) spec.root().userObject()).parse(command);
    check(asked);
    try (InputStream template = SlurmTemplateCommand.class.getResourceAsStream("slurm.sh")) {
      Larmor.console(spec)
          .line(
              new String(template.readAllBytes(), StandardCharsets.UTF_8)
                  .strip()
                  .replace("{{directives}}", directives(usesCards(asked)))
                  .replace("{{requeue}}", Boolean.toString(requeue))
                  .replace("{{mpi}}", mpi)
                  .replace("{{command}}", commandLine(command, asked)));
    }
    return 0;
  }

  private void check() {
    atLeastOne("--nodes", nodes);
    atLeastOne("--ranks-per-node", ranks);
    atLeastOne("--cpus-per-rank", processors);
    matches("--time", time, TIME, "a time; write it as 2:00:00 or 1-12");
    matches("--memory", memory, SIZE, "a size; write it as 256G");
    matches("--name", name, WORD, ONE_WORD);
    matches("--mpi", mpi, WORD, ONE_WORD);
    matches("--account", account, WORD, ONE_WORD);
    matches("--partition", partition, WORD, ONE_WORD);
  }

  private void atLeastOne(String option, int number) {
    if (number < 1) {
      throw misuse(option + " must be at least 1, not " + number);
    }
  }

  private void matches(String option, String value, Pattern pattern, String what) {
    if (value != null && !pattern.matcher(value).matches()) {
      throw misuse("%s: '%s' is not %s".formatted(option, value, what));
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private void check(ParseResult asked) {
    CommandSpec command = asked.commandSpec();
    if (!RankOptions.areOf(command)) {
      throw misuse(
          "'%s' is the work of one process; train, recipe and ssl pretrain are for many"
              .formatted(command.qualifiedName()));
    }
    for (String option : List.of("--overwrite", "--pretrained-weights")) {
      if (asked.hasMatchedOption(option)) {
        throw misuse(
            "%s would begin anew each time the job is queued again; it goes on with --resume"
                .formatted(option));
      }
    }
    for (String option : List.of("--ranks", "--status")) {
      if (asked.hasMatchedOption(option)) {
        throw misuse("leave %s to the script, which sets it".formatted(option));
      }
    }
    if (ranks > 1 && device(asked).startsWith("cuda:")) {
      throw misuse(
          "--device %s is one card for the %d ranks of a node: give --device cuda"
              .formatted(device(asked), ranks));
    }
  }

  private static String device(ParseResult asked) {
    return asked.commandSpec().findOption("--device").getValue();
  }

  private static boolean usesCards(ParseResult asked) {
    return device(asked).startsWith("cuda") || device(asked).equals("auto");
  }

  private String directives(boolean cards) {
    List<String> lines = new ArrayList<>();
    lines.add("job-name=" + name);
    lines.add("nodes=" + nodes);
    lines.add("ntasks-per-node=" + ranks);
    lines.add("cpus-per-task=" + processors);
    if (cards) {
      lines.add("gpus-per-node=" + ranks); // each rank sees all and takes that of its number
    }
    lines.add("mem=" + memory);
    lines.add("time=" + time);
    if (account != null) {
      lines.add("account=" + account);
    }
    if (partition != null) {
      lines.add("partition=" + partition);
    }
    lines.add("signal=USR1@300");
    lines.add(requeue ? "requeue" : "no-requeue");
    lines.add("open-mode=append");
    lines.add("output=%x-%j.out");
    return lines.stream().map("#SBATCH --"::concat).collect(Collectors.joining("\n"));
  }

  /** What srun starts, as the shell reads it. */
  private static String commandLine(List<String> command, ParseResult asked) {
    List<String> line = new ArrayList<>(List.of("./larmor"));
    command.forEach(word -> line.add(quoted(word)));
    if (!asked.hasMatchedOption("--resume")) {
      line.add("--resume");
    }
    line.add("--ranks \"$SLURM_NTASKS\" --status \"$status\"");
    return String.join(" ", line);
  }

  private static String quoted(String word) {
    return WORD.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
