package dev.larmor.models.cli;

import static dev.larmor.models.cli.Program.DEVICE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.models.Phantom;
import dev.larmor.models.cli.Program.Result;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.SamplingMask.Comb;
import dev.larmor.models.data.fastmri.MaskSource;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.data.hdf5.Hdf5Dataset;
import dev.larmor.models.data.hdf5.Hdf5File;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.data.hdf5.Hdf5Writer.Element;
import dev.larmor.models.training.TrainingMasks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Experts and ensembles: {@code reconstruct --scenario}, {@code ensemble search}. */
final class MixtureCommandTest {
  /** The classes, and the volume of the leaderboard that is of each. */
  private static final Map<String, String> CLASSES =
      Map.of(
          "acc4-brain", "acc4/brain_test1.h5",
          "acc4-knee", "acc4/knee_test1.h5",
          "acc8-brain", "acc8/brain_test1.h5",
          "acc8-knee", "acc8/knee_test1.h5");

  private static final int SLICES = 3;

  /** What every expert keeps of its three epochs. */
  private static final String[] EPOCHS = {"epoch0_fold0", "epoch1_fold0", "epoch2_fold0"};

  @TempDir private static Path shared;
  private static Path data;
  private static Path leaderboard;
  private static Path scenario;

  @TempDir private Path folder;

  @BeforeAll
  static void train() {
    data = shared.resolve("data");
    leaderboard = shared.resolve("leaderboard");
    for (String part : List.of("train", "val")) {
      int seed = part.length();
      for (String anatomy : List.of("brain", "knee")) {
        for (int acceleration : new int[] {4, 8}) {
          String name = "%s_acc%d_1.h5".formatted(anatomy, acceleration);
          Phantom.TINY.writeVolume(data.resolve(part), name, seed++, 2, acceleration);
        }
      }
    }
    Phantom.TINY.writeLeaderboard(leaderboard, SLICES);
    scenario = train(shared.resolve("results"), "--use-moe");
  }

  private static Path train(Path out, String... more) {
    List<Object> options = new ArrayList<>(List.of("--epochs=3", "--accumulation-step=1"));
    options.addAll(List.of(more));
    Program.train(data, out, options.toArray()).succeeded();
    String parts = Arrays.asList(more).contains("--slice-moe=2") ? "2" : "1";
    return out.resolve("fivarnet_f1_i1_attn0_c2_s2_larmor/epoch3_fold1_slice" + parts);
  }

  private static Path checkpoint(String expert, String member) {
    Path of = scenario.resolve(expert + "-slice0");
    return (member.startsWith("epoch") ? of.resolve("checkpoints") : of)
        .resolve(member + ".safetensors");
  }

  private static Result reconstruct(Path data, Path out, Object... more) {
    List<Object> command =
        new ArrayList<>(List.of("reconstruct", "--data", data, "--out", out, "--device", DEVICE));
    command.addAll(List.of(more));
    return Program.run(command.toArray());
  }

  /** A new folder with what a command line makes. */
  private Path reconstructed(Object... more) {
    Path out = folder.resolve("made-" + Arrays.hashCode(more));
    reconstruct(leaderboard, out, more).succeeded();
    return out;
  }

  private static float[][] images(Path file) {
    try (Hdf5File hdf5 = Hdf5File.open(file)) {
      Hdf5Dataset dataset = hdf5.dataset("reconstruction");
      float[][] images = new float[Math.toIntExact(dataset.shape()[0])][256];
      for (int s = 0; s < images.length; s++) {
        dataset.readSlice(s, images[s]);
      }
      return images;
    }
  }

  private static JsonNode figures(Path out) throws IOException {
    return new ObjectMapper().readTree(out.resolve("reconstruction.json").toFile());
  }

