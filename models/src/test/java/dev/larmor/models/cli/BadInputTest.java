package dev.larmor.models.cli;

import static dev.larmor.models.cli.Program.DEVICE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.models.Phantom;
import dev.larmor.models.cli.Program.Result;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.data.hdf5.Hdf5Writer.Element;
import dev.larmor.models.training.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What users are told about data that cannot be used: one sentence, exit code 2, nothing lost. */
final class BadInputTest {
  private static final Phantom PHANTOM = Phantom.TINY;
  private static final int FLOATS = 2 * PHANTOM.coils() * PHANTOM.height() * PHANTOM.width();

  @TempDir private static Path good;
  @TempDir private Path folder;

  private Path data;
  private Path out;
  private Path kspace;
  private Path image;

  @BeforeAll
  static void writeData() {
    PHANTOM.writeDataSet(good, 2, 1, 1);
    PHANTOM.writeLeaderboard(good.resolve("leaderboard"), 1);
  }

  @BeforeEach
  void copyData() throws IOException {
    data = folder.resolve("data");
    out = folder.resolve("out");
    try (Stream<Path> files = Files.walk(good)) {
      for (Path file : files.toList()) {
        Path copy = data.resolve(good.relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy);
      }
    }
    kspace = data.resolve("train/kspace/brain_acc4_1.h5");
    image = data.resolve("train/image/brain_acc4_1.h5");
  }

  private static void write(Path file, Consumer<Hdf5Writer> content) {
    try (Hdf5Writer writer = Hdf5Writer.replace(file)) {
      content.accept(writer);
      writer.commit();
    }
  }

  /** Training says so and leaves nothing behind. */
  private void assertRefused(String sentence) {
    Program.train(data, out).refused(2, sentence);
    assertFalse(Files.exists(Trainer.last(Program.folder(out, 1))), "a run was begun");
  }

  @Test
  void missingFolders() throws IOException {
    Path nowhere = folder.resolve("nowhere");
    Program.train(nowhere, out).refused(2, nowhere.resolve("train") + ": no such folder");
    Program.run("reconstruct", "--zero-filled", "--data", nowhere, "--device", DEVICE)
        .refused(2, nowhere + ": no such folder");
    Program.run("evaluate", "--reconstructions", nowhere, "--data", data)
        .refused(2, nowhere + ": no such folder");
    Path empty = Files.createDirectories(folder.resolve("empty/train"));
    Program.train(empty.getParent(), out)
        .refused(2, empty + ": no HDF5 file (*.h5) in this folder");
  }

  @Test
  void missingPartner() throws IOException {
    Files.delete(image);
    assertRefused(kspace + ": no image file " + image + " beside it");
  }

  @Test
  void truncatedFile() throws IOException {
    byte[] whole = Files.readAllBytes(kspace);
    Files.write(kspace, Arrays.copyOf(whole, whole.length / 2));
    assertRefused(
        "%s: truncated HDF5 file: %d bytes of %d are there"
            .formatted(kspace, whole.length / 2, whole.length));
  }

  @Test
  void notHdf5() throws IOException {
    Files.writeString(kspace, "k-space");
    assertRefused(kspace + ": not an HDF5 file");
  }

  @Test
  void missingKeyAndAttribute() {
    write(kspace, writer -> writer.vector("mask", new float[20]));
    assertRefused(kspace + ": no dataset 'kspace', the file has mask");
    PHANTOM.writeVolume(data.resolve("train"), "brain_acc4_1.h5", 1, 1, 4);
    write(image, w -> w.dataset("image_label", Element.F32, 1, 16, 16).write(new float[256]));
    assertRefused(image + ": no attribute 'max' (the maximum of image_label)");
  }

  @Test
  void wrongRankOrType() {
    write(kspace, w -> w.dataset("kspace", Element.C64, 1, 24, 20).write(new float[960]));
    assertRefused(kspace + ": 'kspace' is C64[1, 24, 20], expected C64[slices, coils, H, W]");
    write(kspace, w -> w.dataset("kspace", Element.F32, 1, 2, 24, 20).write(new float[960]));
    assertRefused(kspace + ": 'kspace' is F32[1, 2, 24, 20], expected C64[slices, coils, H, W]");
  }

  @Test
  void badMasks() {
    write(
        kspace,
        w -> {
          w.dataset("kspace", Element.C64, 1, 2, 24, 20).write(new float[FLOATS]);
          w.vector("mask", new float[19]);
        });
    assertRefused(kspace + ": 'mask' is F32[19], but 'kspace' C64[1, 2, 24, 20] has W = 20");
    write(
        kspace,
        w -> {
          w.dataset("kspace", Element.C64, 1, 2, 24, 20).write(new float[FLOATS]);
          w.vector("mask", new float[20]);
        });
    assertRefused(kspace + ": 'mask' F32[20] is all zero: nothing sampled");
  }

  @Test
  void sliceCountsDiffer() {
    PHANTOM.writeVolume(folder.resolve("other"), "brain_acc4_1.h5", 1, 3, 4);
    Path other = folder.resolve("other/image/brain_acc4_1.h5");
    image.toFile().delete();
    assertTrue(other.toFile().renameTo(image.toFile()));
    assertRefused(kspace + ": 1 slices of k-space, but 3 of images in " + image);
  }

