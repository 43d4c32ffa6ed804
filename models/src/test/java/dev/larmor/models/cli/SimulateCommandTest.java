package dev.larmor.models.cli;

import static dev.larmor.models.cli.Program.DEVICE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SimulateCommandTest {
  @TempDir private Path folder;
  private Path subject;

  /** A ball in a box of 1 mm voxels, in NIfTI-1. */
  @BeforeEach
  void writeSubject() throws IOException {
    int side = 16;
    ByteBuffer nifti =
        ByteBuffer.allocate(352 + 4 * side * side * side).order(ByteOrder.LITTLE_ENDIAN);
    nifti.putInt(0, 348);
    short[] dimensions = {3, (short) side, (short) side, (short) side, 1, 1, 1, 1};
    for (int i = 0; i < dimensions.length; i++) {
      nifti.putShort(40 + 2 * i, dimensions[i]);
      nifti.putFloat(76 + 4 * i, 1);
    }
    nifti.putShort(70, (short) 16).putShort(72, (short) 32).putFloat(108, 352);
    nifti.put(344, "n+1\0".getBytes(StandardCharsets.US_ASCII));
    int plane = side * side;
    for (int i = 0; i < side * plane; i++) {
      int slice = i / plane;
      double x = i % side - 7.5;
      double y = i / side % side - 7.5;
      double z = slice - 7.5;
      double r = Math.sqrt(x * x + y * y + z * z);
      nifti.putFloat(352 + 4 * i, r < 6 ? (float) (100 + 10 * x) : 0);
    }
    subject = folder.resolve("ball.nii");
    Files.write(subject, nifti.array());
  }

  private Program.Result simulate(Path out, Object... more) {
    Object[] command = {
      "simulate",
      "--out",
      out,
      "--device",
      DEVICE,
      "--coils=2",
      "--rows=24",
      "--columns=20",
      "--crop=16",
      "--slices=2"
    };
    Object[] all = Arrays.copyOf(command, command.length + more.length);
    System.arraycopy(more, 0, all, command.length, more.length);
    return Program.run(all);
  }

  @Test
  void aDataSetThatTrains() throws IOException {
    Path other = folder.resolve("other.nii");
    Files.copy(subject, other);
    Path data = folder.resolve("data");
    Program.Result result =
        simulate(data, "--train", subject, "--val", other, "--anatomy=knee").succeeded();
    assertEquals("8 files in " + data, result.out().strip());
    VolumeSet training = VolumeSet.open(data.resolve("train"), Targets.REQUIRED, BadFiles.FAIL);
    assertEquals(2, training.volumes().size());
    Volume volume = training.volumes().getFirst();
    assertEquals("knee_acc4_1.h5", volume.name());
    assertEquals(2, volume.slices());
    assertEquals(16, volume.imageSize());
    Program.train(data, folder.resolve("run")).succeeded();

    Path again = folder.resolve("again");
    Program.run("simulate", "--config", data.resolve("options-knee.yaml"), "--out", again)
        .succeeded();
    assertArrayEquals(
        Files.readAllBytes(volume.kspaceFile()),
        Files.readAllBytes(again.resolve("train/kspace/knee_acc4_1.h5")));
  }

  @Test
  void mistakes() throws IOException {
    Path out = folder.resolve("out");
    simulate(out).refused(2, "no image given to simulate from");
    simulate(out, "--train", folder.resolve("x.nii"))
        .refused(2, folder.resolve("x.nii") + ": no such file");
    simulate(out, "--train", subject, "--val", subject)
        .refused(
            2, subject + ": given twice, for train and val: a subject belongs to one split, once");
    Program.run("simulate", "--out", out, "--coils=0")
        .refused(2, "coils 0, expected at least 1; see 'larmor simulate --help'");
    Program.run("simulate", "--out", out, "--crop=200")
        .refused(2, "crop 200 exceeds the k-space of 192 x 160; see 'larmor simulate --help'");
    Program.run("simulate", "--out", out, "--plane=oblique")
        .refused(
            2,
            "Invalid value for option '--plane': expected one of [AXIAL, CORONAL, SAGITTAL]"
                + " (case-insensitive) but was 'oblique'; see 'larmor simulate --help'");
    Path text = folder.resolve("text.nii");
    Files.writeString(text, "no image");
    assertEquals(2, simulate(out, "--train", text).code());
  }
}
