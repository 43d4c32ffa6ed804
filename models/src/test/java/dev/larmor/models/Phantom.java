package dev.larmor.models;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fft2;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.data.hdf5.Hdf5Writer.Element;
import java.nio.file.Path;

/**
 * Multi-coil k-space of drawn heads, in the challenge's layout: every volume another ellipse with
 * other spots, seen by coils whose sensitivities fall off from the corners.
 *
 * @param coils number of coils
 * @param height rows H of k-space
 * @param width columns W of k-space
 * @param size rows and columns of the target
 */
public record Phantom(int coils, int height, int width, int size) {
  /** As small as networks with one pooling accept. */
  public static final Phantom TINY = new Phantom(2, 24, 20, 16);

  private static final float BRIGHTNESS = 1e-3f;

  /** A data set to train on: {@code train} and {@code val} with a number of volumes each. */
  public void writeDataSet(Path root, int training, int validation, int slices) {
    for (int v = 0; v < training; v++) {
      writeVolume(root.resolve("train"), "brain_acc4_" + v + ".h5", v, slices, 4);
    }
    for (int v = 0; v < validation; v++) {
      writeVolume(root.resolve("val"), "brain_acc4_" + v + ".h5", 100 + v, slices, 4);
    }
  }

  /** A leaderboard: {@code acc4} and {@code acc8} with a brain and a knee each. */
  public void writeLeaderboard(Path root, int slices) {
    for (int acceleration : new int[] {4, 8}) {
      Path part = root.resolve("acc" + acceleration);
      writeVolume(part, "brain_test1.h5", 200 + acceleration, slices, acceleration);
      writeVolume(part, "knee_test1.h5", 300 + acceleration, slices, acceleration);
    }
  }

  /** One volume: its k-space and its image file. */
  public void writeVolume(Path folder, String name, int seed, int slices, int acceleration) {
    try (Device device = Device.open("ref");
        Hdf5Writer kspace = Hdf5Writer.replace(folder.resolve("kspace").resolve(name));
        Hdf5Writer image = Hdf5Writer.replace(folder.resolve("image").resolve(name))) {
      var samples = kspace.dataset("kspace", Element.C64, slices, coils, height, width);
      var labels = image.dataset("image_label", Element.F32, slices, size, size);
      float max = 0;
      for (int slice = 0; slice < slices; slice++) {
        float[] coilImages = coilImages(seed, slice);
        samples.write(transform(device, coilImages));
        float[] label = label(coilImages);
        for (float value : label) {
          max = Math.max(max, value);
        }
        labels.write(label);
      }
      kspace.vector("mask", SamplingMask.equispaced(width, acceleration, 0.08, 0).columns());
      kspace.commit();
      image.attribute("max", (double) max);
      image.commit();
    }
  }

  private float[] transform(Device device, float[] images) {
    TensorSpec spec = TensorSpec.of(DType.C64, coils, height, width);
    return Scope.run(() -> {
      Tensor x = device.tensor(spec, images);
      return new Fft2(false, true).apply(x).toFloats();
    });
  }

  private float[] coilImages(int seed, int slice) {
    float[] images = new float[2 * coils * height * width];
    for (int c = 0; c < coils; c++) {
      for (int row = 0; row < height; row++) {
        for (int column = 0; column < width; column++) {
          double y = (row + 0.5) / height * 2 - 1;
          double x = (column + 0.5) / width * 2 - 1;
          double corner = Math.hypot(x - (c % 2 * 2 - 1), y - (c / 2 % 2 * 2 - 1));
          double sensitivity = Math.exp(-corner * corner / 4);
          double value = BRIGHTNESS * head(x, y, seed, slice) * sensitivity;
          int at = 2 * ((c * height + row) * width + column);
          images[at] = (float) (value * Math.cos(c + x));
          images[at + 1] = (float) (value * Math.sin(c + x));
        }
      }
    }
    return images;
  }

  private static double head(double x, double y, int seed, int slice) {
    double tilt = 0.3 * Math.sin(seed);
    double u = x * Math.cos(tilt) + y * Math.sin(tilt);
    double v = y * Math.cos(tilt) - x * Math.sin(tilt);
    if (u * u / 0.5 + v * v / 0.75 > 1) {
      return 0.01;
    }
    double folds = Math.sin(9 * u + seed) * Math.cos(7 * v + slice + 0.5 * seed);
    return u * u / 0.4 + v * v / 0.6 > 1 ? 0.9 : 0.45 + 0.25 * folds;
  }

  private float[] label(float[] images) {
    float[] label = new float[size * size];
    for (int row = 0; row < size; row++) {
      for (int column = 0; column < size; column++) {
        int r = row + (height - size) / 2;
        int c = column + (width - size) / 2;
        double sum = 0;
        for (int coil = 0; coil < coils; coil++) {
          int at = 2 * ((coil * height + r) * width + c);
          sum += (double) images[at] * images[at] + (double) images[at + 1] * images[at + 1];
        }
        label[row * size + column] = (float) Math.sqrt(sum);
      }
    }
    return label;
  }
}
