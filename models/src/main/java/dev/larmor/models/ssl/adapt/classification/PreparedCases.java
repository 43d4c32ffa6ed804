package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.models.data.hdf5.Hdf5File;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * Prepared cases in a folder, so that no epoch prepares them again. A file's name tells what it was
 * made from – the images' and the mask's paths, lengths and times, and the preparation –, so a
 * changed image gets a new one, and several trainings may share the folder.
 */
public final class PreparedCases {
  private static final String EXTENSION = ".h5";
  private static final String VOXELS = "voxels";

  /** Whole cases are read, so blocks need only be large enough for their headers to be cheap. */
  private static final int BLOCK = 64;

  private final Path folder;
  private final Preparation preparation;
  private final List<Case> cases;

  /** The cases in a folder, which need not exist. */
  public PreparedCases(Path folder, Preparation preparation, List<Case> cases) {
    this.folder = folder;
    this.preparation = preparation;
    this.cases = List.copyOf(cases);
  }

  /**
   * Prepares what is not there yet.
   *
   * @param workers cases worked on at a time
   * @param done told after each case, from any thread
   * @param stop asked before each case
   * @return false if asked to stop; what is done stays
   * @throws dev.larmor.models.data.DataException if a case cannot be used
   */
  public boolean prepare(Workers workers, Runnable done, BooleanSupplier stop) {
    AtomicBoolean stopped = new AtomicBoolean();
    workers.forEach(
        cases.size(),
        () ->
            index -> {
              if (stop.getAsBoolean()) {
                stopped.set(true);
                return;
              }
              Case one = cases.get(index);
              Path file = file(one);
              if (!Files.exists(file)) {
                write(file, preparation.run(one, Workers.ONE));
              }
              done.run();
            });
    return !stopped.get();
  }

  /**
   * One case's {@code [channels, side, side, side]}.
   *
   * @throws dev.larmor.models.data.DataException if it cannot be read
   */
  float[] read(int index) {
    Case one = cases.get(index);
    Path path = file(one);
    try (Hdf5File file = Hdf5File.open(path)) {
      int side = preparation.side();
      float[] voxels = new float[one.images().size() * preparation.voxels()];
      int[] extent = {one.images().size(), side, side, side};
      file.dataset(VOXELS).readBox(new int[4], extent, voxels);
      return voxels;
    }
  }

  private void write(Path file, float[] voxels) {
    int side = preparation.side();
    int channels = voxels.length / preparation.voxels();
    int block = Math.min(side, BLOCK);
    try (Hdf5Writer writer = Hdf5Writer.replace(file)) {
      writer.blocks(
          VOXELS,
          voxels,
          new int[] {channels, side, side, side},
          new int[] {1, block, block, block});
      writer.commit();
    }
  }

  /** A name of one case that changes when its images do. */
  String name(int index) {
    return file(cases.get(index)).getFileName().toString();
  }

  private Path file(Case one) {
    List<Path> sources = new ArrayList<>(one.images());
    one.mask().ifPresent(sources::add);
    StringBuilder made = new StringBuilder();
    made.append("version ").append(Preparation.VERSION).append(", ").append(preparation);
    made.append(one.mask().isPresent() ? ", masked" : "");
    sources.forEach(source -> made.append('\n').append(Digest.file(source)));
    return folder.resolve(Digest.of(made.toString()) + EXTENSION);
  }
}
