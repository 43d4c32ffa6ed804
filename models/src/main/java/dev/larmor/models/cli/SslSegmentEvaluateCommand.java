package dev.larmor.models.cli;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Case;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Labels;
import dev.larmor.models.ssl.adapt.segmentation.dataset.SegmentationDataset;
import dev.larmor.models.ssl.adapt.segmentation.score.CasePictures;
import dev.larmor.models.ssl.adapt.segmentation.score.CaseScore;
import dev.larmor.models.ssl.adapt.segmentation.score.Score;
import dev.larmor.models.ssl.adapt.segmentation.score.ScorePage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor ssl segment evaluate}. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Compare segmentations with the truth: Dice and surface distance of each case and label.",
      "",
      "Writes summary.json, cases.csv, report.html and pictures/ into SEGMENTATIONS.",
      ""
    },
    sortOptions = false)
final class SslSegmentEvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "DIR",
      description = "The data set: dataset.json, imagesTr, labelsTr; or imagesTs and labelsTs.")
  private Path data;

  @Parameters(
      index = "1",
      paramLabel = "SEGMENTATIONS",
      description = "The folder of CASE.nii.gz, as 'larmor ssl segment predict' made them.")
  private Path segmentations;

  @Option(
      names = "--set",
      defaultValue = "Tr",
      paramLabel = "NAME",
      description = "Tr for imagesTr and labelsTr, Ts for the others (default: ${DEFAULT-VALUE}).")
  private Subset subset;

  @Option(names = "--no-pictures", description = "Draw none, where a licence forbids it.")
  private boolean noPictures;

  /** The folders of a data set. */
  enum Subset {
    Tr,
    Ts
  }

  @Override
  public Integer call() {
    SegmentationDataset dataset = SegmentationDataset.read(data);
    Labels labels = dataset.labels();
    Optional<CasePictures> pictures =
        noPictures
            ? Optional.empty()
            : Optional.of(new CasePictures(segmentations.resolve("pictures"), labels));
    List<CaseScore> scores = new ArrayList<>();
    for (Case listed :
        SegmentationDataset.cases(
            data.resolve("images" + subset), dataset.channels(), dataset.ending())) {
      Path file = segmentations.resolve(listed.name() + ".nii.gz");
      if (!Files.exists(file)) {
        continue;
      }
      Path truths = data.resolve("labels" + subset).resolve(listed.name() + dataset.ending());
      Case one = new Case(listed.name(), listed.images(), Optional.of(truths));
      Image3d image = one.image();
      Image3d truth = one.truth(image, labels);
      Image3d found = Case.labels(file, labels);
      Case.checkGrid(file, found, truths, truth);
      pictures.ifPresent(p -> p.save(one.name(), image, truth, found));
      scores.add(CaseScore.of(one.name(), file, truth, found, labels));
    }
    if (scores.isEmpty()) {
      throw new DataException(
          segmentations + ": no segmentation CASE.nii.gz of a case of images" + subset);
    }
    Score score = new Score(labels, scores);
    report(
        score,
        segmentations,
        "Segmentation of " + data.toAbsolutePath().getFileName(),
        List.of(Larmor.count(scores.size(), "case")),
        pictures);
    Larmor.console(spec).line(SslSegmentTrainCommand.line(score));
    return 0;
  }

  /** Writes a score's files into a folder. */
  static void report(
      Score score,
      Path folder,
      String title,
      List<String> remarks,
      Optional<CasePictures> pictures) {
    score.write(folder);
    ScorePage page =
        new ScorePage(
            title,
            remarks,
            score,
            one ->
                pictures.map(p ->
                    folder
                        .toAbsolutePath()
                        .relativize(p.file(one.name()).toAbsolutePath())
                        .toString()));
    AtomicFile.write(folder.resolve("report.html"), page.html());
  }
}
