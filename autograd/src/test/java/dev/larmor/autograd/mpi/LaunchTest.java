package dev.larmor.autograd.mpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.CollectiveException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What launchers leave in the environment, as they were seen to. */
final class LaunchTest {
  private static final Map<String, String> BATCH =
      Map.of(
          "SLURM_JOB_ID", "7",
          "SLURM_NTASKS", "6",
          "SLURM_PROCID", "0",
          "SLURM_LOCALID", "0",
          "SLURM_NODEID", "0",
          "SLURM_TASKS_PER_NODE", "2(x3)");

  private static final Map<String, String> STEP =
      with(
          BATCH,
          "SLURM_STEP_ID",
          "0",
          "SLURM_STEP_NUM_TASKS",
          "5",
          "SLURM_STEP_TASKS_PER_NODE",
          "2(x2),1",
          "SLURM_PROCID",
          "4",
          "SLURM_LOCALID",
          "0",
          "SLURM_NODEID",
          "2",
          "PMIX_RANK",
          "4");

  private static final Map<String, String> OPEN_MPI =
      Map.of(
          "OMPI_COMM_WORLD_RANK", "5",
          "OMPI_COMM_WORLD_SIZE", "8",
          "OMPI_COMM_WORLD_LOCAL_RANK", "1",
          "OMPI_COMM_WORLD_LOCAL_SIZE", "4",
          "PMIX_RANK", "5");

  private static final Map<String, String> HYDRA =
      Map.of("PMI_RANK", "3", "PMI_SIZE", "4", "MPI_LOCALRANKID", "1", "MPI_LOCALNRANKS", "2");

  private static Map<String, String> with(Map<String, String> variables, String... more) {
    Map<String, String> all = new HashMap<>(variables);
    for (int i = 0; i < more.length; i += 2) {
      all.put(more[i], more[i + 1]);
    }
    return all;
  }

  /** As {@code srun 4/5 0/1 libmpi.so.40}. */
  private static String summary(Map<String, String> environment) {
    Launch launch = Launch.of(environment).orElseThrow();
    return "%s %d/%d %d/%d %s"
        .formatted(
            launch.launcher(),
            launch.rank(),
            launch.size(),
            launch.localRank(),
            launch.localSize(),
            launch.libraries().getFirst());
  }

  private static String refusal(Map<String, String> environment) {
    return assertThrows(CollectiveException.class, () -> Launch.of(environment)).getMessage();
  }

  @Test
  void mpiruns() {
    assertEquals("Open MPI's mpirun 5/8 1/4 libmpi.so.40", summary(OPEN_MPI));
    assertEquals("MPICH's mpirun (hydra) 3/4 1/2 libmpich.so.12", summary(HYDRA));
    assertEquals(
        "a PMI launcher 3/4 0/1 libmpich.so.12",
        summary(
            Map.of(
                "PMI_RANK", "3", "PMI_SIZE", "4", "PMI_LOCAL_RANK", "0", "PMI_LOCAL_SIZE", "1")));
  }

  @Test
  void anMpirunWithinASlurmJobComesBeforeSlurm() {
    Map<String, String> both = new HashMap<>(STEP);
    both.putAll(OPEN_MPI);
    assertEquals("Open MPI's mpirun 5/8 1/4 libmpi.so.40", summary(both));
    both = new HashMap<>(STEP);
    both.putAll(HYDRA);
    assertEquals("MPICH's mpirun (hydra) 3/4 1/2 libmpich.so.12", summary(both));
  }

  @Test
  void srun() {
    assertEquals("srun 4/5 0/1 libmpi.so.40", summary(STEP));
    assertEquals(
        "srun 3/5 1/2 libmpi.so.40",
        summary(with(STEP, "SLURM_PROCID", "3", "SLURM_LOCALID", "1", "SLURM_NODEID", "1")));
    Map<String, String> pmi2 = with(STEP, "PMI_RANK", "4");
    pmi2.remove("PMIX_RANK");
    assertEquals("srun 4/5 0/1 libmpich.so.12", summary(pmi2));
  }

  @Test
  void aBatchScriptIsNoRank() {
    assertEquals(Optional.empty(), Launch.of(Map.of()));
    assertEquals(Optional.empty(), Launch.of(BATCH));
    assertEquals(Optional.empty(), Launch.of(with(BATCH, "SLURM_STEP_ID", "4294967291")));
    assertEquals(Optional.empty(), Launch.of(with(BATCH, "SLURM_STEP_ID", "4294967290")));
  }

  @Test
  void theUsersLibraryIsTheOnlyOne() {
    Launch launch = Launch.of(with(OPEN_MPI, "MPI_LIBRARY", "/opt/mpi/libmpi.so")).orElseThrow();
    assertEquals("[/opt/mpi/libmpi.so]", launch.libraries().toString());
  }

  @Test
  void torchrunIsRefused() {
    Map<String, String> torchrun =
        Map.of(
            "RANK", "0",
            "WORLD_SIZE", "4",
            "LOCAL_RANK", "0",
            "MASTER_ADDR", "localhost",
            "TORCHELASTIC_RUN_ID", "none");
    String refusal = refusal(torchrun);
    assertTrue(refusal.contains("torchrun") && refusal.contains("srun or mpirun"), refusal);
    assertEquals(Optional.empty(), Launch.of(with(torchrun, "WORLD_SIZE", "1")));
    Map<String, String> both = new HashMap<>(torchrun);
    both.putAll(OPEN_MPI);
    assertEquals("Open MPI's mpirun 5/8 1/4 libmpi.so.40", summary(both));
  }

  @Test
  void whatIsMissingOrCanNotBeIsSaid() {
    assertEquals(
        "the launcher set OMPI_COMM_WORLD_SIZE to 'many', expected a number: start the ranks with"
            + " mpirun or srun",
        refusal(with(OPEN_MPI, "OMPI_COMM_WORLD_SIZE", "many")));
    assertEquals(
        "the launcher set no PMI_LOCAL_RANK, expected a number: start the ranks with mpirun or srun",
        refusal(Map.of("PMI_RANK", "3", "PMI_SIZE", "4")));
    assertEquals(
        "Open MPI's mpirun says that this is rank 5 of 4, and on its host 1 of 4, which can not be",
        refusal(with(OPEN_MPI, "OMPI_COMM_WORLD_SIZE", "4")));
    assertEquals(
        "srun set SLURM_STEP_TASKS_PER_NODE to '2,3', which does not say how many tasks are on node"
            + " 2",
        refusal(with(STEP, "SLURM_STEP_TASKS_PER_NODE", "2,3")));
    assertTrue(refusal(Map.of("PMIX_RANK", "0")).contains("mpirun or srun"));
  }
}