  @Test
  void everyVolumeGoesToItsExpert() throws IOException {
    Path routed = folder.resolve("routed");
    Result result = reconstruct(leaderboard, routed, "--scenario", scenario).succeeded();
    assertTrue(
        result
            .out()
            .strip()
            .matches(
                "4 volumes, 12 slices in \\d+\\.\\d s, \\d+\\.\\d s of it for 3 switches of the network,"
                    + " within the limit of 3600 s: \\S+"),
        result.out());
    JsonNode figures = figures(routed);
    assertEquals(3, figures.get("network_switches").asInt());
    double seconds = figures.get("network_switch_seconds").asDouble();
    assertTrue(seconds > 0 && seconds < figures.get("seconds").asDouble());
    for (String expert : CLASSES.keySet()) {
      Path alone = reconstructed("--checkpoint", checkpoint(expert, "best_model"));
      CLASSES.forEach((other, file) -> {
        float[][] mine = images(alone.resolve(file));
        float[][] theirs = images(routed.resolve(file));
        assertEquals(other.equals(expert), Arrays.deepEquals(mine, theirs), file + " by " + expert);
      });
    }
  }

  @Test
  void sliceRanges() {
    Path halves =
        train(folder.resolve("halves"), "--use-moe", "--slice-moe=2", "--anatomy-only=knee");
    Path knees = folder.resolve("knees");
    for (int acceleration : new int[] {4, 8}) {
      Path part = knees.resolve("acc" + acceleration);
      Phantom.TINY.writeVolume(part, "knee_1.h5", 5, SLICES, acceleration);
      Phantom.TINY.writeVolume(part, "knee_2.h5", 6, SLICES, acceleration);
    }
    Path routed = folder.resolve("routed");
    Result result = reconstruct(knees, routed, "--scenario", halves).succeeded();
    // The range that is loaded begins the next volume: one switch a volume and one a class.
    assertTrue(result.out().contains(" for 5 switches of"), result.out());
    for (int half = 0; half < 2; half++) {
      Path alone = folder.resolve("alone" + half);
      Path expert = halves.resolve("acc8-knee-slice" + half);
      reconstruct(knees, alone, "--checkpoint", expert.resolve("best_model.safetensors"))
          .succeeded();
      for (String file : List.of("acc8/knee_1.h5", "acc8/knee_2.h5")) {
        for (int slice = 0; slice < SLICES; slice++) {
          float[] mine = images(alone.resolve(file))[slice];
          float[] theirs = images(routed.resolve(file))[slice];
          assertEquals(2 * slice / 3 == half, Arrays.equals(mine, theirs), file + " " + slice);
        }
      }
    }
  }

  @Test
  void oneExpertForAll() {
    Path one = train(folder.resolve("one"));
    Path routed = reconstructed("--scenario", one, "--members=epoch1_fold0");
    Path alone =
        reconstructed(
            "--checkpoint", one.resolve("all-slice0/checkpoints/epoch1_fold0.safetensors"));
    CLASSES
        .values()
        .forEach(file ->
            assertArrayEquals(images(alone.resolve(file)), images(routed.resolve(file)), file));
  }

  @Test
  void anEnsembleIsTheWeightedMean() throws IOException {
    String members = String.join(",", EPOCHS);
    Path out = reconstructed("--scenario", scenario, "--members", members, "--weights=1,5,2");
    double[] weights = {0.125, 0.625, 0.25};
    CLASSES.forEach((expert, file) -> {
      float[][] mean = images(out.resolve(file));
      float[][][] single = new float[3][][];
      for (int m = 0; m < 3; m++) {
        single[m] =
            images(reconstructed("--checkpoint", checkpoint(expert, EPOCHS[m])).resolve(file));
        assertFalse(Arrays.deepEquals(mean, single[m]), file);
      }
      for (int s = 0; s < SLICES; s++) {
        for (int i = 0; i < 256; i++) {
          double expected = 0;
          for (int m = 0; m < 3; m++) {
            expected += weights[m] * single[m][s][i];
          }
          assertEquals(expected, mean[s][i], 1e-7 * expected, file);
        }
      }
    });
    JsonNode found = figures(out).get("weights").get("acc8-knee-slice0");
    assertEquals(
        "{\"epoch1_fold0\":0.625,\"epoch2_fold0\":0.25,\"epoch0_fold0\":0.125}", found.toString());
    JsonNode made = figures(out).get("members").get("acc4/brain_test1.h5");
    assertEquals("{\"members\":3,\"wanted\":3}", made.toString());
    assertEquals(3, members(out.resolve("acc4/brain_test1.h5")));
  }

