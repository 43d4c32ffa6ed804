package dev.larmor.models;

import dev.larmor.engine.Recorder;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Axpy;
import dev.larmor.engine.op.InstanceNormAct;
import dev.larmor.engine.op.InstanceNormAffineAct;
import dev.larmor.engine.op.LeakyRelu;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/**
 * The side of zero on which activations fell, in the original's run, that lie within rounding error
 * of it.
 *
 * <p>A leaky ReLU's slope jumps at zero. Of the millions of activations of a golden case, a few are
 * so close to it that single precision decides their side by rounding – the original's as well as
 * ours – and each moves all gradients before it by up to 1 %, ten times the tolerance. So the
 * gradient tests take that decision from the original (golden/signs.txt; nothing else is moved, and
 * these by less than 2e-5), and then agree to a twentieth of the tolerance. Rounding adds up with
 * depth: of SimCLR's published network the 6,436 signs up to 5e-5 are taken.
 */
public final class ActivationSigns {
  private final Map<String, Map<Integer, Boolean>> positive = new HashMap<>();
  private final Map<String, Integer> times = new HashMap<>();

  /** The signs of one golden case. */
  public ActivationSigns(String name) {
    read(name, "/golden/signs.txt", in -> in);
    String own = "/golden/simclr/" + name + ".signs.gz";
    if (ActivationSigns.class.getResource(own) != null) {
      read(name, own, GZIPInputStream::new);
    }
  }

  private interface Opening {
    InputStream of(InputStream in) throws IOException;
  }

  private void read(String name, String resource, Opening opening) {
    try (InputStream in = opening.of(ActivationSigns.class.getResourceAsStream(resource))) {
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> line.startsWith(name + " "))
          .map(line -> line.split(" "))
          .forEach(word ->
              positive
                  .computeIfAbsent(word[1], module -> new TreeMap<>())
                  .put(Integer.parseInt(word[2]), word[3].equals("+")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A recorder that sets the signs and then lets {@code tape} record. */
  public Recorder before(Recorder tape) {
    return (op, inputs, outputs) -> {
      switch (op) {
        case InstanceNormAct norm when norm.slope() < 1 ->
            set(outputs[0], outputs[0], (i, change) -> change);
        case InstanceNormAffineAct norm when norm.slope() < 1 -> setAffine(norm, inputs, outputs);
        case LeakyRelu _ -> set(inputs[0], inputs[0], (i, change) -> change);
        default -> {}
      }
      tape.record(op, inputs, outputs);
    };
  }

  /** Its reverse rule reads the input, so that is what moves. */
  private void setAffine(InstanceNormAffineAct norm, Tensor[] inputs, Tensor[] outputs) {
    set(
        outputs[0],
        inputs[0],
        (i, change) -> {
          int line = i / (int) inputs[0].shape().positions();
          double gamma = inputs[1].toDoubles()[line % inputs[1].shape().size(0)];
          double before = change > 0 ? change / norm.slope() : change; // of the activation
          return before / (gamma * outputs[2].toDoubles()[line]);
        });
  }

  private interface Move {
    /** How far element i of what moves goes, for its activation to change by so much. */
    double by(int i, double change);
  }

  /**
   * Moves what is on the wrong side of zero.
   *
   * @param activations whose sides are looked at
   * @param moved what the reverse rule reads
   */
  private void set(Tensor activations, Tensor moved, Move move) {
    // Where a module works more than once, each time has signs of its own.
    int time = times.merge(Scope.path(), 1, Integer::sum);
    String place = Scope.path() + (time == 1 ? "" : "#" + time);
    Map<Integer, Boolean> wanted = positive.getOrDefault(place, Map.of());
    double[] values = wanted.isEmpty() ? new double[0] : activations.toDoubles();
    double[] changes = new double[values.length];
    boolean changed = false;
    for (Map.Entry<Integer, Boolean> entry : wanted.entrySet()) {
      int i = entry.getKey();
      if (values[i] >= 0 != entry.getValue()) {
        changes[i] = move.by(i, (entry.getValue() ? 1e-9 : -1e-9) - values[i]);
        changed = true;
      }
    }
    if (changed) {
      Recorder.paused(() ->
          Scope.run(() ->
              new Axpy(1).applyAll(moved, moved.device().fromDoubles(moved.spec(), changes))));
    }
  }
}
