package dev.larmor.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.ByteVector;
import org.bytedeco.pytorch.GenericDict;
import org.bytedeco.pytorch.GenericDictIterator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** What libtorch reads from a {@code .pt} file, and what it writes of that. */
final class TorchFile {
  private TorchFile() {}

  /** Prints each tensor of a dictionary: its name, type, shape and its bytes' CRC-32. */
  static void print(Path path) throws IOException {
    byte[] file = Files.readAllBytes(path);
    TreeMap<String, String> lines = new TreeMap<>();
    try (Frame _ = new Frame()) {
      ByteVector bytes = new ByteVector(file);
      GenericDict tensors = torch.pickle_load(bytes).toGenericDict();
      for (GenericDictIterator i = tensors.begin(); !i.equals(tensors.end()); i = i.increment()) {
        lines.put(i.access().key().toStringRef().getString(), line(i.access().value().toTensor()));
      }
    }
    lines.forEach((name, line) -> System.out.println(name + " " + line));
  }

  private static String line(Tensor tensor) {
    Tensor dense = tensor.contiguous();
    byte[] values = new byte[Math.toIntExact(dense.nbytes())];
    if (values.length > 0) {
      new BytePointer(dense.data_ptr()).get(values);
    }
    CRC32 crc = new CRC32();
    crc.update(values);
    return String.format(
        Locale.ROOT,
        "%s%s %08x",
        tensor.scalar_type().toString(),
        Arrays.toString(tensor.shape()),
        crc.getValue());
  }

  /** Reads a file and has libtorch write what it read. */
  static void rewrite(Path from, Path to) throws IOException {
    try (Frame _ = new Frame()) {
      ByteVector bytes =
          torch.pickle_save(torch.pickle_load(new ByteVector(Files.readAllBytes(from))));
      byte[] file = new byte[Math.toIntExact(bytes.size())];
      for (int i = 0; i < file.length; i++) {
        file[i] = bytes.get(i);
      }
      Files.write(to, file);
    }
  }
}
