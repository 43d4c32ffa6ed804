package dev.larmor.models.checkpoint;

import dev.larmor.models.data.DataException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A {@link ModelState} as its file has it, whose tensors' bytes come when they are asked for: for
 * what reads or writes such files without a network.
 *
 * @param parameters by name
 * @param optimizer its state by name, empty for weights alone
 * @param steps that the optimiser has taken, 0 without
 * @param metadata counters and settings
 */
public record StoredState(
    Map<String, TensorSource> parameters,
    Map<String, TensorSource> optimizer,
    long steps,
    Map<String, String> metadata) {
  /**
   * The state in a file.
   *
   * @throws DataException if it was not written by this program
   */
  public static StoredState of(SafetensorsReader reader) {
    Map<String, String> metadata = reader.metadata();
    if (!ModelState.isOwn(metadata)) {
      throw new DataException(reader.path() + ": is no checkpoint of this program");
    }
    Map<String, TensorSource> parameters = new LinkedHashMap<>();
    Map<String, TensorSource> optimizer = new LinkedHashMap<>();
    reader
        .tensors()
        .forEach((name, tensor) -> {
          if (name.startsWith(ModelState.OPTIMIZER)) {
            optimizer.put(name.substring(ModelState.OPTIMIZER.length()), tensor);
          } else {
            parameters.put(name, tensor);
          }
        });
    long steps =
        optimizer.isEmpty()
            ? 0
            : ModelState.number(reader.path(), metadata, ModelState.OPTIMIZER_STEPS);
    return new StoredState(parameters, optimizer, steps, metadata);
  }

  /** Writes a file, or replaces one, that {@link ModelState#load} takes. */
  public void write(Path path) {
    Map<String, String> all = new LinkedHashMap<>(metadata);
    all.put(ModelState.FORMAT_KEY, ModelState.FORMAT);
    Map<String, TensorSource> tensors = new LinkedHashMap<>();
    parameters.forEach((name, tensor) -> tensors.put(name, tensor.named(name)));
    if (!optimizer.isEmpty()) {
      all.put(ModelState.OPTIMIZER_STEPS, Long.toString(steps));
      optimizer.forEach((name, tensor) ->
          tensors.put(ModelState.OPTIMIZER + name, tensor.named(ModelState.OPTIMIZER + name)));
    }
    SafetensorsWriter.write(path, all, tensors.values());
  }
}
