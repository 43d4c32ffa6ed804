package dev.larmor.models.data.fastmri;

import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.data.hdf5.Hdf5Writer.Element;
import dev.larmor.models.data.hdf5.Hdf5Writer.SliceSink;
import java.nio.file.Path;

/** Writes small volumes whose every value tells where it is from. */
final class TinyData {
  static final int COILS = 2;
  static final int HEIGHT = 6;
  static final int WIDTH = 8;
  static final int SIZE = 4;
  static final float[] MASK = {0, 1, 0, 1, 1, 0, 1, 0};

  private TinyData() {}

  /** Complex value i of slice s of volume v is v + s/10 + i/10000, imaginary part negative. */
  static float[] kspace(int volume, int slice) {
    float[] values = new float[2 * COILS * HEIGHT * WIDTH];
    for (int i = 0; i < values.length / 2; i++) {
      values[2 * i] = volume + slice / 10f + i / 10000f;
      values[2 * i + 1] = -values[2 * i];
    }
    return values;
  }

  /** Pixel i of slice s of volume v is v + s/10 + i/1000. */
  static float[] label(int volume, int slice) {
    float[] values = new float[SIZE * SIZE];
    for (int i = 0; i < values.length; i++) {
      values[i] = volume + slice / 10f + i / 1000f;
    }
    return values;
  }

  static void writeKspace(Path path, int volume, int slices, float[] mask) {
    try (Hdf5Writer writer = Hdf5Writer.replace(path)) {
      SliceSink sink = writer.dataset("kspace", Element.C64, slices, COILS, HEIGHT, WIDTH);
      for (int s = 0; s < slices; s++) {
        sink.write(kspace(volume, s));
      }
      if (mask != null) {
        writer.vector("mask", mask);
      }
      writer.commit();
    }
  }

  static void writeImage(Path path, int volume, int slices) {
    try (Hdf5Writer writer = Hdf5Writer.replace(path)) {
      writeLabel(writer, "image_label", volume, slices);
      writer.commit();
    }
  }

  static void writeLabel(Hdf5Writer writer, String key, int volume, int slices) {
    SliceSink sink = writer.dataset(key, Element.F32, slices, SIZE, SIZE);
    for (int s = 0; s < slices; s++) {
      sink.write(label(volume, s));
    }
    writer.attribute("max", volume + 1.0);
  }

  /** A folder of the challenge's layout: volume v is {@code brain_acc4_v.h5} with v + 1 slices. */
  static void writeFolder(Path folder, int volumes) {
    for (int v = 0; v < volumes; v++) {
      String name = "brain_acc4_" + v + ".h5";
      writeKspace(folder.resolve("kspace").resolve(name), v, v + 1, MASK);
      writeImage(folder.resolve("image").resolve(name), v, v + 1);
    }
  }
}
