package dev.larmor.models.ssl.adapt.segmentation;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.io.NumberType;
import dev.larmor.models.resenc.ResidualUnet;
import dev.larmor.models.simclr.view.Box;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Patch;
import dev.larmor.models.simclr.view.Span;
import dev.larmor.models.simclr.view.Volume;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Case;
import dev.larmor.models.ssl.preprocess.Preprocessed;
import dev.larmor.models.ssl.preprocess.Provenance;
import dev.larmor.models.ssl.preprocess.numerics.AxisOrder;
import dev.larmor.models.ssl.preprocess.numerics.LinearResampling;
import dev.larmor.models.ssl.preprocess.numerics.SeparateAxis;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;

/**
 * Segments whole images: prepares them, scores them patch by patch, and brings the scores back to
 * the grid of the image as it was read, where the class with the highest score wins.
 */
public record Segmentation(
    Segmenter segmenter, ResidualUnet network, SlidingWindow window, Device device) {
  /**
   * Segments a case and writes its labels beside the image's place and spacing.
   *
   * @param image the case's, as {@link Case#image} read it
   * @return the labels; empty if asked to stop, and then nothing is written
   */
  public Optional<Image3d> run(Case of, Image3d image, Path into, BooleanSupplier stop) {
    Workers workers = new Workers(device.config().threads());
    Preprocessed prepared = segmenter.preparation().run(of, image, Optional.empty(), workers);
    Optional<Image3d> labels =
        scores(prepared.image(), stop).map(scores -> labels(scores, prepared, image, workers));
    labels.ifPresent(found -> ImageFile.write(into, found, NumberType.UINT8));
    return labels;
  }

  private Optional<float[]> scores(Image3d image, BooleanSupplier stop) {
    int[] shape = image.shape();
    Extent extent = new Extent(shape[0], shape[1], shape[2]);
    List<Volume> channels = new ArrayList<>();
    for (int c = 0; c < image.channels(); c++) {
      int from = c * image.voxels();
      channels.add(
          new Volume(
              image.channels() == 1
                  ? image.values()
                  : Arrays.copyOfRange(image.values(), from, from + image.voxels()),
              extent));
    }
    Extent size = window.patch();
    float[] one = new float[size.voxels()];
    SlidingWindow.Source source =
        (start, into) -> {
          Box box =
              new Box(
                  new Span(start[0], size.n0()),
                  new Span(start[1], size.n1()),
                  new Span(start[2], size.n2()));
          for (int c = 0; c < channels.size(); c++) {
            new Patch(box).cut(channels.get(c), 0, one);
            System.arraycopy(one, 0, into, c * one.length, one.length);
          }
        };
    return scores(shape, source, stop);
  }

  /**
   * Scores a prepared volume.
   *
   * @return {@code [classes, volume]}; empty if asked to stop
   */
  Optional<float[]> scores(int[] volume, SlidingWindow.Source source, BooleanSupplier stop) {
    Extent size = window.patch();
    int channels = segmenter.channels().size();
    TensorSpec input = TensorSpec.of(DType.F32, 1, channels, size.n0(), size.n1(), size.n2());
    return window.scores(
        volume,
        channels,
        segmenter.labels().size(),
        source,
        values -> Scope.run(() -> network.apply(device.tensor(input, values)).toFloats()),
        stop);
  }

  /** The class of the highest score at each voxel; of equals the first. */
  static byte[] highest(float[] scores, int voxels) {
    byte[] labels = new byte[voxels];
    for (int i = 0; i < voxels; i++) {
      for (int c = 1; c < scores.length / voxels; c++) {
        if (scores[c * voxels + i] > scores[labels[i] * voxels + i]) {
          labels[i] = (byte) c;
        }
      }
    }
    return labels;
  }

  /** Back to the image's grid: resampled class by class, cropped parts are background. */
  private Image3d labels(float[] scores, Preprocessed prepared, Image3d image, Workers workers) {
    Provenance from = prepared.provenance();
    AxisOrder axes = segmenter.preparation().axes();
    int[] scored = prepared.image().shape();
    int[] cropped = from.box().shape();
    OptionalInt separate =
        SeparateAxis.of(prepared.image().spacing(), axes.of(from.spacing()), null);
    int voxels = prepared.image().voxels();
    float[] best = null;
    float[] labels = new float[cropped[0] * cropped[1] * cropped[2]];
    for (int c = 0; c < scores.length / voxels; c++) {
      float[] own = Arrays.copyOfRange(scores, c * voxels, (c + 1) * voxels);
      float[] here = LinearResampling.resample(own, scored, cropped, separate, workers);
      if (best == null) {
        best = here;
        continue;
      }
      for (int i = 0; i < labels.length; i++) {
        if (here[i] > best[i]) {
          best[i] = here[i];
          labels[i] = c;
        }
      }
    }
    float[] whole = new float[image.voxels()];
    paste(labels, from, whole);
    int[] turned = from.shape();
    return new Image3d(
        axes.inverse().of(whole, turned), 1, image.shape(), image.spacing(), image.place());
  }

  private static void paste(float[] labels, Provenance from, float[] whole) {
    int[] shape = from.shape();
    int[] cropped = from.box().shape();
    int[] first = from.box().intervals().stream().mapToInt(interval -> interval.start()).toArray();
    int at = 0;
    for (int i = 0; i < cropped[0]; i++) {
      for (int j = 0; j < cropped[1]; j++, at += cropped[2]) {
        int row = ((first[0] + i) * shape[1] + first[1] + j) * shape[2] + first[2];
        System.arraycopy(labels, at, whole, row, cropped[2]);
      }
    }
  }
}
