package dev.larmor.models.cli;

import dev.larmor.models.ssl.collection.Roots;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** Options for where the data sets of the pre-training lie. */
final class RootOptions {
  @Option(
      names = "--raw",
      paramLabel = "DIR",
      description =
          "Folder of the data sets' pretrain_data.json (default: environment variable nnssl_raw).")
  private Path raw;

  @Option(
      names = "--preprocessed",
      paramLabel = "DIR",
      description =
          "Folder of what is made of them (default: environment variable rocket_preprocessed, else"
              + " nnssl_preprocessed).")
  private Path preprocessed;

  @Option(
      names = "--results",
      paramLabel = "DIR",
      description = "Folder of trainings (default: environment variable nnssl_results).")
  private Path results;

  /** The folders, by options and environment. */
  Roots roots() {
    Map<String, String> variables = new HashMap<>(System.getenv());
    put(variables, "nnssl_raw", raw);
    put(variables, "nnssl_results", results);
    if (preprocessed != null) {
      variables.remove("rocket_preprocessed");
    }
    put(variables, "nnssl_preprocessed", preprocessed);
    return new Roots(variables);
  }

  private static void put(Map<String, String> variables, String name, Path folder) {
    if (folder != null) {
      variables.put(name, folder.toString());
    }
  }
}
