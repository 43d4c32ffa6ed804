package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.models.data.DataException;
import dev.larmor.models.resenc.ResidualUnet;
import dev.larmor.models.ssl.adapt.segmentation.Segmentation;
import dev.larmor.models.ssl.adapt.segmentation.Segmenter;
import dev.larmor.models.ssl.adapt.segmentation.SlidingWindow;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Case;
import dev.larmor.models.ssl.adapt.segmentation.dataset.SegmentationDataset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor ssl segment predict}. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Segment all images CASE_0000.nii.gz, ... of a folder.",
      "",
      "Each case's labels go into OUT/CASE.nii.gz, on the grid of its image. Those that are there are"
          + " kept, so the same command goes on after an interruption. Cases that cannot be used are"
          + " listed and left out, and the exit code is then 2.",
      ""
    },
    sortOptions = false)
final class SslSegmentPredictCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "IMAGES", description = "The folder.")
  private Path images;

  @Option(
      names = "--checkpoint",
      required = true,
      paramLabel = "FILE",
      description = "Of 'larmor ssl segment train': RUN/fold_0/checkpoint_final.safetensors.")
  private Path checkpoint;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "For the labels.")
  private Path out;

  @Option(names = "--overwrite", description = "Make anew what is there.")
  private boolean overwrite;

  @Mixin private WindowOptions windows;
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    Segmenter segmenter = Segmenter.of(checkpoint);
    SlidingWindow window = Larmor.checked(spec, () -> windows.window(segmenter.extent()));
    List<Case> cases = SegmentationDataset.cases(images, segmenter.channels(), segmenter.ending());
    try (Interrupt interrupt = new Interrupt();
        Device opened = device.open(segmenter.encoder().precision());
        ResidualUnet network = segmenter.load(checkpoint, opened);
        ProgressLine progress = Larmor.console(spec).progress("segmenting", cases.size())) {
      Segmentation segmentation = new Segmentation(segmenter, network, window, opened);
      int made = 0;
      int problems = 0;
      for (Case one : cases) {
        Path into = out.resolve(one.name() + ".nii.gz");
        if (overwrite || !Files.exists(into)) {
          try {
            if (segmentation.run(one, one.image(), into, interrupt::requested).isEmpty()) {
              progress.print("stopped; the same command keeps what is done");
              return Interrupt.EXIT_CODE;
            }
            made++;
          } catch (DataException e) {
            progress.print("left out: " + e.getMessage());
            problems++;
          }
        }
        progress.at(cases.indexOf(one) + 1, one.name());
      }
      progress.print(
          "%s segmented, %d kept, %d left out: %s"
              .formatted(
                  Larmor.count(made, "case"), cases.size() - made - problems, problems, out));
      return problems == 0 ? 0 : Larmor.USAGE;
    }
  }
}
