package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs command lines in this process and keeps what they print. */
final class Program {
  /** The device under test. */
  static final String DEVICE = System.getProperty("larmor.device", "cpu");

  /** Options of the smallest network there is, and of a short training. */
  private static final List<String> SMALL_AND_SHORT =
      List.of(
          "--feature-cascades=1",
          "--image-cascades=1",
          "--chans=2",
          "--unet-chans=2",
          "--pools=1",
          "--sens-chans=2",
          "--sens-pools=1",
          "--epochs=1",
          "--lr=1e-2");

  /** How a command line ended. */
  record Result(int code, String out, String err) {
    /** Fails the test unless the command was done. */
    Result succeeded() {
      assertEquals(0, code, err);
      return this;
    }

    /** Fails the test unless the command said this one sentence, and nothing else, and ended so. */
    void refused(int expectedCode, String sentence) {
      assertEquals("larmor: " + sentence, err.strip());
      assertEquals(expectedCode, code);
    }
  }

  private Program() {}

  /** Where {@link #train} leaves a run of so many epochs. */
  static Path folder(Path out, int epochs) {
    return out.resolve("fivarnet_f1_i1_attn0_c2_s2_larmor")
        .resolve("epoch" + epochs + "_fold1_slice1")
        .resolve("all-slice0");
  }

  /** Runs {@code larmor arguments…}; paths and numbers become strings. */
  static Result run(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Console console = new Console(new PrintWriter(out), new PrintWriter(err), false);
    String[] words = Arrays.stream(arguments).map(Object::toString).toArray(String[]::new);
    int code = Larmor.run(console, words);
    return new Result(code, out.toString(), err.toString());
  }

  /** Trains the smallest network for an epoch, unless the options given say otherwise. */
  static Result train(Object data, Object out, Object... more) {
    return run(training(data, out, more).toArray());
  }

  /** The command line of {@link #train}. */
  static List<String> training(Object data, Object out, Object... more) {
    List<Object> command =
        new ArrayList<>(List.of("train", "--data", data, "--out", out, "--device", DEVICE));
    for (String option : SMALL_AND_SHORT) {
      String name = option.substring(0, option.indexOf('=') + 1);
      if (Arrays.stream(more).noneMatch(given -> given.toString().startsWith(name))) {
        command.add(option);
      }
    }
    command.addAll(Arrays.asList(more));
    return command.stream().map(Object::toString).toList();
  }

  /**
   * Starts a command line as a process of its own. A shell that runs tests in the background may
   * have Ctrl-C ignored.
   */
  static Process start(List<?> arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(
        List.of(
            "--add-modules",
            "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx512m",
            "-cp",
            System.getProperty("java.class.path"),
            Larmor.class.getName()));
    arguments.forEach(argument -> command.add(argument.toString()));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }
}
