package dev.larmor.models.ssl.pretrain;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.autograd.GradSink;
import dev.larmor.autograd.Recompute;
import dev.larmor.engine.Collective;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Shares.Share;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.fit.Task;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.simclr.BatchOrder;
import dev.larmor.models.simclr.ContrastiveStep;
import dev.larmor.models.simclr.Negatives;
import dev.larmor.models.simclr.NtXent;
import dev.larmor.models.simclr.PatchSource;
import dev.larmor.models.simclr.Sampling;
import dev.larmor.models.simclr.SimClr;
import dev.larmor.models.simclr.ViewBatch;
import dev.larmor.models.simclr.ViewLoader;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Outside;
import dev.larmor.models.simclr.view.Views;
import dev.larmor.models.ssl.adapt.AdaptationPlan;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The pre-training of a network with images: what {@code fit} trains.
 *
 * <p>An image that cannot be used is told once, and another stands for it wherever it is drawn. The
 * images that are held out are always seen in the same views, so their figures can be compared from
 * epoch to epoch – but only at the same batch, since more views are harder to tell apart.
 */
public final class Pretraining implements Task {
  private static final String ACCURACY = "accuracy";
  private static final String HELD_OUT_ACCURACY = "held_out_accuracy";

  /** The loss of the images that are held out. */
  public static final String HELD_OUT_LOSS = "held_out_loss";

  /**
   * What decides on the bits of a run, beside images and network.
   *
   * @param batch images in a step
   * @param patch extent of the patches that views are made of
   * @param replacements see {@link Sampling}
   */
  public record Settings(
      int batch,
      Views views,
      Extent patch,
      Outside outside,
      int replacements,
      Negatives negatives,
      NtXent criterion,
      long seed) {
    /** How a number of images is sampled. */
    Sampling sampling(int images, int batch, long seed) {
      return new Sampling(new BatchOrder(images, batch, seed), views, patch, outside, replacements);
    }
  }

  /**
   * How a step is taken; another way changes no more than rounding.
   *
   * @param chunk see {@link ContrastiveStep}
   * @param workers threads that make views
   * @param ranks that share each batch
   * @param gradientScale what gradients are multiplied by: 1, or what another system does
   */
  public record Execution(
      int chunk, Recompute recompute, int workers, Collective ranks, double gradientScale) {
    /** One process alone. */
    public Execution(int chunk, Recompute recompute, int workers) {
      this(chunk, recompute, workers, Collective.single(), 1);
    }
  }

  private final Device device;
  private final SimClr network;
  private final SimClr.Config config;
  private final PreprocessedImages images;
  private final Settings settings;
  private final Execution execution;
  private final Consumer<String> problems;
  private final PatchSource training;
  private final Sampling sampling;
  private final Optional<PreprocessedImages> heldOut;
  private final Set<String> told = new HashSet<>();

  /**
   * A pre-training that has not started.
   *
   * @param network on the device
   * @param images to train with
   * @param heldOut to measure
   * @param problems is told once of each image that cannot be used
   * @throws IllegalArgumentException in one sentence, if images, views and network do not go
   *     together
   */
  public Pretraining(
      Device device,
      SimClr network,
      SimClr.Config config,
      PreprocessedImages images,
      Optional<PreprocessedImages> heldOut,
      Settings settings,
      Execution execution,
      Consumer<String> problems) {
    checked(config, images, settings);
    checkShares(settings, heldOut, execution.ranks);
    this.device = device;
    this.network = network;
    this.config = config;
    this.images = images;
    this.heldOut = heldOut;
    this.settings = settings;
    this.execution = execution;
    this.problems = problems;
    this.training = images.patches();
    this.sampling = settings.sampling(training.images(), settings.batch, settings.seed);
  }

  /**
   * Checks that images, views and network go together.
   *
   * @return the settings
   * @throws IllegalArgumentException in one sentence
   */
  public static Settings checked(
      SimClr.Config config, PreprocessedImages images, Settings settings) {
    config.checkViews(settings.views.side());
    int count = images.images().size();
    if (settings.batch > count) {
      throw new IllegalArgumentException(
          "a batch of %d images, but there are %d to train with".formatted(settings.batch, count));
    }
    if (settings.batch * settings.views.pairs() < 2) {
      throw new IllegalArgumentException(
          "a batch of %d images: there is nothing to tell them from".formatted(settings.batch));
    }
    return settings;
  }

  /**
   * Checks that there is something for each rank.
   *
   * @throws IllegalArgumentException in one sentence
   */
  public static void checkShares(
      Settings settings, Optional<PreprocessedImages> heldOut, Collective ranks) {
    checkShares("a batch of %d images", settings.batch, ranks);
    heldOut.ifPresent(
        held -> checkShares("%d images that are held out", held.images().size(), ranks));
  }

  private static void checkShares(String what, int images, Collective ranks) {
    if (images < ranks.size()) {
      throw new IllegalArgumentException(
          (what + " cannot be shared by %d ranks").formatted(images, ranks.size()));
    }
  }

  @Override
  public ModelState model() {
    return new ModelState("SimCLR", network, null);
  }

