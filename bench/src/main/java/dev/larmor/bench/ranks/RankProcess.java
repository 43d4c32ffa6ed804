package dev.larmor.bench.ranks;

import dev.larmor.autograd.mpi.Launch;
import dev.larmor.autograd.mpi.MpiCollective;
import dev.larmor.bench.Timed;
import dev.larmor.bench.TimedEncoder;
import dev.larmor.bench.ranks.EmulatedStep.Timing;
import dev.larmor.bench.ranks.EmulatedStep.Way;
import dev.larmor.engine.Collective;
import dev.larmor.engine.CollectiveException;
import dev.larmor.engine.Precision;
import dev.larmor.models.simclr.SimClr;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One rank of a measurement, under mpirun or alone. Rank 0 prints lines {@code result NAME SECONDS}
 * for {@link RanksReport}.
 */
public final class RankProcess {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int GATHERS = 200;

  private final Collective ranks;

  private RankProcess(Collective ranks) {
    this.ranks = ranks;
  }

  /**
   * Runs one of
   *
   * <ul>
   *   <li>{@code allreduce BYTES:TIMES…}: bandwidth
   *   <li>{@code trace FILE IMAGES EDGE PRECISION THREADS}: writes when a real step's gradients
   *       come
   *   <li>{@code overlap TRACE STEPS}: a backward pass as long as the link's time for its gradients
   *   <li>{@code scaling TRACE TRACED IMAGES STEPS}: the emulated step of a batch, from the trace
   *       of one of {@code TRACED} images
   *   <li>{@code compute IMAGES EDGE PRECISION THREADS STEPS}: the real step of a batch
   * </ul>
   */
  public static void main(String[] args) {
    Optional<Launch> launch = Launch.of(System.getenv());
    Collective ranks =
        launch.isPresent() ? MpiCollective.open(launch.get(), LIMIT) : Collective.single();
    try {
      new RankProcess(ranks).run(args[0], List.of(args).subList(1, args.length));
      ranks.close();
    } catch (RuntimeException e) {
      e.printStackTrace();
      ranks.abort(1); // the others wait
      System.exit(1);
    }
  }

  private void run(String mode, List<String> args) {
    switch (mode) {
      case "allreduce" -> args.forEach(this::allReduce);
      case "trace" -> trace(args);
      case "overlap" -> overlap(StepTrace.read(Path.of(args.get(0))), number(args, 1));
      case "scaling" -> scaling(args);
      case "compute" -> compute(args);
      default -> throw new IllegalArgumentException("no measurement '" + mode + "'");
    }
  }

  private static int number(List<String> args, int i) {
    return Integer.parseInt(args.get(i));
  }

  private void say(String name, double seconds) {
    if (ranks.leads()) {
      System.out.printf(Locale.ROOT, "result %s %.9f%n", name, seconds);
    }
  }

  private MpiCollective mpi() {
    if (ranks instanceof MpiCollective mpi) {
      return mpi;
    }
    throw new CollectiveException("this measurement is one of several ranks: start it by mpirun");
  }

  private void allReduce(String size) {
    String[] words = size.split(":", 2);
    long bytes = Long.parseLong(words[0]);
    int times = Integer.parseInt(words[1]);
    say("allreduce/" + bytes + "/raw", AllReduce.raw(mpi(), bytes, times));
    say("allreduce/" + bytes + "/tensors", AllReduce.tensors(ranks, bytes, times));
  }

  private TimedEncoder encoder(List<String> args) {
    return new TimedEncoder(
        number(args, 0),
        number(args, 1),
        Precision.named(args.get(2)),
        Timed.DEVICE,
        number(args, 3),
        ranks);
  }

  private void trace(List<String> args) {
    try (TimedEncoder encoder = encoder(args.subList(1, args.size()))) {
      encoder.run(); // warms up
      StepTrace trace = StepTrace.of(encoder);
      trace.write(Path.of(args.getFirst()));
      say("trace/first", trace.arrivals().getFirst().seconds());
      say("trace/backward", trace.backward());
      say("trace/update", trace.update());
    }
  }

  private void overlap(StepTrace trace, int steps) {
    try (EmulatedStep step = new EmulatedStep(ranks, SimClr.Config.DEFAULT)) {
      step.exchange(); // warms up
      for (int i = 0; i < steps; i++) {
        double link = AllReduce.raw(mpi(), step.bytes(), 1);
        say("overlap/link", link);
        say("overlap/exchange", slowest(step.exchange()));
        StepTrace asLong = trace.backwardIn(link);
        say("overlap/alone", slowest(step.backward(asLong, Way.ALONE)));
        say("overlap/at-end", slowest(step.backward(asLong, Way.AT_END)));
        Timing overlapped = step.backward(asLong, Way.OVERLAPPED);
        say("overlap/overlapped", slowest(overlapped));
        say("overlap/waited", overlapped.waited());
      }
    }
  }

  private double slowest(Timing timing) {
    return AllReduce.slowest(ranks, timing.seconds());
  }

  private void scaling(List<String> args) {
    StepTrace trace = StepTrace.read(Path.of(args.getFirst()));
    int images = number(args, 2);
    double factor = ranks.share(images).count() / Double.parseDouble(args.get(1));
    StepTrace own = trace.times(factor);
    String name = "scaling/" + ranks.size() + "/";
    try (EmulatedStep step = new EmulatedStep(ranks, SimClr.Config.DEFAULT)) {
      step.exchange(); // warms up
      for (int i = 0; i < number(args, 3); i++) {
        Timing timing = step.whole(own, images);
        say(name + "step", slowest(timing));
        say(name + "waited", timing.waited());
      }
      say(name + "compute", own.end());
      if (ranks.size() > 1) {
        step.stage();
        say(name + "staging", step.stage());
        long start = System.nanoTime();
        for (int i = 0; i < GATHERS; i++) {
          ranks.gather(0.0, 0.0, 0.0);
        }
        say(name + "gather", since(start) / GATHERS);
        start = System.nanoTime();
        for (int i = 0; i < GATHERS; i++) {
          step.exchangeEmbeddings(ranks.shares(images));
        }
        say(name + "embeddings", since(start) / GATHERS);
      }
    }
  }

  private void compute(List<String> args) {
    try (TimedEncoder encoder = encoder(args)) {
      encoder.run(); // warms up
      for (int i = 0; i < number(args, 4); i++) {
        ranks.barrier();
        long start = System.nanoTime();
        encoder.run();
        say(
            "compute/%dx%s".formatted(ranks.size(), args.get(3)),
            AllReduce.slowest(ranks, since(start)));
      }
    }
  }

  private static double since(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }
}
