package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The batch script: what it asks Slurm for, what it starts, and what it does with how that ended.
 */
final class SlurmTemplateCommandTest {
  @TempDir private Path folder;

  private static List<String> directives(String script) {
    return script
        .lines()
        .filter(line -> line.startsWith("#SBATCH --"))
        .map(line -> line.substring("#SBATCH --".length()))
        .toList();
  }

  /** What srun starts. */
  private static String started(String script) {
    return script
        .lines()
        .filter(line -> line.contains("--resume"))
        .findFirst()
        .orElseThrow()
        .strip();
  }

  private static String template(Object... arguments) {
    List<Object> all = new ArrayList<>(List.of("slurm-template"));
    all.addAll(List.of(arguments));
    return Program.run(all.toArray()).succeeded().out();
  }

  @Test
  void theOriginalsJob() {
    String script = template();
    assertTrue(script.startsWith("#!/bin/bash\n#SBATCH"), script);
    assertFalse(script.contains("{{"), script);
    assertEquals(
        List.of(
            "job-name=larmor",
            "nodes=3",
            "ntasks-per-node=4",
            "cpus-per-task=12",
            "gpus-per-node=4",
            "mem=256G",
            "time=2:00:00",
            "signal=USR1@300",
            "requeue",
            "open-mode=append",
            "output=%x-%j.out"),
        directives(script));
    assertTrue(script.contains("srun --mpi=pmix --kill-on-bad-exit=1 "), script);
    assertEquals(
        "./larmor ssl pretrain 745 onemmiso --device cuda --resume"
            + " --ranks \"$SLURM_NTASKS\" --status \"$status\"",
        started(script));
  }

  @Test
  void another() {
    String script =
        template(
            "--nodes=2",
            "--ranks-per-node",
            8,
            "--cpus-per-rank=4",
            "--memory=0",
            "--time=1-12",
            "--account=mri",
            "--partition=long",
            "--name=knee",
            "--mpi=pmi2",
            "--no-requeue",
            "train",
            "--data",
            "it's here",
            "--resume",
            "--epochs=3");
    assertEquals(
        List.of(
            "job-name=knee",
            "nodes=2",
            "ntasks-per-node=8",
            "cpus-per-task=4",
            "mem=0",
            "time=1-12",
            "account=mri",
            "partition=long",
            "signal=USR1@300",
            "no-requeue",
            "open-mode=append",
            "output=%x-%j.out"),
        directives(script));
    assertTrue(script.contains("srun --mpi=pmi2 "), script);
    assertEquals(
        "./larmor train --data 'it'\\''s here' --resume --epochs=3"
            + " --ranks \"$SLURM_NTASKS\" --status \"$status\"",
        started(script));
  }

  /** Its options end where the command begins, or at two dashes. */
  @Test
  void theCommandsOptions() throws IOException {
    assertEquals(
        template("--", "ssl", "pretrain", "7", "median"),
        template("ssl", "pretrain", "7", "median"));
    Path config = Files.writeString(folder.resolve("run.yaml"), "data: heads\ndevice: auto\n");
    String script = template("--nodes=1", "train", "--config", config);
    assertTrue(directives(script).contains("gpus-per-node=4"), script);
    assertTrue(started(script).contains(" --config " + config + " --resume"), script);
  }

