package dev.larmor.models.checkpoint;

import dev.larmor.models.data.DataException;
import java.nio.file.Path;
import java.util.Map;

/** A file of named tensors, open for reading. */
public sealed interface TensorFile extends AutoCloseable permits SafetensorsReader, PyTorchReader {
  /**
   * Opens a file, PyTorch's or safetensors, which is told by its first bytes.
   *
   * @throws DataException if the file is missing, damaged or neither
   */
  static TensorFile open(Path path) {
    return PyTorchReader.recognises(path) ? PyTorchReader.open(path) : SafetensorsReader.open(path);
  }

  /**
   * The tensors by name, in the file's order.
   *
   * @throws DataException if there are none
   */
  Map<String, TensorSource> tensors();

  @Override
  void close();
}
