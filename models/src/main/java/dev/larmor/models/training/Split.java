package dev.larmor.models.training;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What is trained on and what is validated on. */
public record Split(VolumeSet training, VolumeSet validation) {
  /**
   * K-fold cross-validation: the volumes are dealt once, at random, into {@code folds} equal
   * groups; each split holds another group out.
   *
   * <p>Volumes of one subject stay together. {@code brain_acc4_7.h5} and {@code brain_acc8_7.h5}
   * are taken for one subject: names that differ in nothing but the acceleration.
   *
   * @throws DataException if there are fewer subjects than folds
   */
  public static List<Split> folds(VolumeSet volumes, int folds, long seed) {
    List<String> subjects =
        new ArrayList<>(
            volumes.volumes().stream()
                .map(Split::subject)
                .collect(Collectors.toCollection(TreeSet::new)));
    if (subjects.size() < folds) {
      throw new DataException(
          "%s: %d folds of %d subjects: every fold must hold one out"
              .formatted(volumes.name(), folds, subjects.size()));
    }
    Map<String, Integer> foldOf = new HashMap<>();
    int[] order = Philox.of(seed, "folds").permutation(subjects.size());
    for (int i = 0; i < order.length; i++) {
      foldOf.put(subjects.get(order[i]), i % folds);
    }
    List<Split> splits = new ArrayList<>();
    for (int f = 0; f < folds; f++) {
      int held = f;
      splits.add(
          new Split(
              volumes.where(volume -> foldOf.get(subject(volume)) != held),
              volumes.where(volume -> foldOf.get(subject(volume)) == held)));
    }
    return List.copyOf(splits);
  }

  private static String subject(Volume volume) {
    return volume.name().replaceFirst("_?acc[0-9]+", "");
  }
}
