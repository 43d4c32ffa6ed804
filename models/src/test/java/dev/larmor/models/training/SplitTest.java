package dev.larmor.models.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.Phantom;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** True k-fold cross-validation. */
final class SplitTest {
  @TempDir private Path folder;

  private VolumeSet subjects(int count) {
    for (int subject = 0; subject < count; subject++) {
      for (int r : new int[] {4, 8}) {
        Phantom.TINY.writeVolume(folder, "brain_acc%d_%d.h5".formatted(r, subject), subject, 1, r);
      }
    }
    return VolumeSet.open(folder, Targets.REQUIRED, BadFiles.FAIL);
  }

  private static Set<String> subjects(VolumeSet set) {
    Set<String> subjects = new HashSet<>();
    for (Volume volume : set.volumes()) {
      subjects.add(volume.name().replaceAll(".*_|\\.h5", ""));
    }
    return subjects;
  }

  @Test
  void everySubjectIsHeldOutOnce() {
    VolumeSet all = subjects(7);
    List<Split> splits = Split.folds(all, 3, 2025);
    List<String> held = new ArrayList<>();
    for (Split split : splits) {
      Set<String> training = subjects(split.training());
      Set<String> validation = subjects(split.validation());
      assertTrue(validation.size() == 2 || validation.size() == 3, validation.toString());
      assertEquals(7, training.size() + validation.size(), "one subject on both sides");
      assertEquals(14, split.training().volumes().size() + split.validation().volumes().size());
      held.addAll(validation);
    }
    assertEquals(7, held.size());
    assertEquals(7, new HashSet<>(held).size());
    assertEquals(heldOut(splits), heldOut(Split.folds(all, 3, 2025)), "the same seed");
    assertNotEquals(heldOut(splits), heldOut(Split.folds(all, 3, 2026)), "another seed");
  }

  private static List<Set<String>> heldOut(List<Split> splits) {
    return splits.stream().map(split -> subjects(split.validation())).toList();
  }

  @Test
  void moreFoldsThanSubjects() {
    VolumeSet all = subjects(2);
    assertEquals(
        folder + ": 3 folds of 2 subjects: every fold must hold one out",
        assertThrows(DataException.class, () -> Split.folds(all, 3, 1)).getMessage());
  }
}
