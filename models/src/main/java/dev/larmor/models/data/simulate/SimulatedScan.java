package dev.larmor.models.data.simulate;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.MaskPolicy;
import dev.larmor.models.data.SamplingMask;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * One volume being scanned: which slices of the subject, with which coils, phase, noise and mask.
 *
 * <p>Everything random is a function of the seed and the scan's name, so scans can be made in any
 * order and by any number of threads.
 */
final class SimulatedScan {
  /** The object's longer in-plane side fills this share of the cropped image. */
  private static final double FILL = 0.87;

  /** Slices come from this part of the object along the slice axis: little of interest beyond. */
  private static final double FIRST_SLICE = 0.35;

  private static final double LAST_SLICE = 0.85;

  private final SimulationSettings settings;
  private final Subject subject;
  private final CoilArray coils;
  private final ObjectPhase phase;
  private final SamplingMask mask;
  private final Philox noise;
  private final double pixel;
  private final double[] positions;
  private final double scale;

  /**
   * @param name identifies the scan in the data set: {@code train/brain_acc4_1.h5}
   * @param part which of the accelerations it is made for: each has its own part of the object
   */
  SimulatedScan(SimulationSettings settings, Subject subject, String name, int part) {
    this.settings = settings;
    this.subject = subject;
    Philox draws = Philox.of(settings.seed(), "simulated scan").with(name);
    coils = new CoilArray(settings.coils(), subject, draws.with("coils"));
    phase = new ObjectPhase(subject, draws.with("phase"));
    noise = draws.with("noise");
    int r = settings.accelerations().get(part);
    mask =
        new MaskPolicy(r, settings.centreFraction(), 0).draw(settings.width(), draws.with("mask"));

    Plane plane = settings.plane();
    double longer = Math.max(subject.extent(plane.rowAxis()), subject.extent(plane.columnAxis()));
    pixel = longer / (FILL * settings.crop());
    positions = new double[settings.slices()];
    for (int s = 0; s < positions.length; s++) {
      double within = (part + (s + 0.5) / positions.length) / settings.accelerations().size();
      double share = FIRST_SLICE + (LAST_SLICE - FIRST_SLICE) * within;
      positions[s] = subject.low(plane.sliceAxis()) + share * subject.extent(plane.sliceAxis());
    }
    scale = settings.peak() / brightest(positions.length / 2);
  }

  /** The 99.9th percentile of an unscaled slice's root-sum-of-squares. */
  private double brightest(int slice) {
    float[] images = coilImages(slice, 1);
    int pixels = settings.height() * settings.width();
    double[] rss = new double[pixels];
    for (int i = 0; i < images.length; i++) {
      rss[i / 2 % pixels] += (double) images[i] * images[i];
    }
    Arrays.sort(rss);
    double brightest = Math.sqrt(rss[(int) (0.999 * (pixels - 1))]);
    return brightest > 0 ? brightest : 1; // an empty slice stays empty
  }

  SamplingMask mask() {
    return mask;
  }

  /** The noise-free coil images of a slice, complex {@code [coils, H, W]}. */
  float[] coilImages(int slice) {
    return coilImages(slice, scale);
  }

  private float[] coilImages(int slice, double factor) {
    int width = settings.width();
    int pixels = settings.height() * width;
    float[] images = new float[2 * coils.coils() * pixels];
    // Each row writes its own pixels: the result does not depend on how rows are shared out.
    IntStream.range(0, settings.height())
        .parallel()
        .forEach(row -> {
          double[] mm = new double[3];
          double[] sensitivity = new double[2];
          for (int column = 0; column < width; column++) {
            double magnitude = factor * magnitude(slice, row, column, mm);
            if (magnitude == 0) {
              continue;
            }
            double angle = phase.at(mm);
            double re = magnitude * StrictMath.cos(angle);
            double im = magnitude * StrictMath.sin(angle);
            for (int coil = 0; coil < coils.coils(); coil++) {
              coils.sensitivity(coil, mm, sensitivity);
              int at = 2 * (coil * pixels + row * width + column);
              images[at] = (float) (re * sensitivity[0] - im * sensitivity[1]);
              images[at + 1] = (float) (re * sensitivity[1] + im * sensitivity[0]);
            }
          }
        });
    return images;
  }

  /** A pixel's intensity: the mean over its area. Leaves its centre in {@code mm}. */
  private double magnitude(int slice, int row, int column, double[] mm) {
    Plane plane = settings.plane();
    double finest = Math.min(subject.spacing(plane.rowAxis()), subject.spacing(plane.columnAxis()));
    int samples = Math.max(1, (int) Math.ceil(pixel / finest));
    mm[plane.sliceAxis()] = positions[slice];
    double sum = 0;
    for (int i = 0; i < samples; i++) {
      for (int j = 0; j < samples; j++) {
        locate(row + (i + 0.5) / samples - 0.5, column + (j + 0.5) / samples - 0.5, mm);
        sum += subject.at(mm);
      }
    }
    locate(row, column, mm);
    return sum / (samples * samples);
  }

  /** Image coordinates to mm: the object's middle is at the centre, index ⌊n/2⌋. */
  private void locate(double row, double column, double[] mm) {
    int rowAxis = settings.plane().rowAxis();
    int columnAxis = settings.plane().columnAxis();
    int middleRow = settings.height() / 2;
    int middleColumn = settings.width() / 2;
    mm[rowAxis] = subject.centre(rowAxis) - (row - middleRow) * pixel;
    mm[columnAxis] = subject.centre(columnAxis) + (column - middleColumn) * pixel;
  }

  /**
   * Adds the receivers' noise to a slice's k-space, and rounds it as their converters do: to
   * multiples of a power of two, at most a quarter of σ, which adds half a percent at most to the
   * noise's power and halves the compressed files.
   *
   * <p>The root-sum-of-squares of C complex normal variables of σ in each part is about σ√(2C),
   * which is to be the noise asked for.
   */
  void addNoise(int slice, float[] kspace) {
    if (settings.noise() == 0) {
      return;
    }
    double sigma = settings.noise() / Math.sqrt(2.0 * settings.coils());
    double step = Math.scalb(1.0, Math.getExponent(sigma / 4));
    Philox stream = noise.with(slice);
    IntStream.range(0, settings.coils() * settings.height())
        .parallel()
        .forEach(line -> {
          int floats = 2 * settings.width();
          for (int i = line * floats; i < (line + 1) * floats; i++) {
            double noisy = kspace[i] + sigma * stream.normal(i);
            kspace[i] = (float) (Math.rint(noisy / step) * step);
          }
        });
  }
}
