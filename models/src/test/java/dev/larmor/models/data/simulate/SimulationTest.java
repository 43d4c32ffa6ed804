package dev.larmor.models.data.simulate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.fastmri.ImageVolume;
import dev.larmor.models.data.fastmri.KspaceVolume;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.data.nifti.NiftiVolume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SimulationTest {
  private static final int COILS = 4;
  private static final int HEIGHT = 27; // odd: shift and inverse shift differ
  private static final int WIDTH = 24;
  private static final int CROP = 21;
  private static final double NOISE = 2e-5;

  @TempDir Path folder;

  private static SimulationSettings settings(long seed, double noise) {
    return new SimulationSettings(
        Anatomy.BRAIN,
        Plane.AXIAL,
        COILS,
        HEIGHT,
        WIDTH,
        CROP,
        2,
        List.of(3, 4),
        0.12,
        1e-3,
        noise,
        seed);
  }

  /** Writes a NIfTI file of 20 x 24 x 16 voxels of 8 mm: a bright shell around a darker inside. */
  private Path head(String name, double inside) throws IOException {
    return nifti(
        name,
        (x, y, z) -> {
          double r = Math.hypot(Math.hypot((x - 9.5) / 8, (y - 11.5) / 10), (z - 7.5) / 7);
          return r > 1 ? 0 : r > 0.85 ? 900 : inside + 20 * x;
        });
  }

  private interface Voxel {
    double at(int x, int y, int z);
  }

  private Path nifti(String name, Voxel voxel) throws IOException {
    int[] shape = {20, 24, 16};
    ByteBuffer file = ByteBuffer.allocate(352 + 4 * 20 * 24 * 16).order(ByteOrder.LITTLE_ENDIAN);
    file.putInt(0, 348).putShort(40, (short) 3).putShort(70, (short) 16).putFloat(108, 352);
    for (int axis = 0; axis < 3; axis++) {
      file.putShort(42 + 2 * axis, (short) shape[axis]).putFloat(80 + 4 * axis, 8);
    }
    file.put(344, "n+1\0".getBytes(StandardCharsets.US_ASCII));
    file.position(352);
    for (int z = 0; z < shape[2]; z++) {
      for (int y = 0; y < shape[1]; y++) {
        for (int x = 0; x < shape[0]; x++) {
          file.putFloat((float) voxel.at(x, y, z));
        }
      }
    }
    return Files.write(folder.resolve(name), file.array());
  }

  private Path simulate(String name, SimulationSettings settings) throws IOException {
    Path out = folder.resolve(name);
    List<Path> written = new ArrayList<>();
    try (Device device = Device.open("ref")) {
      new Simulation(settings, device)
          .dataSet(
              out,
              List.of(head("a.nii", 300), head("b.nii", 500)),
              List.of(head("c.nii", 400)),
              List.of(head("d.nii", 350)),
              written::add);
    }
    for (Path file : written) {
      assertTrue(Files.exists(file), file.toString());
    }
    assertEquals(16, written.size());
    return out;
  }

  private static VolumeSet open(Path folder) {
    return VolumeSet.open(folder, Targets.REQUIRED, BadFiles.FAIL);
  }

  /** The centred orthonormal inverse transform's root-sum-of-squares, by its definition. */
  private static float[] rssByDefinition(float[] kspace) {
    double[] sum = new double[HEIGHT * WIDTH];
    for (int coil = 0; coil < COILS; coil++) {
      for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
          double re = 0;
          double im = 0;
          for (int v = 0; v < HEIGHT; v++) {
            for (int u = 0; u < WIDTH; u++) {
              double turns =
                  (double) ((y - HEIGHT / 2) * (v - HEIGHT / 2)) / HEIGHT
                      + (double) ((x - WIDTH / 2) * (u - WIDTH / 2)) / WIDTH;
              double c = Math.cos(2 * Math.PI * turns);
              double s = Math.sin(2 * Math.PI * turns);
              int at = 2 * ((coil * HEIGHT + v) * WIDTH + u);
              re += kspace[at] * c - kspace[at + 1] * s;
              im += kspace[at] * s + kspace[at + 1] * c;
            }
          }
          sum[y * WIDTH + x] += (re * re + im * im) / (HEIGHT * WIDTH);
        }
      }
    }
    float[] cropped = new float[CROP * CROP];
    for (int y = 0; y < CROP; y++) {
      for (int x = 0; x < CROP; x++) {
        int from = (y + (HEIGHT - CROP) / 2) * WIDTH + x + (WIDTH - CROP) / 2;
        cropped[y * CROP + x] = (float) Math.sqrt(sum[from]);
      }
    }
    return cropped;
  }

  @Test
  void writesTheChallengeLayout() throws IOException {
    Path out = simulate("out", settings(1, NOISE));
    assertEquals(
        List.of("brain_acc3_1.h5", "brain_acc3_2.h5", "brain_acc4_1.h5", "brain_acc4_2.h5"),
        open(out.resolve("train")).volumes().stream().map(Volume::name).toList());
    assertEquals(
        List.of("brain_acc3_3.h5", "brain_acc4_3.h5"),
        open(out.resolve("val")).volumes().stream().map(Volume::name).toList());
    for (int r : new int[] {3, 4}) {
      Volume test = open(out.resolve("leaderboard").resolve("acc" + r)).volumes().getFirst();
      assertEquals("brain_test1.h5", test.name());
      assertTrue(isEquispaced(test.mask(), r), test.mask().toString());
      checkVolume(test, true);
    }
    for (Volume volume : open(out.resolve("val")).volumes()) {
      assertTrue(isEquispaced(volume.mask(), volume.name().contains("acc3") ? 3 : 4));
      checkVolume(volume, false);
    }
  }

  private static boolean isEquispaced(SamplingMask mask, int r) {
    for (int offset = 0; offset < r; offset++) {
      if (mask.equals(SamplingMask.equispaced(WIDTH, r, 0.12, offset))) {
        return true;
      }
    }
    return false;
  }

  private static void checkVolume(Volume volume, boolean undersampled) {
    assertEquals(2, volume.slices());
    assertEquals(COILS, volume.coils());
    assertEquals(HEIGHT, volume.height());
    assertEquals(WIDTH, volume.width());
    assertEquals(CROP, volume.imageSize());
    try (KspaceVolume kspace = KspaceVolume.open(volume.kspaceFile());
        ImageVolume image = ImageVolume.open(volume.imageFile().orElseThrow())) {
      float max = 0;
      for (int s = 0; s < 2; s++) {
        float[] values = new float[kspace.floatsPerSlice()];
        kspace.readSlice(s, values);
        float[] label = new float[CROP * CROP];
        image.readSlice(ImageVolume.Kind.LABEL, s, label);
        for (float pixel : label) {
          max = Math.max(max, pixel);
        }
        float[] masked = values.clone();
        for (int i = 0; i < masked.length; i++) {
          masked[i] *= volume.mask().columns()[i / 2 % WIDTH];
        }
        assertEquals(undersampled, image.has(ImageVolume.Kind.INPUT));
        if (undersampled) {
          assertArrayEquals(masked, values);
          float[] input = new float[CROP * CROP];
          image.readSlice(ImageVolume.Kind.INPUT, s, input);
          assertArrayEquals(rssByDefinition(masked), input, 1e-9f);
        } else {
          assertArrayEquals(rssByDefinition(values), label, 1e-9f);
        }
      }
      assertEquals(max, volume.max());
      assertEquals(1e-3, max, 4e-4);
    }
  }

  @Test
  void airHoldsTheNoiseAskedFor() throws IOException {
    Path out = simulate("out", settings(1, NOISE));
    double sum = 0;
    int count = 0;
    for (Volume volume : open(out.resolve("train")).volumes()) {
      try (ImageVolume image = ImageVolume.open(volume.imageFile().orElseThrow())) {
        float[] label = new float[CROP * CROP];
        image.readSlice(ImageVolume.Kind.LABEL, 0, label);
        for (int corner : new int[] {0, CROP - 1, CROP * (CROP - 1), CROP * CROP - 1}) {
          int inward = corner % CROP == 0 ? 1 : -1;
          sum += label[corner] + label[corner + inward];
          count += 2;
        }
      }
    }
    assertEquals(NOISE, sum / count, 0.15 * NOISE);
  }

  @Test
  void theSeedDecidesEveryByte() throws Exception {
    Path out = simulate("one", settings(1, NOISE));
    for (int threads : new int[] {1, 3}) {
      Path again = folder.resolve("again" + threads);
      try (ForkJoinPool pool = new ForkJoinPool(threads)) {
        // Parallel streams run in the pool they are started from.
        pool.submit(() -> simulate(again.getFileName().toString(), settings(1, NOISE))).get();
      }
      for (Path file : files(out)) {
        assertEquals(
            -1, Files.mismatch(file, again.resolve(out.relativize(file))), file.toString());
      }
    }
    Path other = simulate("other", settings(2, NOISE));
    for (Path file : files(out)) {
      assertNotEquals(-1, Files.mismatch(file, other.resolve(out.relativize(file))));
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void withoutNoiseAirIsDark() throws IOException {
    Path out = simulate("out", settings(1, 0));
    Volume volume = open(out.resolve("val")).volumes().getFirst();
    try (ImageVolume image = ImageVolume.open(volume.imageFile().orElseThrow())) {
      float[] label = new float[CROP * CROP];
      image.readSlice(ImageVolume.Kind.LABEL, 0, label);
      assertEquals(0, label[0], 1e-9);
      assertTrue(label[CROP * CROP / 2] > 1e-4);
    }
  }

  @Test
  void sensitivitiesAreSmoothAndDifferent() throws IOException {
    Subject subject = new Subject(NiftiVolume.read(head("a.nii", 300)), "a.nii");
    for (int coils : new int[] {1, 4, 15}) {
      CoilArray array = new CoilArray(coils, subject, Philox.of(1, "coils"));
      assertEquals(coils, array.coils());
      double[] mm = {subject.centre(0), subject.centre(1) + 20, subject.centre(2)};
      double[] here = new double[2];
      double[] there = new double[2];
      List<Double> angles = new ArrayList<>();
      for (int coil = 0; coil < coils; coil++) {
        array.sensitivity(coil, mm, here);
        double size = Math.hypot(here[0], here[1]);
        assertTrue(size > 0);
        angles.add(Math.atan2(here[1], here[0]));
        for (int axis = 0; axis < 3; axis++) {
          double[] next = mm.clone();
          next[axis] += 1;
          array.sensitivity(coil, next, there);
          assertTrue(Math.hypot(there[0] - here[0], there[1] - here[1]) < 0.1 * size);
        }
      }
      assertEquals(coils, angles.stream().distinct().count());
    }
  }

  /** On the axis of a loop the field is known: I·πR²·2 / (R² + d²)^1.5 (μ0/4π = 1). */
  @Test
  void aLoopsFieldIsBiotAndSavarts() throws IOException {
    Subject subject = new Subject(NiftiVolume.read(head("a.nii", 300)), "a.nii");
    CoilArray array = new CoilArray(1, subject, Philox.of(1, "coils"));
    double[] mm = {subject.centre(0), subject.centre(1), subject.centre(2)};
    double[] s = new double[2];
    array.sensitivity(0, mm, s);
    double a = subject.extent(0) / 2 + 40;
    double b = subject.extent(1) / 2 + 40;
    double radius = 0.6 * Math.min(a, b);
    // The one coil sits within 0.1 turns of angle 0, facing the centre up to that angle.
    double distance = a;
    double expected =
        2 * Math.PI * radius * radius / Math.pow(radius * radius + distance * distance, 1.5);
    assertEquals(expected, Math.hypot(s[0], s[1]), 0.1 * expected);
  }

  @Test
  void theSubjectsBoxAndValues() throws IOException {
    Subject subject = new Subject(NiftiVolume.read(head("a.nii", 300)), "a.nii");
    assertEquals(16 * 8, subject.extent(0), 16);
    assertEquals(20 * 8, subject.extent(1), 16);
    assertEquals(14 * 8, subject.extent(2), 16);
    assertEquals(9.5 * 8, subject.centre(0), 1e-9);
    double[] mm = {8 * 10, 8 * 11, 8 * 7};
    assertEquals(500, subject.at(mm), 1e-3);
    mm[0] += 2; // a quarter of the way to 520
    assertEquals(505, subject.at(mm), 1e-3);
    assertEquals(0, subject.at(new double[] {-100, 0, 0}));
    assertEquals(0, subject.at(new double[] {0, 0, 1e9}));
  }

  @Test
  void badImages() throws IOException {
    Path flat = nifti("flat.nii", (x, y, z) -> 3);
    assertBad(flat + ": nearly all voxels are 3.0: nothing to image", flat);
    Path hole = nifti("hole.nii", (x, y, z) -> x == 3 ? Double.NaN : x);
    assertBad(hole + ": holds NaN, expected finite intensities", hole);
    Path missing = folder.resolve("missing.nii");
    assertBad(missing + ": no such file", missing);
  }

  private void assertBad(String message, Path image) {
    try (Device device = Device.open("ref")) {
      Simulation simulation = new Simulation(settings(1, NOISE), device);
      DataException e =
          assertThrows(
              DataException.class,
              () ->
                  simulation.dataSet(
                      folder.resolve("out"), List.of(image), List.of(), List.of(), file -> {}));
      assertEquals(message, e.getMessage());
    }
  }

  @Test
  void aSubjectBelongsToOneSplit() throws IOException {
    Path image = head("a.nii", 300);
    Path same = folder.resolve(".").resolve("a.nii");
    try (Device device = Device.open("ref")) {
      Simulation simulation = new Simulation(settings(1, NOISE), device);
      DataException e =
          assertThrows(
              DataException.class,
              () ->
                  simulation.dataSet(folder, List.of(image), List.of(same), List.of(), file -> {}));
      assertTrue(
          e.getMessage()
              .endsWith(
                  "a.nii: given twice, for train and val: a subject belongs to one split, once"),
          e.getMessage());
      assertEquals(
          "no image given to simulate from",
          assertThrows(
                  DataException.class,
                  () -> simulation.dataSet(folder, List.of(), List.of(), List.of(), file -> {}))
              .getMessage());
    }
  }

  @Test
  void badSettings() {
    SimulationSettings good = SimulationSettings.head(1);
    assertEquals(160, good.crop());
    assertSetting("coils 0, expected at least 1", 0, 192, 160, 160, 8, 4, 2e-5);
    assertSetting("k-space rows -3, expected at least 8", 8, -3, 160, 160, 8, 4, 2e-5);
    assertSetting("k-space columns 0, expected at least 8", 8, 192, 0, 160, 8, 4, 2e-5);
    assertSetting("crop 161 exceeds the k-space of 192 x 160", 8, 192, 160, 161, 8, 4, 2e-5);
    assertSetting("slices 0, expected at least 1", 8, 192, 160, 160, 0, 4, 2e-5);
    assertSetting("acceleration 0, expected at least 1", 8, 192, 160, 160, 8, 0, 2e-5);
    assertSetting(
        "peak 0.001 and noise 0.1, expected 0 <= noise < peak", 8, 192, 160, 160, 8, 4, 0.1);
  }

  private static void assertSetting(
      String message, int coils, int h, int w, int crop, int slices, int r, double noise) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new SimulationSettings(
                    Anatomy.BRAIN,
                    Plane.AXIAL,
                    coils,
                    h,
                    w,
                    crop,
                    slices,
                    Arrays.asList(r),
                    0.08,
                    1e-3,
                    noise,
                    1));
    assertEquals(message, e.getMessage());
  }
}