  /** Arguments; what is wrong with them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--nodes=0 | --nodes must be at least 1, not 0; see 'larmor slurm-template --help'",
        "--ranks-per-node=-1 | --ranks-per-node must be at least 1, not -1; see 'larmor slurm-template --help'",
        "--time=soon | --time: 'soon' is not a time; write it as 2:00:00 or 1-12; see 'larmor slurm-template --help'",
        "--memory=lots | --memory: 'lots' is not a size; write it as 256G; see 'larmor slurm-template --help'",
        "--name=a;b | --name: 'a;b' is not one word of letters, digits and .,:=/@%+-; see 'larmor slurm-template --help'",
        "evaluate --data=x --reconstructions=y | 'larmor evaluate' is the work of one process; train, recipe and ssl pretrain are for many; see 'larmor slurm-template --help'",
        "ssl pretrain 7 median --overwrite | --overwrite would begin anew each time the job is queued again; it goes on with --resume; see 'larmor slurm-template --help'",
        "ssl pretrain 7 median --ranks=3 | leave --ranks to the script, which sets it; see 'larmor slurm-template --help'",
        "train --data=x --device=cuda:0 | --device cuda:0 is one card for the 4 ranks of a node: give --device cuda; see 'larmor slurm-template --help'",
        "train | Missing required option: '--data=DIR'; see 'larmor train --help'",
        "ssl pretrain 7 median --epochs=x | Invalid value for option '--epochs': 'x' is not an int; see 'larmor ssl pretrain --help'",
      })
  void mistakes(String arguments, String sentence) {
    Object[] words = ("slurm-template " + arguments).split(" ");
    Program.run(words).refused(2, sentence);
  }

  @Test
  void anUnknownCommand() {
    String err = Program.run("slurm-template", "trian").err();
    assertTrue(err.startsWith("larmor: Unknown command 'trian', expected one of demo, "), err);
  }

  /** How often the job is queued again, and what it ends with. */
  private record End(int code, int requeued, String said) {}

  /** Runs a script where Slurm's programs are stand-ins: srun's code, and what the run wrote. */
  private End job(String script, int srun, String status) throws Exception {
    Path programs = Files.createDirectories(folder.resolve("bin"));
    program(
        programs.resolve("srun"),
        "[ -z '" + status + "' ] || echo '" + status + "' >job-7.status.json; exit " + srun);
    program(programs.resolve("scontrol"), "echo $* >>requeued; exit 0");
    program(programs.resolve("sleep"), ":"); // scontrol's requeue ends the script, meanwhile
    program(folder.resolve("larmor"), "echo larmor");
    Path file = Files.writeString(folder.resolve("job.sh"), script);
    Path requeued = folder.resolve("requeued");
    Files.deleteIfExists(requeued);
    ProcessBuilder bash = new ProcessBuilder("bash", file.toString()).directory(folder.toFile());
    bash.environment()
        .putAll(
            Map.of(
                "PATH",
                programs + ":" + System.getenv("PATH"),
                "SLURM_JOB_NAME",
                "job",
                "SLURM_JOB_ID",
                "7",
                "SLURM_NTASKS",
                "12",
                "SLURM_CPUS_PER_TASK",
                "12"));
    Process process = bash.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int times = Files.exists(requeued) ? Files.readAllLines(requeued).size() : 0;
    return new End(process.waitFor(), times, said);
  }

  private static void program(Path file, String text) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    assertTrue(file.toFile().setExecutable(true));
  }

  private static String ended(int code) {
    return "{ \"state\" : \"any\",\n  \"exit_code\" : " + code + " }";
  }

  @Test
  void aJobThatIsDone() throws Exception {
    assertEquals(new End(0, 0, "larmor\n"), job(template(), 0, ended(0)));
    // MPI's end may fail after the work's.
    assertEquals(new End(0, 0, "larmor\n"), job(template(), 137, ended(0)));
  }

  @Test
  void aJobThatIsStopped() throws Exception {
    End again = new End(85, 1, "larmor\nqueued again: the run ended with 85\n");
    for (int i = 0; i < 4; i++) {
      assertEquals(again, job(template(), 85, ended(85)), "any number of times");
    }
    assertEquals(again, job(template(), 0, ended(85)), "where the launcher loses the code");
    assertEquals(new End(85, 0, "larmor\n"), job(template("--no-requeue"), 85, ended(85)));
  }

  @Test
  void aJobThatFails() throws Exception {
    End again = new End(137, 1, "larmor\nqueued again: the run ended with 137\n");
    String killed = "{ \"state\" : \"running\" }";
    for (int i = 0; i < 3; i++) {
      assertEquals(again, job(template(), 137, killed));
    }
    assertEquals(new End(137, 0, "larmor\n"), job(template(), 137, killed), "three times in a row");
    job(template(), 85, ended(85));
    assertEquals(
        again, job(template(), 137, killed), "after a run that went on, from the beginning");
    assertEquals(1, job(template(), 0, killed).code(), "where the launcher loses the code");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void aJobThatIsWrong(int srun) throws Exception {
    assertEquals(new End(2, 0, "larmor\n"), job(template(), srun, ended(2)));
  }
}
