package dev.larmor.models.ssl.adapt.segmentation.score;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.io.Csv;
import dev.larmor.models.io.PythonJson;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Labels;
import dev.larmor.models.ssl.adapt.segmentation.score.CaseScore.ClassScore;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** How well cases were segmented, all together. */
public record Score(Labels labels, List<CaseScore> cases) {
  private static final String DICE = "Dice";
  private static final String DISTANCE = "HD95";

  public Score {
    cases = List.copyOf(cases);
  }

  /**
   * The mean of a figure over cases, those left out where it is NaN; NaN if that leaves none.
   *
   * @param label from 1
   */
  public double mean(int label, ToDoubleFunction<ClassScore> figure) {
    return cases.stream()
        .mapToDouble(one -> figure.applyAsDouble(one.classes().get(label - 1)))
        .filter(value -> !Double.isNaN(value))
        .average()
        .orElse(Double.NaN);
  }

  /** The mean over all labels but the background of their means over cases. */
  public double mean(ToDoubleFunction<ClassScore> figure) {
    return IntStream.range(1, labels.count())
        .mapToDouble(label -> mean(label, figure))
        .filter(value -> !Double.isNaN(value))
        .average()
        .orElse(Double.NaN);
  }

  /** Writes {@code summary.json} in nnU-Net's form and {@code cases.csv} into a folder. */
  public void write(Path folder) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    put(root.putObject("foreground_mean"), mean(ClassScore::dice), mean(ClassScore::distance));
    ObjectNode means = root.putObject("mean");
    for (int label = 1; label < labels.count(); label++) {
      put(
          means.putObject(Integer.toString(label)),
          mean(label, ClassScore::dice),
          mean(label, ClassScore::distance));
    }
    ArrayNode each = root.putArray("metric_per_case");
    StringBuilder table = new StringBuilder(Csv.line(List.of("case", "label", DICE, DISTANCE)));
    for (CaseScore one : cases) {
      ObjectNode entry = each.addObject();
      ObjectNode metrics = entry.putObject("metrics");
      for (int label = 1; label < labels.count(); label++) {
        ClassScore score = one.classes().get(label - 1);
        put(metrics.putObject(Integer.toString(label)), score.dice(), score.distance());
        table.append(
            Csv.line(
                List.of(
                    one.name(),
                    labels.names().get(label),
                    Double.toString(score.dice()),
                    Double.toString(score.distance()))));
      }
      entry.put("prediction_file", one.segmentation().toString());
    }
    PythonJson.write(folder.resolve("summary.json"), root);
    AtomicFile.write(folder.resolve("cases.csv"), table.toString());
  }

  private static void put(ObjectNode node, double dice, double distance) {
    node.put(DICE, dice);
    node.put(DISTANCE, distance);
  }
}
