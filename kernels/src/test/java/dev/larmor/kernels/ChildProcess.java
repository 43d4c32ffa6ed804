package dev.larmor.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A JVM of its own for what a process does once: load a library, or not. */
public final class ChildProcess {
  private final List<String> options = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private String classPath = System.getProperty("java.class.path");

  public ChildProcess option(String option) {
    options.add(option);
    return this;
  }

  /** Sets a variable of its environment. */
  public ChildProcess with(String variable, Object value) {
    environment.put(variable, value.toString());
    return this;
  }

  /** Leaves out the jars whose path contains {@code part}. */
  public ChildProcess without(String part) {
    classPath =
        Arrays.stream(classPath.split(File.pathSeparator))
            .filter(entry -> !entry.contains(part))
            .collect(Collectors.joining(File.pathSeparator));
    return this;
  }

  /** Starts {@code main} and leaves it running. */
  public Process start(Class<?> main, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Xmx256m", "-cp", classPath));
    command.addAll(options);
    command.add(main.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("JAVA_TOOL_OPTIONS"); // the JVM would print that it found them
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** Runs {@code main} to its end; what it printed, but for the JVM's line on incubator modules. */
  public String run(Class<?> main, String... arguments) throws IOException, InterruptedException {
    return finish(start(main, arguments));
  }

  /** Waits for a started process; what it printed. */
  public static String finish(Process process) throws IOException, InterruptedException {
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .replace("WARNING: Using incubator modules: jdk.incubator.vector\n", "")
            .strip();
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
