package dev.larmor.models.cli;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Patch;
import dev.larmor.models.simclr.view.ViewPair;
import dev.larmor.models.simclr.view.ViewSheet;
import dev.larmor.models.simclr.view.Views;
import dev.larmor.models.simclr.view.Volume;
import dev.larmor.models.ssl.preprocess.numerics.Normalization;
import dev.larmor.models.ssl.preprocess.store.VolumeFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor ssl views}. */
@Command(
    name = "views",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Show the pairs of views that a pre-training compares.",
      "",
      "IMAGE is a preprocessed volume (.h5), or any image, which is then scaled to mean 0 and"
          + " deviation 1. Of each row, three slices through the first view's middle and three through"
          + " the second's.",
      ""
    },
    sortOptions = false)
final class SslViewsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "The images, in turns.")
  private List<Path> images;

  @Option(
      names = "--png",
      required = true,
      paramLabel = "FILE",
      description = "The picture to write.")
  private Path png;

  @Option(
      names = "--pairs",
      defaultValue = "6",
      paramLabel = "N",
      description = "How many (default: ${DEFAULT-VALUE}).")
  private int pairs;

  @Mixin private ViewOptions options;

  @Mixin private SeedOption random;

  @Override
  public Integer call() {
    if (pairs < 1) {
      throw new ParameterException(
          spec.commandLine(), "the number of pairs must be at least 1, not " + pairs);
    }
    Views views = Larmor.checked(spec, options::views);
    Extent patch = options.patch();
    ViewSheet sheet = new ViewSheet(views, pairs);
    float[] voxels = new float[patch.voxels()];
    int shown = 0;
    for (int sample = 0; shown < pairs; sample++) {
      Volume image = volume(images.get(sample % images.size()));
      Philox stream = Views.stream(random.seed, 0, sample);
      Patch.draw(image.extent(), patch, stream.with("patch"))
          .cut(image, options.outside().value(image), voxels);
      Iterator<ViewPair> drawn = views.draw(patch, stream.with("views")).iterator();
      for (; drawn.hasNext() && shown < pairs; shown++) {
        sheet.add(drawn.next(), new Volume(voxels, patch));
      }
    }
    sheet.picture().save(png);
    Larmor.console(spec).line("written: " + png);
    return 0;
  }

  private static Volume volume(Path file) {
    if (file.toString().endsWith(VolumeFile.EXTENSION)) {
      try (VolumeFile stored = VolumeFile.open(file)) {
        int[] shape = stored.shape();
        single(file, stored.channels());
        Volume volume = Volume.of(new Extent(shape[0], shape[1], shape[2]));
        stored.patch(new int[3], shape, 0, volume.values());
        return volume;
      }
    }
    Image3d image = ImageFile.read(file);
    single(file, image.channels());
    int[] shape = image.shape();
    if (image.voxels() < 1) {
      throw new DataException(file + ": no voxels, its extents are " + Arrays.toString(shape));
    }
    for (float value : image.values()) {
      if (!Float.isFinite(value)) {
        throw new DataException(file + ": has a voxel that is " + value);
      }
    }
    Normalization.Z_SCORE.apply(image.values(), null);
    return new Volume(image.values(), new Extent(shape[0], shape[1], shape[2]));
  }

  private static void single(Path file, int channels) {
    if (channels != 1) {
      throw new DataException(file + ": has " + channels + " channels, expected 1");
    }
  }
}
