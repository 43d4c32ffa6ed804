package dev.larmor.autograd.mpi;

import dev.larmor.engine.CollectiveException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the environment says of how this process was started: as which rank of how many, by whom.
 *
 * @param launcher who started it, for people
 * @param rank from 0
 * @param size how many ranks there are
 * @param localRank this rank's number among those of its host, from 0
 * @param localSize how many ranks are on its host
 * @param libraries MPI libraries to look for, the likeliest first
 */
public record Launch(
    String launcher, int rank, int size, int localRank, int localSize, List<String> libraries) {
  private static final List<String> OPEN_MPI =
      List.of("libmpi.so.40", "libmpi.so", "libmpich.so.12", "libmpi.so.12");
  private static final List<String> MPICH =
      List.of("libmpich.so.12", "libmpi.so.12", "libmpi.so.40", "libmpi.so");

  /**
   * Slurm's names for what is no step of srun's (a batch script, say) are the numbers from here.
   */
  private static final long NO_STEP = 0xffff_fff0L;

  /** As many tasks, on as many nodes one after another: {@code 4(x3)}. */
  private static final Pattern TASKS = Pattern.compile("(\\d+)(?:\\(x(\\d+)\\))?");

  public Launch {
    if (rank < 0 || rank >= size || localRank < 0 || localRank >= localSize || localSize > size) {
      throw new CollectiveException(
          "%s says that this is rank %d of %d, and on its host %d of %d, which can not be"
              .formatted(launcher, rank, size, localRank, localSize));
    }
    libraries = List.copyOf(libraries);
  }

  /**
   * The launch that {@code environment} speaks of; empty for a process that was started alone.
   *
   * @throws CollectiveException if it was started by something that brings no MPI, or that leaves
   *     out what must be known
   */
  public static Optional<Launch> of(Map<String, String> environment) {
    Variables variables = new Variables(environment);
    // An mpirun within a Slurm job starts its ranks through srun, so it comes first.
    if (variables.has("OMPI_COMM_WORLD_RANK")) {
      return Optional.of(
          variables.launch(
              "Open MPI's mpirun",
              OPEN_MPI,
              "OMPI_COMM_WORLD_RANK",
              "OMPI_COMM_WORLD_SIZE",
              "OMPI_COMM_WORLD_LOCAL_RANK",
              "OMPI_COMM_WORLD_LOCAL_SIZE"));
    }
    if (variables.has("PMI_RANK") && variables.has("MPI_LOCALRANKID")) {
      return Optional.of(
          variables.launch(
              "MPICH's mpirun (hydra)",
              MPICH,
              "PMI_RANK",
              "PMI_SIZE",
              "MPI_LOCALRANKID",
              "MPI_LOCALNRANKS"));
    }
    if (variables.isStep()) {
      return Optional.of(variables.step());
    }
    if (variables.has("PMI_RANK")) {
      return Optional.of(
          variables.launch(
              "a PMI launcher", MPICH, "PMI_RANK", "PMI_SIZE", "PMI_LOCAL_RANK", "PMI_LOCAL_SIZE"));
    }
    if (variables.has("PMIX_RANK")) {
      throw new CollectiveException(
          "a PMIx launcher started this without saying how many ranks there are: start them with"
              + " mpirun or srun");
    }
    variables.refuseTorch();
    return Optional.empty();
  }

  private record Variables(Map<String, String> environment) {
    boolean has(String name) {
      return environment.containsKey(name);
    }

    int number(String name) {
      String value = environment.get(name);
      if (value == null || !value.matches("\\d{1,9}")) {
        throw new CollectiveException(
            "the launcher set %s, expected a number: start the ranks with mpirun or srun"
                .formatted(value == null ? "no " + name : name + " to '" + value + "'"));
      }
      return Integer.parseInt(value);
    }

    Launch launch(
        String launcher,
        List<String> libraries,
        String rank,
        String size,
        String localRank,
        String localSize) {
      return new Launch(
          launcher,
          number(rank),
          number(size),
          number(localRank),
          number(localSize),
          libraries(libraries));
    }

    private List<String> libraries(List<String> usual) {
      String own = environment.getOrDefault("MPI_LIBRARY", "");
      return own.isBlank() ? usual : List.of(own);
    }

    /** Whether srun started this. Its number of a batch script, or of salloc's shell, is none. */
    boolean isStep() {
      String step = environment.getOrDefault("SLURM_STEP_ID", "");
      return step.matches("\\d{1,10}") && Long.parseLong(step) < NO_STEP && has("SLURM_PROCID");
    }

    Launch step() {
      return new Launch(
          "srun",
          number("SLURM_PROCID"),
          number(has("SLURM_STEP_NUM_TASKS") ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS"),
          number("SLURM_LOCALID"),
          tasksHere(),
          libraries(has("PMI_RANK") && !has("PMIX_RANK") ? MPICH : OPEN_MPI));
    }

    /** This node's number in a list like {@code 4(x3),2}. */
    private int tasksHere() {
      String tasks =
          environment.getOrDefault(
              "SLURM_STEP_TASKS_PER_NODE", environment.getOrDefault("SLURM_TASKS_PER_NODE", ""));
      int node = number("SLURM_NODEID");
      for (String each : tasks.split(",")) {
        Matcher matcher = TASKS.matcher(each);
        if (!matcher.matches()) {
          break;
        }
        node -= matcher.group(2) == null ? 1 : Integer.parseInt(matcher.group(2));
        if (node < 0) {
          return Integer.parseInt(matcher.group(1));
        }
      }
      throw new CollectiveException(
          "srun set SLURM_STEP_TASKS_PER_NODE to '%s', which does not say how many tasks are on node %s"
              .formatted(tasks, environment.get("SLURM_NODEID")));
    }

    void refuseTorch() {
      String size = environment.getOrDefault("WORLD_SIZE", "");
      if (has("RANK") && size.matches("\\d{1,9}") && Integer.parseInt(size) > 1) {
        throw new CollectiveException(
            "RANK and WORLD_SIZE=%s are a torchrun's, whose processes can not find each other without PyTorch: start the ranks with srun or mpirun"
                .formatted(size));
      }
    }
  }
}
