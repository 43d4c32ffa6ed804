package dev.larmor.models.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import dev.larmor.models.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Options from a YAML or JSON file ({@code --config}): the same names without dashes in front, the
 * command line wins. A list becomes one comma-separated value.
 */
final class ConfigFile implements IDefaultValueProvider {
  private static final ObjectMapper YAML =
      new ObjectMapper(new YAMLFactory().disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER));

  private final Map<String, String> values;

  private ConfigFile(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Gives every command {@code --config}, and makes the options in the file it names, if it is
   * among the arguments, the command line's defaults.
   *
   * @throws DataException if the file cannot be read or holds what is no option of the command
   */
  static void apply(CommandLine line, String... args) {
    addOption(line);
    Path file = named(args);
    CommandLine command = line;
    for (String word : args) {
      command = command.getSubcommands().getOrDefault(word, command);
    }
    if (file == null || hasAnothersOptions(command)) {
      return;
    }
    ConfigFile config = read(file);
    if (command.getSubcommands().isEmpty()) {
      config.check(file, command.getCommandSpec());
    }
    line.setDefaultValueProvider(config);
  }

  /** To every command that does something itself. */
  private static void addOption(CommandLine line) {
    if (line.getSubcommands().isEmpty() && !hasAnothersOptions(line)) {
      line.getCommandSpec().addOption(option());
    }
    line.getSubcommands().values().forEach(ConfigFile::addOption);
  }

  /** Whether a {@code --config} among its arguments is of the command that these end with. */
  private static boolean hasAnothersOptions(CommandLine command) {
    return command.isStopAtPositional();
  }

  private static OptionSpec option() {
    return OptionSpec.builder("--config")
        .paramLabel("FILE")
        .type(Path.class)
        .description(
            "YAML or JSON file with any of these options, without the dashes; the command line wins.")
        .build();
  }

  private static Path named(String[] args) {
    for (int i = 0; i < args.length; i++) {
      if (args[i].startsWith("--config=")) {
        return Path.of(args[i].substring("--config=".length()));
      }
      if (args[i].equals("--config") && i + 1 < args.length) {
        return Path.of(args[i + 1]);
      }
    }
    return null;
  }

  private static ConfigFile read(Path file) {
    try {
      JsonNode root = YAML.readTree(Files.readString(file));
      if (root == null || !root.isObject()) {
        throw new DataException(file + ": expected 'option: value' lines (YAML or JSON)");
      }
      Map<String, String> values = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> entry : root.properties()) {
        if (!(entry.getValue().isArray() && entry.getValue().isEmpty())) {
          values.put(entry.getKey(), text(file, entry.getKey(), entry.getValue()));
        }
      }
      return new ConfigFile(values);
    } catch (JsonProcessingException e) {
      throw new DataException(file + ": " + e.getOriginalMessage());
    } catch (NoSuchFileException e) {
      throw new DataException(file + ": no such file", e);
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static String text(Path file, String key, JsonNode value) {
    if (value.isValueNode()) {
      return value.asText();
    }
    if (!value.isArray()) {
      throw new DataException(file + ": " + key + ": expected a value or a list of values");
    }
    List<String> parts = new ArrayList<>();
    value.forEach(part -> parts.add(text(file, key, part)));
    return String.join(",", parts);
  }

  private void check(Path file, CommandSpec command) {
    for (String key : values.keySet()) {
      if (command.findOption("--" + key) == null) {
        throw new DataException(
            file + ": '" + key + "' is no option of '" + command.qualifiedName() + "'");
      }
    }
  }

  @Override
  public String defaultValue(ArgSpec arg) {
    if (arg instanceof OptionSpec option) {
      for (String name : option.names()) {
        String value = values.get(withoutDashes(name));
        if (value != null) {
          return value;
        }
      }
    }
    return null;
  }

  private static String key(OptionSpec option) {
    return withoutDashes(option.longestName());
  }

  private static String withoutDashes(String name) {
    return name.replaceFirst("^-+", "");
  }

  /** All options of a command as they were resolved, in the form this class reads. */
  static String resolved(CommandSpec command) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (OptionSpec option : command.options()) {
      Object value = option.getValue();
      if (value == null
          || option.usageHelp()
          || option.versionHelp()
          || key(option).equals("config")) {
        continue;
      }
      values.put(key(option), plain(value));
    }
    try {
      return YAML.writeValueAsString(values);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Object plain(Object value) {
    return switch (value) {
      case Number number -> number;
      case Boolean flag -> flag;
      case Enum<?> constant -> constant.toString();
      case List<?> list -> list.stream().map(ConfigFile::plain).toList();
      default -> value.toString();
    };
  }
}