  @Override
  public Map<String, String> identity() {
    Map<String, String> identity = new LinkedHashMap<>();
    identity.put("data", images.digest());
    identity.put("seed", Long.toString(settings.seed));
    identity.put("batch", Integer.toString(settings.batch));
    identity.put("views", settings.views.toString());
    identity.put("patch", settings.patch.toString());
    identity.put("outside", settings.outside.toString());
    identity.put("replacements", Integer.toString(settings.replacements));
    identity.put("negatives", settings.negatives.toString());
    identity.put("temperature", Double.toString(settings.criterion.temperature()));
    identity.put("network", config.toString());
    return identity;
  }

  @Override
  public Map<String, String> description() {
    ResidualEncoder.Config encoder = config.encoder();
    ObjectNode shape = JsonNodeFactory.instance.objectNode();
    shape.put("channels", encoder.channels());
    shape.set("features", numbers(encoder.features()));
    shape.set("blocks", numbers(encoder.blocks()));
    Map<String, String> description = new LinkedHashMap<>();
    description.put("encoder", shape.toString());
    description.put("hidden", Integer.toString(config.hidden()));
    description.put("embedding", Integer.toString(config.embedding()));
    description.put(AdaptationPlan.KEY, adaptation().json());
    description.put("init_args", initArgs().toString());
    return description;
  }

  /** What programs that adapt the network need to know of it. */
  public AdaptationPlan adaptation() {
    return AdaptationPlan.of(
        images.plan(), images.configuration(), config.encoder(), extents(settings.views.size()));
  }

  /** What the original's trainer was made with, by its names, without the list of images. */
  private ObjectNode initArgs() {
    Views views = settings.views;
    ObjectNode args = JsonNodeFactory.instance.objectNode();
    args.put("plan", images.plan().plansName());
    args.put("configuration_name", images.configuration());
    args.put("fold", "all");
    args.put("device", device.name());
    args.set("patch_size", numbers(extents(settings.patch)));
    args.set("crop_size", numbers(extents(views.size())));
    args.put("num_crops_per_image", views.pairs());
    return args;
  }

  private static List<Integer> extents(Extent extent) {
    return List.of(extent.n0(), extent.n1(), extent.n2());
  }

  private static ArrayNode numbers(List<Integer> values) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    values.forEach(list::add);
    return list;
  }

  private ContrastiveStep step(double scale) {
    return new ContrastiveStep(
        network,
        settings.criterion,
        execution.recompute,
        execution.chunk,
        scale * execution.gradientScale,
        execution.ranks);
  }

  /** Tells of images that were replaced, of each once. */
  private void tell(PreprocessedImages of, ViewBatch batch) {
    for (ViewBatch.Replaced replaced : batch.replaced()) {
      String id = of.images().get(replaced.image()).id();
      if (told.add(id)) {
        problems.accept("%s is left out: %s".formatted(id, replaced.reason()));
      }
    }
  }

  /** How many images ranks found that cannot be used; to be asked on all of them. */
  public int unusable() {
    return (int) execution.ranks.gather(told).stream().distinct().count();
  }

  @Override
  public Steps steps(long first, int count) {
    Share own = execution.ranks.share(settings.batch);
    ViewLoader loader = new ViewLoader(training, sampling, own, first, count, execution.workers);
    return new Steps() {
      @Override
      public Map<String, Double> next(double scale, GradSink sink) {
        ViewBatch batch = loader.next();
        tell(images, batch);
        ContrastiveStep.Result result = step(scale).run(batch.on(device, settings.negatives), sink);
        loader.recycle(batch);
        return figures(LOSS, result.loss(), ACCURACY, result.accuracy());
      }

      @Override
      public void close() {
        loader.close();
      }
    };
  }

  private static Map<String, Double> figures(
      String loss, double lossValue, String accuracy, double accuracyValue) {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(loss, lossValue);
    figures.put(accuracy, accuracyValue);
    return figures;
  }

  @Override
  public Optional<Map<String, Double>> measure(int epoch, BooleanSupplier stop) {
    return heldOut.isEmpty() ? Optional.of(Map.of()) : measure(heldOut.get(), stop);
  }

  private Optional<Map<String, Double>> measure(PreprocessedImages held, BooleanSupplier stop) {
    PatchSource source = held.patches();
    int batch = Math.min(settings.batch, source.images());
    Collective ranks = execution.ranks;
    int batches = source.images() / batch;
    long seed = Integer.toUnsignedLong(Philox.of(settings.seed, "held-out views").bits(0));
    double loss = 0;
    double accuracy = 0;
    try (ViewLoader loader =
        new ViewLoader(
            source,
            settings.sampling(source.images(), batch, seed),
            ranks.share(batch),
            0,
            batches,
            execution.workers)) {
      while (loader.hasNext()) {
        if (stop.getAsBoolean()) {
          return Optional.empty();
        }
        ViewBatch views = loader.next();
        tell(held, views);
        ContrastiveStep.Result result = step(1).measure(views.on(device, settings.negatives));
        loader.recycle(views);
        loss += result.loss() / batches;
        accuracy += result.accuracy() / batches;
      }
    }
    double[] together = ranks.sum(loss, accuracy);
    return Optional.of(figures(HELD_OUT_LOSS, together[0], HELD_OUT_ACCURACY, together[1]));
  }
}
