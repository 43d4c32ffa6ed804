package dev.larmor.models.expert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.Phantom;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.Classifier;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.SliceRange;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import dev.larmor.models.fivarnet.FiVarNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who trains on what, and where it is kept. */
final class ExpertTest {
  @TempDir private static Path data;

  @TempDir private Path folder;

  @BeforeAll
  static void write() {
    Path train = data.resolve("train");
    Phantom.TINY.writeVolume(train, "brain_a.h5", 1, 5, 4);
    Phantom.TINY.writeVolume(train, "brain_b.h5", 2, 5, 8);
    Phantom.TINY.writeVolume(train, "knee_a.h5", 3, 2, 4);
    Phantom.TINY.writeVolume(train, "scan,1.h5", 4, 2, 8);
  }

  private static VolumeSet volumes() {
    return VolumeSet.open(data.resolve("train"), Targets.REQUIRED, BadFiles.FAIL);
  }

  private static List<String> names(VolumeSet set) {
    return set.volumes().stream().map(Volume::name).toList();
  }

  private static VolumeClass of(int acceleration, Anatomy anatomy) {
    return new VolumeClass(acceleration, anatomy);
  }

  @Test
  void theIndexIsWrittenReadAndObeyed() throws IOException {
    ClassIndex made = ClassIndex.of(data, volumes(), Classifier.STANDARD);
    assertFalse(ClassIndex.isIn(folder));
    made.write(folder);
    assertTrue(ClassIndex.isIn(folder));
    assertEquals("train/kspace/brain_a.h5\n", Files.readString(folder.resolve("acc4-brain.txt")));
    assertEquals("train/kspace/brain_b.h5\n", Files.readString(folder.resolve("acc8-brain.txt")));
    assertEquals("train/kspace/knee_a.h5\n", Files.readString(folder.resolve("acc4-knee.txt")));
    assertEquals(
        List.of(
            "file,anatomy,acceleration,class,path",
            "brain_a.h5,brain,4,acc4-brain,train/kspace/brain_a.h5",
            "brain_b.h5,brain,8,acc8-brain,train/kspace/brain_b.h5",
            "knee_a.h5,knee,4,acc4-knee,train/kspace/knee_a.h5",
            "\"scan,1.h5\",knee,8,acc8-knee,\"train/kspace/scan,1.h5\""),
        Files.readAllLines(folder.resolve("classification_summary.csv")));

    // A person knows better: the nameless scan is a head.
    Files.writeString(folder.resolve("acc8-knee.txt"), "");
    Files.writeString(
        folder.resolve("acc8-brain.txt"),
        "train/kspace/brain_b.h5\n\n  " + data.resolve("train/kspace/scan,1.h5") + "\n");
    ClassIndex mended = ClassIndex.read(folder, data);
    mended.check(folder, volumes());
    Expert brain = Expert.of(List.of(of(4, Anatomy.BRAIN)), 1).getFirst();
    VolumeSet share = brain.share(volumes(), Optional.of(mended));
    assertEquals(List.of("brain_a.h5", "brain_b.h5", "scan,1.h5"), names(share));
    share.volumes().forEach(volume -> assertEquals(Anatomy.BRAIN, volume.anatomy()));
    Expert knee = Expert.of(List.of(of(8, Anatomy.KNEE)), 1).getFirst();
    assertEquals(
        List.of("knee_a.h5"),
        names(knee.share(volumes(), Optional.of(mended))),
        "both accelerations");
  }

  @Test
  void theIndexAndTheDataMustBeOfTheSameVolumes() throws IOException {
    ClassIndex.of(data, volumes(), Classifier.STANDARD).write(folder);
    Path file = folder.resolve("acc4-knee.txt");
    String line = Files.readString(file);
    Files.writeString(file, "");
    assertSentence(
        folder
            + ": does not list "
            + data.resolve("train/kspace/knee_a.h5")
            + "; remove it to have the data classified anew",
        () -> ClassIndex.read(folder, data).check(folder, volumes()));
    Files.writeString(file, line + "train/kspace/knee_z.h5\n");
    assertSentence(
        folder
            + ": lists "
            + data.resolve("train/kspace/knee_z.h5")
            + ", which is not among the usable volumes of "
            + data
            + "; remove it to have the data classified anew",
        () -> ClassIndex.read(folder, data).check(folder, volumes()));
    Files.writeString(file, line + "train/kspace/brain_a.h5\n");
    assertSentence(
        file + ": train/kspace/brain_a.h5 is in class acc4-brain already",
        () -> ClassIndex.read(folder, data));
  }

  private static void assertSentence(String sentence, Runnable work) {
    assertEquals(sentence, assertThrows(DataException.class, work::run).getMessage());
  }

  /** Section 9: ranges {@code [⌊j·N/n⌋, ⌊(j+1)·N/n⌋)}, routing by {@code ⌊n·slice/N⌋}. */
  @Test
  void rangesOfSlices() {
    for (int parts = 1; parts <= 5; parts++) {
      for (int slices = parts; slices <= 40; slices++) {
        int next = 0;
        for (int part = 0; part < parts; part++) {
          SliceRange range = new SliceRange(part, parts);
          assertEquals(next, range.first(slices));
          next = range.end(slices);
          for (int s = range.first(slices); s < next; s++) {
            int routed = Expert.part(s, slices, parts);
            assertTrue(routed == part || (routed == part - 1 && slices % parts != 0));
          }
        }
        assertEquals(slices, next);
      }
    }
    Expert second = Expert.ofAll(2).get(1);
    assertEquals("all-slice1", second.folder());
    // Slices 2, 3, 4 of the brains and 1 of the others.
    assertEquals(8, second.share(volumes(), Optional.empty()).slices().size());
  }

  @Test
  void scenariosAreNamedAsTheOriginals() {
    Scenario base = Scenario.of(folder, FiVarNet.Config.DEFAULT, "net", 5, 5, 2);
    assertEquals(
        folder.resolve("fivarnet_f8_i2_attn0_c32_s8_net/epoch5_fold5_slice2"), base.folder());
    assertEquals(0, base.retraining());
    assertEquals(2, base.parts());
    Scenario twice = base.retrained().retrained();
    assertEquals("epoch5_fold5_slice2_retrain2", twice.name());
    assertEquals(2, twice.retraining());
    assertEquals(2, twice.parts());
    assertEquals(
        twice,
        Scenario.named(folder, FiVarNet.Config.DEFAULT, "net", "epoch5_fold5_slice2_retrain2"));
    assertSentence(
        folder.resolve("slices")
            + ": not the name of a scenario, such as epoch5_fold5_slice1 or"
            + " epoch5_fold5_slice1_retrain1",
        () -> Scenario.at(folder.resolve("slices")));
  }

  @Test
  void expertsAreFoundByTheirFolders() throws IOException {
    Scenario scenario = Scenario.at(folder.resolve("epoch1_fold1_slice2"));
    for (String name : List.of("acc8-knee-slice1", "all-slice0", "acc8-knee-slice2", "x-slice0")) {
      Files.createDirectories(scenario.folder().resolve(name));
    }
    assertEquals(
        List.of("acc8-knee-slice1", "all-slice0"),
        scenario.experts().stream().map(Expert::folder).toList());
    Scenario empty = Scenario.at(folder.resolve("epoch1_fold1_slice1"));
    Files.createDirectories(empty.folder());
    assertSentence(
        empty.folder() + ": no expert's folder in it, such as acc4-brain-slice0", empty::experts);
  }
}
