package dev.larmor.autograd.mpi;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.larmor.engine.CollectiveException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Starts ranks as processes on this machine by the mpirun that is installed, as many as are asked
 * for on however few cores: to test and to time what trains on many ranks.
 *
 * {@snippet :
 * try (LocalRanks.Run run = LocalRanks.of(4).start(LocalRanks.java(Main.class, "--epochs=2"))) {
 *   int exitCode = run.await(Duration.ofSeconds(60));
 * }
 * }
 */
public final class LocalRanks {

  /** What lets Open MPI run anywhere: as root, on few cores, without a network, in a container. */
  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "OMPI_ALLOW_RUN_AS_ROOT", "1",
          "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1",
          "OMPI_MCA_rmaps_base_oversubscribe", "1",
          "OMPI_MCA_hwloc_base_binding_policy", "none",
          "OMPI_MCA_btl_tcp_if_include", "lo",
          "OMPI_MCA_oob_tcp_if_include", "lo",
          "OMPI_MCA_btl_vader_single_copy_mechanism", "none");

  /** Where both are installed, as on Debian, each has a name of its own. */
  private enum Mpirun {
    OPEN_MPI("mpirun.openmpi", "Open MPI"),
    MPICH("mpirun.mpich", "HYDRA");

    private final String own;
    private final String words; // of its version

    Mpirun(String own, String words) {
      this.own = own;
      this.words = words;
    }

    Optional<Path> find() {
      return onPath(own).or(() -> onPath("mpirun").filter(this::isThis));
    }

    private static Optional<Path> onPath(String program) {
      return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
          .map(folder -> Path.of(folder, program))
          .filter(Files::isExecutable)
          .findFirst();
    }

    private boolean isThis(Path program) {
      try {
        Process process =
            new ProcessBuilder(program.toString(), "--version").redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), UTF_8).contains(words);
      } catch (IOException _) {
        return false;
      }
    }
  }

  private final int size;
  private Mpirun mpirun = Mpirun.OPEN_MPI;
  private final Map<String, String> environment = new HashMap<>(ENVIRONMENT);

  private LocalRanks(int size) {
    this.size = size;
  }

  /** As many ranks, by Open MPI. */
  public static LocalRanks of(int size) {
    return new LocalRanks(size);
  }

  /** Whether Open MPI is installed. */
  public static boolean isOpenMpiThere() {
    return Mpirun.OPEN_MPI.find().isPresent();
  }

  /** Whether MPICH is installed. */
  public static boolean isMpichThere() {
    return Mpirun.MPICH.find().isPresent();
  }

  /** Starts by MPICH's mpirun instead. */
  public LocalRanks byMpich() {
    mpirun = Mpirun.MPICH;
    return this;
  }

  /** Sets a variable of the ranks' environment. */
  public LocalRanks with(String variable, Object value) {
    environment.put(variable, value.toString());
    return this;
  }

  /** The command of a small JVM that runs {@code main} with this one's class path. */
  public static List<String> java(Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-XX:MaxDirectMemorySize=1t", "-Xmx128m", "-XX:+UseSerialGC"));
    command.addAll(List.of("-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-XX:-CreateCoredumpOnCrash", "-XX:+ErrorFileToStderr"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  /**
   * Starts the ranks.
   *
   * @throws CollectiveException if there is no such mpirun
   */
  public Run start(List<String> command) {
    Path program =
        mpirun
            .find()
            .orElseThrow(() -> new CollectiveException("no mpirun of " + mpirun.own + " is found"));
    List<String> whole = new ArrayList<>();
    whole.addAll(List.of(program.toString(), "-np", Integer.toString(size)));
    whole.addAll(command);
    return alone(whole);
  }

  /** Starts {@code command} without an mpirun, in the same environment. */
  Run alone(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().remove("JAVA_TOOL_OPTIONS"); // the JVM would print that it found them
    builder.environment().putAll(environment);
    try {
      return new Run(builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ranks that were started. {@link #close} leaves no process behind. */
  public static final class Run implements AutoCloseable {
    private final Process mpirun;
    private final Text out;
    private final Text err;
    private final Set<ProcessHandle> seen = new LinkedHashSet<>();

    private Run(Process mpirun) {
      this.mpirun = mpirun;
      out = new Text(mpirun.getInputStream());
      err = new Text(mpirun.getErrorStream());
    }

    /** What all ranks have printed so far. */
    public String out() {
      return out.soFar();
    }

    /** What all ranks have printed to the error stream so far. */
    public String err() {
      return err.soFar();
    }

    /** The process of mpirun. */
    public ProcessHandle mpirun() {
      return mpirun.toHandle();
    }

    /**
     * Waits until the ranks have printed {@code words}.
     *
     * @throws AssertionError if they have not within the time, or have ended
     */
    public void awaitWords(String words, Duration time) {
      long end = System.nanoTime() + time.toNanos();
      while (!out().contains(words)) {
        boolean over = !mpirun.isAlive();
        pause();
        if ((over && !out().contains(words)) || System.nanoTime() > end) {
          throw new AssertionError(
              "the ranks did not print '" + words + "' but: " + out() + "\n" + err());
        }
      }
      seen.addAll(mpirun.descendants().toList());
    }

    /**
     * Waits until all ranks have ended; mpirun's exit code.
     *
     * @throws AssertionError if they have not within the time
     */
    public int await(Duration time) {
      long end = System.nanoTime() + time.toNanos();
      while (mpirun.isAlive()) {
        seen.addAll(mpirun.descendants().toList());
        if (System.nanoTime() > end) {
          throw new AssertionError(
              "the ranks did not end in " + time + ": " + out() + "\n" + err());
        }
        pause();
      }
      out.join();
      err.join();
      return mpirun.exitValue();
    }

    private void pause() {
      try {
        boolean _ = mpirun.waitFor(50, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while ranks work", e);
      }
    }

    /** Kills what is left. */
    @Override
    public void close() {
      seen.addAll(mpirun.descendants().toList());
      mpirun.destroyForcibly();
      seen.forEach(ProcessHandle::destroyForcibly);
    }
  }

  /** What a stream has brought so far. */
  private static final class Text {
    private final Queue<String> text = new ConcurrentLinkedQueue<>();
    private final Thread reader;

    Text(InputStream stream) {
      reader =
          Thread.ofVirtual()
              .start(() -> {
                try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(stream, UTF_8))) {
                  for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    text.add(line + "\n");
                  }
                } catch (IOException _) {
                  // The process was killed.
                }
              });
    }

    String soFar() {
      return String.join("", text);
    }

    /** Waits for the end, but not for processes that keep the stream open. */
    void join() {
      try {
        boolean _ = reader.join(Duration.ofSeconds(5));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