  /** Found when the slice is read; what was trained before is kept. */
  @Test
  void notANumberInKspace() {
    float[] values = new float[FLOATS];
    values[2 * (24 * 20 + 20 * 3 + 7)] = Float.NaN;
    write(kspace, w -> w.dataset("kspace", Element.C64, 1, 2, 24, 20).write(values));
    Result result = Program.train(data, out);
    assertEquals(2, result.code());
    assertTrue(
        result
            .err()
            .strip()
            .matches(
                "larmor: \\Q"
                    + kspace
                    + "\\E: 'kspace' .* holds NaN at slice 0, coil 1,"
                    + " row 3, column 7"),
        result.err());

    result = Program.train(data, out, "--skip-bad-files", "--resume").succeeded();
    assertTrue(result.out().contains("left out: " + kspace + ": 'kspace'"), result.out());
  }

  @Test
  void badFilesCanBeSkipped() throws IOException {
    Files.writeString(kspace, "k-space");
    Result result = Program.train(data, out, "--skip-bad-files").succeeded();
    assertTrue(result.out().contains("left out: " + kspace + ": not an HDF5 file"), result.out());
    assertTrue(result.out().endsWith("1 file left out, as listed above\n"), result.out());
    assertTrue(Files.exists(Trainer.last(Program.folder(out, 1))));
  }

  @Test
  void aRunIsNotOverwritten() {
    Program.train(data, out).succeeded();
    Program.train(data, out)
        .refused(
            2,
            Trainer.last(Program.folder(out, 1))
                + ": this folder has a run already; continue it with --resume or choose another"
                + " --out or --net-name");
    Program.train(data, out, "--resume", "--seed=1")
        .refused(
            2,
            Trainer.last(Program.folder(out, 1))
                + ": cannot go on to the same results with other settings or data:"
                + " seed is 2025 there, 1 here");
  }

  @Test
  void checkpointOfAnotherNetwork() throws IOException {
    Program.train(data, out).succeeded();
    Path last = Trainer.last(Program.folder(out, 1));
    String sentence = last + ": is a checkpoint of another network: chans is 2 there, 4 here";
    Program.run(
            "reconstruct",
            "--checkpoint",
            last,
            "--chans=4",
            "--data",
            data.resolve("leaderboard"),
            "--out",
            folder.resolve("r"),
            "--device",
            DEVICE)
        .refused(2, sentence);
    Program.run(
            "reconstruct",
            "--checkpoint",
            last,
            "--model=varnet",
            "--data",
            data.resolve("leaderboard"),
            "--out",
            folder.resolve("r"),
            "--device",
            DEVICE)
        .refused(
            2,
            last + ": is a checkpoint of another network: network is fivarnet there, varnet here");
    byte[] whole = Files.readAllBytes(last);
    Files.write(last, Arrays.copyOf(whole, whole.length - 1));
    Result truncated = Program.train(data, out, "--resume");
    assertEquals(2, truncated.code());
    assertTrue(truncated.err().startsWith("larmor: " + last + ": truncated"), truncated.err());
  }

  /**
   * A checkpoint that does not fit the disk: the one before stands, and the run goes on from it.
   */
  @Test
  void diskFull() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full), "needs /dev/full");
    Object[] longer = {"--epochs=2", "--checkpoint-interval=1", "--resume"};
    List<String> lost = new ArrayList<>(Program.training(data, out, longer));
    lost.set(lost.indexOf("--device") + 1, "lost:1000:" + DEVICE);
    assertEquals(1, Program.run(lost.toArray()).code());
    Path last = Trainer.last(Program.folder(out, 2));
    byte[] before = Files.readAllBytes(last);
    // The bytes of the next checkpoint go where there is never room.
    Files.createSymbolicLink(last.resolveSibling("." + last.getFileName() + ".tmp"), full);
    Program.train(data, out, longer)
        .refused(
            1,
            last
                + ": cannot be saved: No space left on device; the file that was there is"
                + " unchanged");
    assertArrayEquals(before, Files.readAllBytes(last));
    Program.train(data, out, longer).succeeded();
  }

  @Test
  void budgetTooSmall() {
    Result result = Program.train(data, out, "--budget=200kB");
    assertEquals(1, result.code());
    assertTrue(result.err().startsWith("larmor: "), result.err());
    for (String part : List.of("budget", "195.31 KiB", "parameter", "optimizer")) {
      assertTrue(result.err().contains(part), part + " in " + result.err());
    }
  }

  @Test
  void reconstructionsAreNotOverwritten() {
    Path r = folder.resolve("r");
    Object[] command = {
      "reconstruct",
      "--zero-filled",
      "--data",
      data.resolve("leaderboard"),
      "--out",
      r,
      "--device",
      DEVICE
    };
    Program.run(command).succeeded();
    Program.run(command)
        .refused(
            2,
            r.resolve("acc4/brain_test1.h5")
                + ": is there already; keep what is done with --resume or choose another --out");
  }

  @Test
  void nothingToCompare() {
    Path empty = folder.resolve("empty");
    assertTrue(empty.toFile().mkdir());
    Program.run("evaluate", "--reconstructions", empty, "--data", data.resolve("leaderboard"))
        .refused(
            2,
            empty
                + ": no reconstruction has the name of a target in "
                + data.resolve("leaderboard"));
  }

  @Test
  void configFiles() throws IOException {
    Path file = folder.resolve("c.yaml");
    Program.train(data, out, "--config", file).refused(2, file + ": no such file");
    Files.writeString(file, "epoch: 3\n");
    Program.train(data, out, "--config", file)
        .refused(2, file + ": 'epoch' is no option of 'larmor train'");
    Files.writeString(file, "- epochs\n");
    Program.train(data, out, "--config", file)
        .refused(2, file + ": expected 'option: value' lines (YAML or JSON)");
    Files.writeString(file, "betas: {first: 0.9}\n");
    Program.train(data, out, "--config", file)
        .refused(2, file + ": betas: expected a value or a list of values");
  }
}
