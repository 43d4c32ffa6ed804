package dev.larmor.kernels.cuda;

import dev.larmor.engine.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Compiles CUDA C for the host, with {@code emulator.h} in front: a shared library for each. */
final class HostCompiler implements KernelCompiler {
  private static final Pattern KERNEL = Pattern.compile("__global__\\s+void\\s+(\\w+)\\s*\\(");

  /** The command that compiles C++: {@code $CXX}, or {@code g++}. */
  static final String COMMAND = System.getenv().getOrDefault("CXX", "g++");

  private static final List<String> OPTIONS =
      List.of("-std=c++17", "-O1", "-w", "-fPIC", "-shared", "-ffp-contract=off");

  /** Sources that did not compile, so that each says so once. */
  private static final Map<String, String> FAILED = new ConcurrentHashMap<>();

  private final Path folder;

  HostCompiler(Path folder) {
    this.folder = folder;
  }

  /** Whether there is a compiler. */
  static boolean isThere() {
    try {
      return new ProcessBuilder(COMMAND, "--version")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public String identity() {
    return COMMAND + OPTIONS + header();
  }

  static String header() {
    try (InputStream in = HostCompiler.class.getResourceAsStream("emulator.h")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public byte[] compile(String name, String source, List<String> options) {
    String failed = FAILED.get(source + options);
    if (failed != null) {
      throw new DeviceException(failed);
    }
    try {
      Files.createDirectories(folder);
      Path work = Files.createTempDirectory(folder, "compile");
      Path text =
          Files.writeString(work.resolve("kernel.cpp"), header() + source + entries(source));
      Path library = work.resolve("kernel.so");
      List<String> command = new ArrayList<>(List.of(COMMAND));
      command.addAll(OPTIONS);
      command.addAll(options);
      command.addAll(List.of("-o", library.toString(), text.toString()));
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String log = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        FAILED.put(source + options, name + " does not compile (see above)");
        throw new DeviceException(name + " does not compile: " + log);
      }
      byte[] image = Files.readAllBytes(library);
      Files.delete(library);
      Files.delete(text);
      Files.delete(work);
      return image;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** For each kernel, what launches it and what its parameters are. */
  private static String entries(String source) {
    StringBuilder entries = new StringBuilder();
    Matcher matcher = KERNEL.matcher(source.replaceAll("(?s)#define UNARY.*?\n\n", ""));
    while (matcher.find()) {
      entries.append("\nENTRY(").append(matcher.group(1)).append(")");
    }
    Matcher unary = Pattern.compile("(?m)^UNARY\\((\\w+),").matcher(source);
    while (unary.find()) {
      entries.append("\nENTRY(unary_").append(unary.group(1)).append(")");
      entries.append("\nENTRY(unary_").append(unary.group(1)).append("_grad)");
    }
    return entries + "\n";
  }
}
