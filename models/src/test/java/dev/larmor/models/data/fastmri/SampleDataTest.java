package dev.larmor.models.data.fastmri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.Classifier;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.fastmri.VolumeSet.Targets;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sample data are what their README says. */
final class SampleDataTest {
  @ParameterizedTest
  @CsvSource({"train, 4", "val, 2", "leaderboard/acc4, 1", "leaderboard/acc8, 1"})
  void everySliceIsThere(String split, int volumes) {
    VolumeSet folder =
        VolumeSet.open(Path.of("sample").resolve(split), Targets.REQUIRED, BadFiles.FAIL);
    assertEquals(volumes, folder.volumes().size());
    float max = 0;
    int slices = 0;
    try (SliceLoader loader =
        new SliceLoader(folder, folder.slices(), MaskSource.ofFile(), BadFiles.FAIL, 2)) {
      while (loader.hasNext()) {
        Sample sample = loader.next();
        Volume volume = sample.volume();
        assertEquals(3, volume.slices());
        assertEquals(2 * 6 * 192 * 160, sample.kspace().length);
        assertEquals(160 * 160, sample.target().orElseThrow().length);
        String name = volume.kspaceFile().toString();
        int r = Classifier.STANDARD.acceleration(sample.mask());
        assertEquals(name.contains("acc4") ? 4 : 8, Classifier.nearest(r, 4, 8));
        assertEquals(Anatomy.BRAIN, Classifier.STANDARD.anatomy(volume.name(), volume.width()));
        max = sample.slice() == 0 ? 0 : max;
        for (float pixel : sample.target().orElseThrow()) {
          max = Math.max(max, pixel);
        }
        if (sample.slice() == 2) {
          assertEquals(volume.max(), max);
          assertTrue(max > 0.9e-3 && max < 2e-3, name + " " + max);
        }
        slices++;
      }
    }
    assertEquals(3 * volumes, slices);
  }
}
