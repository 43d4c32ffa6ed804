package dev.larmor.models.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.models.data.Anatomy;
import dev.larmor.models.metric.Figure;
import dev.larmor.models.metric.Quality;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ScoreTest {
  private static Score.Volume volume(int acceleration, Map<Method, Quality> slice) {
    Path name = Path.of("acc" + acceleration, "brain.h5");
    return new Score.Volume(
        new Leaderboard.Entry(name, name, name, Optional.empty(), acceleration, Anatomy.BRAIN),
        List.of(slice));
  }

  /** A baseline of four-fold alone would otherwise look better than what is scored on both. */
  @Test
  void whatLacksAnAccelerationHasNoScore() {
    Quality good = new Quality(0.9, 30, 0.01);
    Quality poor = new Quality(0.7, 20, 0.1);
    Score score =
        new Score(
            List.of(
                volume(4, Map.of(Method.RECONSTRUCTION, good, Method.GRAPPA, good)),
                volume(8, Map.of(Method.RECONSTRUCTION, poor))));
    assertEquals(0.8, score.total(Method.RECONSTRUCTION).orElseThrow(), 1e-15);
    assertEquals(OptionalDouble.empty(), score.total(Method.GRAPPA));
    assertEquals(OptionalDouble.of(0.9), score.mean(Method.GRAPPA, Figure.SSIM, 4));
    assertEquals(1, score.slices(Method.GRAPPA));
    assertEquals(Set.of(Method.RECONSTRUCTION, Method.GRAPPA), score.methods());
  }
}
