package dev.larmor.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs Python scripts as an independent opinion on the files we write. */
public final class Python {
  private static final String INTERPRETER =
      Files.isExecutable(Path.of("/usr/bin/python3")) ? "/usr/bin/python3" : "python3";

  private Python() {}

  /** Skips the test unless Python is there with these modules. */
  public static void assumeModules(String... modules) {
    int exit;
    try {
      exit = exit(start(List.of("-c", "import " + String.join(", ", modules))));
    } catch (IOException e) {
      exit = -1;
    }
    assumeTrue(exit == 0, "needs python3 with " + String.join(", ", modules));
  }

  /** Runs a script, fails the test with what it printed if it fails, returns its output. */
  public static String run(String script, Object... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("-c", script));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Process process = start(command);
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, exit(process), output);
    return output;
  }

  private static Process start(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(INTERPRETER));
    command.addAll(arguments);
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static int exit(Process process) {
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("python3 does not end");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
