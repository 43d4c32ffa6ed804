package dev.larmor.models.ssl.pretrain;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.larmor.engine.Philox;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.ssl.collection.CollectionImage;
import dev.larmor.models.ssl.collection.DatasetName;
import dev.larmor.models.ssl.collection.ImageCollection;
import dev.larmor.models.ssl.collection.ImageCollection.Dataset;
import dev.larmor.models.ssl.collection.ImageCollection.Image;
import dev.larmor.models.ssl.collection.ImageCollection.Session;
import dev.larmor.models.ssl.collection.ImageCollection.Subject;
import dev.larmor.models.ssl.collection.Roots;
import dev.larmor.models.ssl.preprocess.CollectionPreprocessing;
import dev.larmor.models.ssl.preprocess.Preprocessed;
import dev.larmor.models.ssl.preprocess.Provenance;
import dev.larmor.models.ssl.preprocess.numerics.Box;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import dev.larmor.models.ssl.preprocess.plan.Fingerprint;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import dev.larmor.models.ssl.preprocess.store.VolumeFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A preprocessed data set of small cubes, two of each subject. */
final class TinyDataset {
  static final DatasetName NAME = new DatasetName(7, "Cubes");
  static final String CONFIGURATION = "onemmiso";

  private static final Image3d.Place PLACE =
      new Image3d.Place(
          new double[] {1, 1, 1}, new double[3], new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});

  final Roots roots;
  final Path folder;
  final List<CollectionImage> images;
  private final CollectionPreprocessing preprocessing;

  /**
   * Writes it.
   *
   * @param sides of the cubes
   */
  TinyDataset(Path root, int... sides) {
    roots = new Roots(Map.of("nnssl_preprocessed", root.toString()));
    folder = root.resolve(NAME.toString());
    Plan plan =
        Plan.of(NAME.toString(), "SimpleITKIO", new Fingerprint(List.of(List.of(1.0, 1.0, 1.0))));
    plan.write(folder.resolve(Plan.FILE));
    preprocessing = new CollectionPreprocessing(folder, plan, CONFIGURATION, Workers.ONE);
    Map<String, Subject> subjects = new LinkedHashMap<>();
    for (int i = 0; i < sides.length; i += 2) {
      List<Image> two = new ArrayList<>();
      for (int j = i; j < Math.min(i + 2, sides.length); j++) {
        String name = "cube%d.nii.gz".formatted(j);
        two.add(
            new Image(name, root.resolve(name), "T1w", NullNode.getInstance(), Optional.empty()));
      }
      String id = "sub-" + i / 2;
      Session session = new Session("ses-1", NullNode.getInstance(), two);
      subjects.put(id, new Subject(id, NullNode.getInstance(), Map.of("ses-1", session)));
    }
    ImageCollection collection =
        new ImageCollection(
            new IntNode(7),
            NAME.toString(),
            Map.of(
                "cubes",
                new Dataset(
                    new TextNode("cubes"),
                    NullNode.getInstance(),
                    NullNode.getInstance(),
                    subjects)));
    preprocessing.writeCollection(collection, roots);
    images = collection.images();
    for (int i = 0; i < sides.length; i++) {
      write(i, values(i, sides[i]), sides[i]);
    }
    preprocessing.writeValid(images, 0, 1);
  }

  /** Waves of each image's own length, and a little noise. */
  private static float[] values(int image, int side) {
    float[] values = new float[side * side * side];
    Philox noise = Philox.of(image, "noise");
    for (int i = 0; i < values.length; i++) {
      int z = i / (side * side);
      int y = i / side % side;
      int x = i % side;
      values[i] =
          (float)
              (Math.sin((image + 1) * 0.3 * z)
                  + Math.cos(0.4 * (y + image * x))
                  + 0.1 * noise.normal(i));
    }
    return values;
  }

  /** Replaces an image's file. */
  void write(int image, float[] values, int side) {
    int[] shape = {side, side, side};
    Box.Interval all = new Box.Interval(0, side);
    VolumeFile.write(
        file(image),
        new Preprocessed(
            new Image3d(values, 1, shape, new double[] {1, 1, 1}, PLACE),
            Map.of(),
            new Provenance(PLACE, new double[] {1, 1, 1}, shape, new Box(List.of(all, all, all)))));
  }

  Path file(int image) {
    return preprocessing.file(images.get(image));
  }

  CollectionPreprocessing preprocessing() {
    return preprocessing;
  }

  PreprocessedImages open() {
    return PreprocessedImages.of(roots, NAME, CONFIGURATION);
  }
}