  private static int members(Path file) {
    try (Hdf5File hdf5 = Hdf5File.open(file)) {
      return (int) hdf5.number("members").orElseThrow();
    }
  }

  /** Equal weights are the default, and networks of different kinds can be averaged. */
  @Test
  void filesOfTwoKinds() {
    Path other = folder.resolve("other");
    Program.run(
            "train",
            "--data",
            data,
            "--out",
            other,
            "--device",
            DEVICE,
            "--model=varnet",
            "--image-cascades=1",
            "--chans=2",
            "--pools=1",
            "--sens-chans=2",
            "--sens-pools=1",
            "--epochs=1")
        .succeeded();
    Path second;
    try (Stream<Path> files = Files.walk(other)) {
      second =
          files.filter(file -> file.endsWith("best_model.safetensors")).findFirst().orElseThrow();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    Path first = checkpoint("acc4-brain", "best_model");
    Path both = reconstructed("--checkpoints", first + "," + second);
    float[][] a = images(reconstructed("--checkpoint", first).resolve("acc4/knee_test1.h5"));
    float[][] b = images(reconstructed("--checkpoint", second).resolve("acc4/knee_test1.h5"));
    float[][] mean = images(both.resolve("acc4/knee_test1.h5"));
    for (int i = 0; i < 256; i++) {
      assertEquals((float) (0.5 * a[1][i] + 0.5 * b[1][i]), mean[1][i], 0);
    }
  }

  @Test
  void oneMemberHasTheBitsOfNoEnsemble() {
    Path file = checkpoint("acc4-brain", "last_model");
    Path plain = reconstructed("--checkpoint", file);
    Path weighted = reconstructed("--checkpoints", file, "--weights=0.3");
    assertArrayEquals(
        images(plain.resolve("acc8/knee_test1.h5")),
        images(weighted.resolve("acc8/knee_test1.h5")));
  }

  /** To the byte: what the device holds depends neither on the number of members nor of experts. */
  @Test
  void memoryIsFlat() throws IOException {
    long alone = peak("--checkpoint", checkpoint("acc4-brain", "best_model"));
    assertTrue(alone > 0);
    assertEquals(alone, peak("--scenario", scenario));
    assertEquals(
        alone, peak("--scenario", scenario, "--members=best_model," + String.join(",", EPOCHS)));
  }

  private long peak(Object... command) throws IOException {
    return figures(reconstructed(command)).get("device_peak_bytes").asLong();
  }

  /** Without time there is one member a volume; resumed with time, those are kept. */
  @Test
  void membersThereIsNoTimeFor() throws IOException {
    String[] command = {
      "--scenario", scenario.toString(), "--members", String.join(",", EPOCHS), "--weights=1,3,2"
    };
    Path out = folder.resolve("out");
    Result hurried = reconstruct(leaderboard, out, with(command, "--time-limit=1e-6")).succeeded();
    List<String> lines = hurried.out().lines().toList();
    assertEquals("from acc4/brain_test1.h5 on: 1 of 3 members, for the time limit", lines.get(0));
    assertEquals(2, lines.size(), hurried.out());
    assertTrue(lines.get(1).contains("NOT within the limit"), hurried.out());
    assertEquals(
        "{\"members\":1,\"wanted\":3}",
        figures(out).get("members").get("acc8/knee_test1.h5").toString());
    // The weightiest is the one that is left.
    Path kept = out.resolve("acc4/brain_test1.h5");
    assertEquals(1, members(kept));
    assertArrayEquals(
        images(
            reconstructed("--checkpoint", checkpoint("acc4-brain", EPOCHS[1]))
                .resolve("acc4/brain_test1.h5")),
        images(kept));
    Path lost = out.resolve("acc4/knee_test1.h5");
    Files.delete(lost);
    Result rest = reconstruct(leaderboard, out, with(command, "--resume", "--time-limit=0"));
    assertTrue(
        rest.succeeded()
            .out()
            .strip()
            .matches("1 volume, 3 slices \\(and 3 volumes kept\\) in [^:]*network: .*"),
        rest.out());
    assertEquals(3, members(lost));
    assertEquals(1, members(kept));
    JsonNode figures = figures(out);
    assertFalse(figures.has("time_limit"));
    assertEquals(4, figures.get("members").size());
    assertEquals(1, figures.get("members").get("acc8/knee_test1.h5").get("members").asInt());
    assertEquals(3, figures.get("members").get("acc4/knee_test1.h5").get("members").asInt());
    assertEquals(4, figures.get("weights").size());
    command[4] = "--weights=1,4,2"; // in the same order
    reconstruct(leaderboard, out, with(command, "--resume"))
        .refused(
            2,
            kept
                + ": was made with another checkpoint or other model options; choose another --out");
  }

  private static Object[] with(String[] command, String... more) {
    return Stream.concat(Arrays.stream(command), Arrays.stream(more)).toArray();
  }

  /** Killed outright between two volumes or inside one, the work goes on to the same bits. */
  @Test
  void kill() throws IOException, InterruptedException {
    Path many = folder.resolve("many");
    Path first = leaderboard.resolve("acc4");
    for (String part : List.of("kspace", "image")) {
      Files.createDirectories(many.resolve(part));
      for (int i = 100; i < 140; i++) {
        Files.copy(
            first.resolve(part).resolve("knee_test1.h5"),
            many.resolve(part).resolve("knee_" + i + ".h5"));
      }
    }
    Object[] networks = {"--scenario", scenario, "--members", String.join(",", EPOCHS)};
    Path out = folder.resolve("out");
    List<Object> command =
        new ArrayList<>(List.of("reconstruct", "--data", many, "--out", out, "--device", DEVICE));
    command.addAll(List.of(networks));
    Process process = Program.start(command);
    Path second = out.resolve("knee_101.h5");
    while (!Files.exists(second) && process.isAlive()) {
      Thread.sleep(1);
    }
    process.destroyForcibly();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertTrue(Files.exists(second));
    Path last = out.resolve("knee_139.h5");
    assertFalse(Files.exists(last), "it was done");
    command.add("--resume");
    Program.run(command.toArray()).succeeded();
    Path whole = reconstructed(networks);
    float[][] expected = images(whole.resolve("acc4/knee_test1.h5"));
    assertArrayEquals(expected, images(second));
    assertArrayEquals(expected, images(last));
    assertEquals(List.of(), hidden(out));
  }

  private static List<Path> hidden(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.getFileName().toString().startsWith(".")).toList();
    }
  }

  @Test
  void aClassWithoutExpert() throws IOException {
    Path some = folder.resolve("epoch3_fold1_slice1");
    for (String expert : List.of("acc4-brain", "acc8-brain", "acc8-knee")) {
      Path own = Files.createDirectories(some.resolve(expert + "-slice0"));
      Files.copy(checkpoint(expert, "best_model"), own.resolve("best_model.safetensors"));
    }
    Path volume = leaderboard.resolve("acc4/kspace/knee_test1.h5");
    String problem =
        "%s: is of class acc4-knee, but %s has no expert acc4-knee-slice0".formatted(volume, some);
    Path out = folder.resolve("out");
    reconstruct(leaderboard, out, "--scenario", some).refused(2, problem);
    assertFalse(Files.exists(out));
    Result result =
        reconstruct(leaderboard, out, "--scenario", some, "--skip-bad-files").succeeded();
    List<String> lines = result.out().lines().toList();
    assertEquals("left out: " + problem, lines.get(0));
    assertTrue(lines.get(1).startsWith("3 volumes, 9 slices (1 left out) in "), result.out());
    assertEquals(problem, figures(out).get("left_out").get(0).asText());
  }

  /** The original's rule counts columns and looks at the width alone: here, knees of acc8. */
  @Test
  void theOriginalsRule() {
    Path routed = reconstructed("--scenario", scenario, "--rule=original");
    Path alone = reconstructed("--checkpoint", checkpoint("acc8-knee", "best_model"));
    CLASSES
        .values()
        .forEach(file ->
            assertArrayEquals(images(alone.resolve(file)), images(routed.resolve(file)), file));
  }

  @Test
  void mistakes() throws IOException {
    Object[] of = {"--scenario", scenario};
    Path own = scenario.resolve("acc4-brain-slice0");
    misuse(of, "--members=best_model,epoch7_fold0")
        .refused(
            2,
            own
                + ": no member 'epoch7_fold0', there are best_model, last_model, epoch0_fold0,"
                + " epoch1_fold0, epoch2_fold0");
    String help = "; see 'larmor reconstruct --help'";
    misuse(of, "--members=best_model,last_model", "--weights=1,2,3")
        .refused(2, "--weights: 3 weights for 2 members" + help);
    misuse(of, "--members=best_model,last_model", "--weights=1,0")
        .refused(2, "the weight of last_model must be positive, not 0.0" + help);
    misuse(of, "--members=best_model,best_model").refused(2, "best_model is a member twice" + help);
    misuse(of, "--ensemble=x", "--members=y")
        .refused(2, "Give either --ensemble or --members and --weights" + help);
    misuse(of, "--time-limit=-1").refused(2, "the time limit must not be negative: -1.0" + help);
    misuse(of, "--zero-filled")
        .refused(2, "Give one of --checkpoint=FILE, --scenario=DIR and --zero-filled" + help);
    misuse(new Object[] {"--zero-filled"}, "--members=x")
        .refused(2, "--members and --ensemble are for --scenario" + help);
    misuse(new Object[] {"--scenario", folder.resolve("none")})
        .refused(2, folder.resolve("none") + ": no such folder");
    // No matter of one volume: nothing is left out.
    misuse(of, "--chans=4", "--skip-bad-files")
        .refused(
            2,
            checkpoint("acc4-brain", "best_model")
                + ": is a checkpoint of another network: chans is 2 there, 4 here");
    Path weights = folder.resolve("w.json");
    Files.writeString(weights, "{\"acc4-knee-slice0\": {\"best_model\": 1}}");
    misuse(of, "--ensemble", weights)
        .refused(2, weights + ": nothing for expert acc4-brain-slice0, only for acc4-knee-slice0");
    Files.writeString(weights, "{\"acc4-brain-slice0\": {\"best_model\": -1}}");
    misuse(of, "--ensemble", weights)
        .refused(
            2,
            weights
                + ": the weight of best_model for acc4-brain-slice0 must be positive, not -1.0");
    Files.writeString(weights, "[1]");
    Result form = misuse(of, "--ensemble", weights);
    assertEquals(2, form.code());
    assertTrue(form.err().startsWith("larmor: " + weights + ": expected {expert: "), form.err());
    assertEquals(1, form.err().lines().count(), form.err());
  }

  private Result misuse(Object[] command, Object... more) {
    return reconstruct(
        leaderboard,
        folder.resolve("out"),
        Stream.concat(Arrays.stream(command), Arrays.stream(more)).toArray());
  }

  private static Result search(Path data, Path out, Object... more) {
    return Program.run(searching(data, out, more).toArray());
  }

  private static List<Object> searching(Path data, Path out, Object... more) {
    List<Object> command =
        new ArrayList<>(
            List.of("ensemble", "search", "--data", data, "--scenario", scenario, "--out", out));
    command.addAll(List.of("--members", String.join(",", EPOCHS), "--device", DEVICE));
    command.addAll(List.of(more));
    return command;
  }

  /** The tables printed: by expert, the scores of members, of equal weights, and what was found. */
  private static Map<String, Map<String, Double>> tables(String out) {
    Map<String, Map<String, Double>> tables = new LinkedHashMap<>();
    Map<String, Double> current = Map.of();
    for (String line : out.lines().toList()) {
      if (line.matches("acc.*, \\d slices? of \\d volumes?")) {
        current = new LinkedHashMap<>();
        tables.put(line.substring(0, line.indexOf(',')), current);
      } else if (line.startsWith("  ")) {
        String[] words = line.substring(23).split(" +");
        current.put(line.substring(2, 22).strip(), Double.valueOf(words[0]));
      }
    }
    return tables;
  }

  /** What is found scores in the end what the search said, and no member alone scores more. */
  @Test
  void search() throws IOException {
    // Large enough to have a corner where the target shows no anatomy.
    Path large = folder.resolve("large");
    new Phantom(2, 80, 72, 72).writeLeaderboard(large, 1);
    Path found = folder.resolve("ensemble.json");
    Result result = search(large, found).succeeded();
    Map<String, Map<String, Double>> tables = tables(result.out());
    assertEquals(4, tables.size(), result.out());
    Path out = folder.resolve("out");
    reconstruct(large, out, "--scenario", scenario, "--ensemble", found).succeeded();
    Map<String, Double> scores = evaluate(out, large);
    tables.forEach((expert, table) -> {
      for (String other : List.of(EPOCHS[0], EPOCHS[1], EPOCHS[2], "equal weights")) {
        assertTrue(table.get("found") >= table.get(other), expert + " " + table);
      }
      assertEquals(scores.get(expert), table.get("found"), 1e-5, expert);
    });
    for (String member : EPOCHS) {
      Path made = folder.resolve(member);
      reconstruct(large, made, "--scenario", scenario, "--members", member).succeeded();
      Map<String, Double> alone = evaluate(made, large);
      tables.forEach((expert, table) ->
          assertEquals(alone.get(expert), table.get(member), 1e-5, expert + " " + member));
    }
    Path again = folder.resolve("again.json");
    search(large, again, "--workers=2").succeeded();
    assertEquals(Files.readString(found), Files.readString(again));
    assertEquals(List.of(), hidden(folder));
  }

  /** The leaderboard's SSIM of each expert's volumes. */
  private static Map<String, Double> evaluate(Path made, Path data) throws IOException {
    Path file = made.resolve("score.json");
    Program.run(
            "evaluate",
            "--reconstructions",
            made,
            "--data",
            data,
            "--device",
            DEVICE,
            "--result",
            file)
        .succeeded();
    JsonNode all = new ObjectMapper().readTree(file.toFile()).get("accelerations");
    Map<String, Double> scores = new LinkedHashMap<>();
    for (String acceleration : List.of("acc4", "acc8")) {
      for (String anatomy : List.of("brain", "knee")) {
        scores.put(
            "%s-%s-slice0".formatted(acceleration, anatomy),
            all.get(acceleration).get(anatomy).asDouble());
      }
    }
    return scores;
  }

  /** Fully sampled volumes get the masks that training validates the expert with. */
  @Test
  void searchWithTheMasksOfValidation() throws IOException {
    Path found = folder.resolve("ensemble.json");
    Map<String, Map<String, Double>> tables =
        tables(
            search(
                    data.resolve("val"),
                    found,
                    "--center-fraction=0.2",
                    "--mask-comb=through",
                    "--seed=7")
                .succeeded()
                .out());
    // The same masks, written into the files.
    Path masked = folder.resolve("masked");
    VolumeSet volumes = VolumeSet.open(data.resolve("val"), Targets.REQUIRED, BadFiles.FAIL);
    for (int acceleration : new int[] {4, 8}) {
      MaskSource masks =
          MaskSource.perVolume(new TrainingMasks(acceleration, 0.2, 0, Comb.THROUGH)::policy, 7);
      for (Volume volume : volumes.volumes()) {
        copy(volume, masks.mask(volume, 0), masked.resolve("acc" + acceleration));
      }
    }
    Path out = folder.resolve("out");
    reconstruct(masked, out, "--scenario", scenario, "--ensemble", found).succeeded();
    Map<String, Double> scores = evaluate(out, masked);
    tables.forEach(
        (expert, table) -> assertEquals(scores.get(expert), table.get("found"), 1e-5, expert));
    assertEquals(4, tables.size());
  }

  private static void copy(Volume volume, SamplingMask mask, Path root) throws IOException {
    Path image = root.resolve("image").resolve(volume.name());
    Files.createDirectories(image.getParent());
    Files.copy(volume.imageFile().orElseThrow(), image);
    try (Hdf5File from = Hdf5File.open(volume.kspaceFile());
        Hdf5Writer to = Hdf5Writer.replace(root.resolve("kspace").resolve(volume.name()))) {
      var samples =
          to.dataset(
              "kspace",
              Element.C64,
              volume.slices(),
              volume.coils(),
              volume.height(),
              volume.width());
      float[] slice = new float[2 * volume.coils() * volume.height() * volume.width()];
      for (int s = 0; s < volume.slices(); s++) {
        from.dataset("kspace").readSlice(s, slice);
        samples.write(slice);
      }
      to.vector("mask", mask.columns());
      to.commit();
    }
  }

  @Test
  void aSearchThatGoesOn() throws IOException {
    Path found = folder.resolve("ensemble.json");
    search(leaderboard, found).succeeded();
    String whole = Files.readString(found);
    search(leaderboard, found)
        .refused(
            2,
            found + ": is there already; keep what is done with --resume or choose another --out");
    JsonNode all = new ObjectMapper().readTree(whole);
    Files.writeString(found, "{\"acc4-brain-slice0\": " + all.get("acc4-brain-slice0") + "}");
    String out = search(leaderboard, found, "--resume").succeeded().out();
    assertTrue(out.startsWith("acc4-brain-slice0: kept as it was"), out);
    assertEquals(3, tables(out).size(), out);
    assertEquals(whole, Files.readString(found));
    assertNotEquals(0, all.size());
    Files.writeString(found, "{\"acc4-brain-slice0\": {\"best_model\": 1}}");
    search(leaderboard, found, "--resume")
        .refused(
            2,
            found
                + ": has best_model for acc4-brain-slice0, which is not among --members;"
                + " choose another --out");
  }

  /** Ctrl-C leaves what is found, and nothing else. */
  @Test
  void aSearchThatIsInterrupted() throws IOException, InterruptedException {
    Path found = folder.resolve("ensemble.json");
    List<Object> command = searching(leaderboard, found, "--rounds=500");
    Process process = Program.start(command);
    while (!Files.exists(found) && process.isAlive()) {
      Thread.sleep(1);
    }
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    List<String> lines = process.inputReader().lines().toList();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(130, process.exitValue(), lines.toString());
    assertEquals(
        "stopped; the same command with --resume keeps the experts that are done", lines.getLast());
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(found), files.toList());
    }
    JsonNode some = new ObjectMapper().readTree(found.toFile());
    assertTrue(some.has("acc4-brain-slice0") && some.size() < 4, some.toString());
    command.set(command.indexOf("--rounds=500"), "--rounds=1");
    command.add("--resume");
    Program.run(command.toArray()).succeeded();
    JsonNode all = new ObjectMapper().readTree(found.toFile());
    assertEquals(4, all.size());
    assertEquals(some.get("acc4-brain-slice0"), all.get("acc4-brain-slice0"));
  }

  @Test
  void mistakesOfASearch() {
    Path found = folder.resolve("ensemble.json");
    search(leaderboard, found, "--rounds=0")
        .refused(
            2,
            "the number of rounds must be at least 1, not 0; see 'larmor ensemble search --help'");
    Program.run("ensemble")
        .refused(2, "Missing command, expected search; see 'larmor ensemble --help'");
    assertFalse(Files.exists(found));
  }
}
