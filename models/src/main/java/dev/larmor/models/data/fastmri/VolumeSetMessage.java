package dev.larmor.models.data.fastmri;

import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.SamplingMask;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the scan of a folder found, as bytes that one rank sends to the others. */
final class VolumeSetMessage {
  private VolumeSetMessage() {}

  static byte[] of(String name, List<Volume> volumes, List<String> problems) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(name);
      out.writeInt(problems.size());
      for (String problem : problems) {
        out.writeUTF(problem);
      }
      out.writeInt(volumes.size());
      for (Volume volume : volumes) {
        write(volume, out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void write(Volume volume, DataOutputStream out) throws IOException {
    out.writeUTF(volume.name());
    out.writeUTF(volume.kspaceFile().toString());
    out.writeUTF(volume.imageFile().map(Path::toString).orElse(""));
    out.writeInt(volume.slices());
    out.writeInt(volume.coils());
    out.writeInt(volume.height());
    out.writeInt(volume.width());
    float[] columns = volume.mask().columns();
    out.writeInt(columns.length);
    for (float column : columns) {
      out.writeBoolean(column == 1);
    }
    out.writeInt(volume.imageSize());
    out.writeFloat(volume.max());
    out.writeUTF(volume.anatomy().name());
  }

  static VolumeSet read(byte[] message) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(message))) {
      String name = in.readUTF();
      List<String> problems = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        problems.add(in.readUTF());
      }
      List<Volume> volumes = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        volumes.add(volume(in));
      }
      return VolumeSet.of(name, volumes, problems);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Volume volume(DataInputStream in) throws IOException {
    String name = in.readUTF();
    Path kspace = Path.of(in.readUTF());
    String image = in.readUTF();
    return new Volume(
        name,
        kspace,
        image.isEmpty() ? Optional.empty() : Optional.of(Path.of(image)),
        in.readInt(),
        in.readInt(),
        in.readInt(),
        in.readInt(),
        mask(in),
        in.readInt(),
        in.readFloat(),
        Anatomy.valueOf(in.readUTF()));
  }

  private static SamplingMask mask(DataInputStream in) throws IOException {
    float[] columns = new float[in.readInt()];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = in.readBoolean() ? 1 : 0;
    }
    return SamplingMask.of(columns);
  }
}
