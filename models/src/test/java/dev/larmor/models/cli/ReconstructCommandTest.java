package dev.larmor.models.cli;

import static dev.larmor.models.cli.Program.DEVICE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.models.Phantom;
import dev.larmor.models.cli.Program.Result;
import dev.larmor.models.data.hdf5.Hdf5File;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.data.hdf5.Hdf5Writer.Element;
import dev.larmor.models.training.Trainer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a checkpoint to reconstructions. */
final class ReconstructCommandTest {
  @TempDir private static Path shared;
  private static Path leaderboard;
  private static Path checkpoint;

  @TempDir private Path folder;

  @BeforeAll
  static void train() {
    Phantom.TINY.writeDataSet(shared, 1, 1, 2);
    leaderboard = shared.resolve("leaderboard");
    Phantom.TINY.writeLeaderboard(leaderboard, 2);
    Path run = shared.resolve("run");
    Program.train(shared, run).succeeded();
    checkpoint = Trainer.last(Program.folder(run, 1));
  }

  private static Result reconstruct(Path data, Path out, String... more) {
    List<Object> command =
        new ArrayList<>(List.of("reconstruct", "--data", data, "--out", out, "--device", DEVICE));
    command.addAll(List.of(more));
    return Program.run(command.toArray());
  }

  private Result trained(Path data, String... more) {
    String[] all = Arrays.copyOf(more, more.length + 2);
    all[more.length] = "--checkpoint";
    all[more.length + 1] = checkpoint.toString();
    return reconstruct(data, folder, all);
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  private static float[] pixels(Path file) {
    try (Hdf5File hdf5 = Hdf5File.open(file)) {
      var dataset = hdf5.dataset("reconstruction");
      assertArrayEquals(new long[] {2, 16, 16}, dataset.shape());
      float[] slice = new float[256];
      dataset.readSlice(1, slice);
      return slice;
    }
  }

  @Test
  void aLeaderboard() throws IOException {
    Result result = trained(leaderboard).succeeded();
    assertTrue(
        result
            .out()
            .strip()
            .matches("4 volumes, 8 slices in \\d+\\.\\d s, within the limit of 3600 s: \\S+"),
        result.out());
    for (String name :
        List.of("acc4/brain_test1", "acc4/knee_test1", "acc8/brain_test1", "acc8/knee_test1")) {
      for (float pixel : pixels(folder.resolve(name + ".h5"))) {
        assertTrue(Float.isFinite(pixel) && pixel >= 0, name);
      }
    }
    JsonNode figures = json(folder.resolve("reconstruction.json"));
    assertEquals(8, figures.get("slices").asInt());
    assertTrue(figures.get("within_time_limit").asBoolean());
    assertTrue(Files.readString(folder.resolve("options.yaml")).contains("chans: 2\n"));
  }

  private Path scan(String name) throws IOException {
    Path data = Files.createDirectories(folder.resolve(name));
    try (InputStream scan =
        ReconstructCommandTest.class.getResourceAsStream(
            "/dev/larmor/models/data/fastmri/scan-" + name + ".h5")) {
      Files.copy(scan, data.resolve("file_brain_AXT2.h5"));
    }
    return data;
  }

  /** Without a target the scan's header tells the size, and goes with the images. */
  @Test
  void fastMriFilesWithoutTargets() throws IOException {
    for (String name : List.of("variable", "fixed", "oblong", "none")) {
      Path data = scan(name);
      Path out = folder.resolve("out-" + name);
      reconstruct(data, out, "--zero-filled", "--crop=12").succeeded();
      int side = name.equals("variable") || name.equals("fixed") ? 16 : 12;
      try (Hdf5File from = Hdf5File.open(data.resolve("file_brain_AXT2.h5"));
          Hdf5File to = Hdf5File.open(out.resolve("file_brain_AXT2.h5"))) {
        assertArrayEquals(new long[] {2, side, side}, to.dataset("reconstruction").shape(), name);
        assertEquals("AXT2", to.text("acquisition").orElseThrow());
        assertEquals(0.25, to.number("norm").orElseThrow());
        assertEquals(from.has("ismrmrd_header"), to.has("ismrmrd_header"));
        if (from.has("ismrmrd_header")) {
          assertArrayEquals(
              from.dataset("ismrmrd_header").readText(), to.dataset("ismrmrd_header").readText());
        }
      }
    }
  }

  /** A header that cannot be read stops only what needs it: a volume with a target does not. */
  @Test
  void aBrokenHeader() throws IOException {
    Path data = scan("broken");
    Path out = folder.resolve("out");
    Result result = reconstruct(data, out, "--zero-filled");
    Path file = data.resolve("file_brain_AXT2.h5");
    assertEquals(2, result.code());
    assertEquals(1, result.err().lines().count());
    assertTrue(
        result.err().startsWith("larmor: " + file + ": 'ismrmrd_header' is no well-formed XML: "),
        result.err());
    Path kspace = Files.createDirectories(folder.resolve("challenge/kspace"));
    Files.move(file, kspace.resolve("brain.h5"));
    try (Hdf5Writer writer =
        Hdf5Writer.replace(folder.resolve("challenge/image").resolve("brain.h5"))) {
      var sink = writer.dataset("image_label", Element.F32, 2, 16, 16);
      sink.write(new float[256]);
      sink.write(new float[256]);
      writer.attribute("max", 1.0);
      writer.commit();
    }
    reconstruct(folder.resolve("challenge"), out, "--zero-filled").succeeded();
    try (Hdf5File from = Hdf5File.open(kspace.resolve("brain.h5"));
        Hdf5File to = Hdf5File.open(out.resolve("brain.h5"))) {
      assertArrayEquals(
          from.dataset("ismrmrd_header").readText(), to.dataset("ismrmrd_header").readText());
    }
  }

  @Test
  void tooSlow() throws IOException {
    Result result = trained(leaderboard, "--time-limit=0.001").succeeded();
    assertTrue(result.out().contains("NOT within the limit"), result.out());
    assertFalse(json(folder.resolve("reconstruction.json")).get("within_time_limit").asBoolean());
  }

  @Test
  void aPlainFolder() {
    trained(leaderboard.resolve("acc4")).succeeded();
    assertEquals(256, pixels(folder.resolve("brain_test1.h5")).length);
  }

  @Test
  void readersChangeNoBit() {
    trained(leaderboard).succeeded();
    Path other = folder.resolve("other");
    reconstruct(leaderboard, other, "--workers=3", "--checkpoint", checkpoint.toString())
        .succeeded();
    assertArrayEquals(
        pixels(folder.resolve("acc8/knee_test1.h5")), pixels(other.resolve("acc8/knee_test1.h5")));
  }

  @Test
  void finishedVolumesAreKept() throws IOException {
    trained(leaderboard).succeeded();
    Path kept = folder.resolve("acc4/brain_test1.h5");
    Path lost = folder.resolve("acc8/brain_test1.h5");
    float[] before = pixels(lost);
    Object stamp = Files.getLastModifiedTime(kept);
    Files.delete(lost);
    Result result = trained(leaderboard, "--resume").succeeded();
    assertTrue(
        result.out().startsWith("1 volume, 2 slices (and 3 volumes kept) in "), result.out());
    assertEquals(stamp, Files.getLastModifiedTime(kept));
    assertArrayEquals(before, pixels(lost));
  }

  /** What another network made is not taken for this one's work. */
  @Test
  void volumesOfAnotherCheckpointAreNotKept() {
    trained(leaderboard).succeeded();
    Result result = reconstruct(leaderboard, folder, "--zero-filled", "--resume");
    assertEquals(2, result.code());
    assertEquals(
        "larmor: "
            + folder.resolve("acc4/brain_test1.h5")
            + ": was made with another checkpoint or other model options; choose another --out",
        result.err().strip());
    assertEquals(2, trained(leaderboard, "--resume", "--precision=bf16").code());
  }

  @Test
  void aPrecisionThatTheDeviceDoesNotHave() {
    Program.run(
            "reconstruct",
            "--data",
            leaderboard,
            "--checkpoint",
            checkpoint,
            "--precision=tf32",
            "--device=cpu")
        .refused(2, "the cpu has no TF32: use fp32 or bf16");
  }

  @Test
  void aBadVolumeCostsOnlyItself() throws IOException {
    Path data = folder.resolve("data");
    Phantom.TINY.writeLeaderboard(data, 2);
    Path bad = data.resolve("acc4/kspace/knee_test1.h5");
    try (Hdf5Writer writer = Hdf5Writer.replace(bad)) {
      var sink = writer.dataset("kspace", Element.C64, 2, 2, 24, 20);
      sink.write(new float[1920]);
      float[] values = new float[1920];
      values[5] = Float.POSITIVE_INFINITY;
      sink.write(values);
      writer.commit();
    }
    Path out = folder.resolve("out");
    String[] command = {"--checkpoint", checkpoint.toString()};
    Result result = reconstruct(data, out, command);
    assertEquals(2, result.code());
    assertTrue(result.err().startsWith("larmor: " + bad + ": 'kspace' "), result.err());
    assertTrue(result.err().contains("holds Infinity at slice 1, coil 0"), result.err());
    assertEquals(256, pixels(out.resolve("acc4/brain_test1.h5")).length);
    assertFalse(Files.exists(out.resolve("acc4/knee_test1.h5")));
    Result again =
        reconstruct(data, out, command[0], command[1], "--resume", "--skip-bad-files").succeeded();
    assertTrue(again.out().contains("left out: " + bad), again.out());
    assertEquals(256, pixels(out.resolve("acc8/knee_test1.h5")).length);
    assertEquals(1, json(out.resolve("reconstruction.json")).get("left_out").size());
  }
}
