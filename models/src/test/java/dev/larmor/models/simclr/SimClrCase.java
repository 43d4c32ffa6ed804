package dev.larmor.models.simclr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Recorder;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Axpy;
import dev.larmor.models.ActivationSigns;
import dev.larmor.models.resenc.ResidualEncoder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** A network with the reference's weights and two views, and what the reference makes of them. */
final class SimClrCase implements AutoCloseable {
  private final String name;
  private final JsonNode golden;
  private final ResidualEncoder.Config encoder;
  private final Device device;
  final SimClr network;
  final Tensor first;
  final Tensor second;

  SimClrCase(
      String name,
      SimClr.Config config,
      Device device,
      int batch,
      int edge,
      double[] first,
      double[] second) {
    this.name = name;
    this.golden = read(name);
    this.encoder = config.encoder();
    this.device = device;
    network = new SimClr(config);
    network.place(device, Philox.of(1, "overwritten"));
    TensorSpec views = TensorSpec.of(DType.F32, batch, 1, edge, edge, edge);
    this.first = Scope.run(() -> device.fromDoubles(views, first));
    this.second = Scope.run(() -> device.fromDoubles(views, second));
    fill();
  }

  private static JsonNode read(String name) {
    String path = "/golden/simclr/" + name + ".json";
    try (InputStream in = SimClrCase.class.getResourceAsStream(path)) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of the loss in the formula case: the first view's row 0 and the second's row 3. */
  static double[][] ntXentGradients() {
    JsonNode formula = read("ntxent").get("case1");
    return new double[][] {
      doubles(formula.get("grad_zi_row0")), doubles(formula.get("grad_zj_row3"))
    };
  }

  /** The reference's portable random numbers in (−1, 1). */
  static double[] values(long tensor, int count) {
    double[] values = new double[count];
    for (int k = 0; k < count; k++) {
      long z = k + (tensor << 32) + 0x9E3779B97F4A7C15L;
      z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
      z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
      z ^= z >>> 31;
      values[k] = 2 * ((z >>> 11) * 0x1p-53) - 1;
    }
    return values;
  }

  /** Cubes enlarged by trilinear interpolation between pixel centres, times 2. */
  static double[] enlarged(double[] cubes, int batch, int from, int to) {
    double[] large = new double[batch * to * to * to];
    int i = 0;
    for (int n = 0; n < batch; n++) {
      for (int z = 0; z < to; z++) {
        for (int y = 0; y < to; y++) {
          for (int x = 0; x < to; x++) {
            large[i++] = 2 * at(cubes, n, from, (double) from / to, z, y, x);
          }
        }
      }
    }
    return large;
  }

  private static double at(double[] cubes, int n, int from, double step, int z, int y, int x) {
    double sum = 0;
    double[] place = {
      Math.max(0, (z + 0.5) * step - 0.5),
      Math.max(0, (y + 0.5) * step - 0.5),
      Math.max(0, (x + 0.5) * step - 0.5)
    };
    for (int corner = 0; corner < 8; corner++) {
      double weight = 1;
      int index = n;
      for (int axis = 0; axis < 3; axis++) {
        int low = (int) place[axis];
        double share = place[axis] - low;
        boolean high = (corner >> axis & 1) == 1;
        weight *= high ? share : 1 - share;
        index = index * from + Math.min(from - 1, high ? low + 1 : low);
      }
      sum += weight * cubes[index];
    }
    return sum;
  }

  private void fill() {
    JsonNode list = golden.get("param_list");
    List<Parameter> parameters = network.parameters();
    assertEquals(list.size(), parameters.size());
    for (int t = 0; t < parameters.size(); t++) {
      Parameter parameter = parameters.get(t);
      assertEquals(list.get(t).get(0).asText(), parameter.name());
      long[] shape =
          StreamSupport.stream(list.get(t).get(1).spliterator(), false)
              .mapToLong(JsonNode::asLong)
              .toArray();
      assertEquals(TensorSpec.of(DType.F32, shape), parameter.spec(), parameter.name());
      long elements = parameter.spec().shape().elements();
      double[] values = values(t, (int) elements);
      double scale = shape.length > 1 ? Math.sqrt(3.0 * shape[0] / elements) : 0.1;
      boolean one = shape.length == 1 && parameter.name().endsWith("norm.weight");
      for (int i = 0; i < values.length; i++) {
        values[i] = (one ? 1 : 0) + scale * values[i];
      }
      set(parameter, values);
    }
  }

  /** Gives a parameter these values, on ref the doubles themselves. */
  private void set(Parameter parameter, double[] values) {
    Tensor value = parameter.value();
    double[] missing = value.toDoubles();
    for (int i = 0; i < missing.length; i++) {
      missing[i] = values[i] - missing[i];
    }
    Scope.run(() -> new Axpy(1).applyAll(value, device.fromDoubles(value.spec(), missing)));
  }

  double number(String key) {
    return golden.get(key).asDouble();
  }

  double[] numbers(String key) {
    return doubles(golden.get(key));
  }

  private static double[] doubles(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false)
        .mapToDouble(JsonNode::asDouble)
        .toArray();
  }

  /** Mean and deviation of each stage's output for the first view. */
  void checkStages(double tolerance) {
    Scope.run(() -> {
      try (ResidualEncoder alone = new ResidualEncoder(encoder)) {
        alone.place(device, Philox.of(1, "overwritten"));
        copy(alone.parameters());
        Tensor[] stages = alone.apply(first);
        double[] means = numbers("stage_mean");
        double[] deviations = numbers("stage_std");
        assertEquals(means.length, stages.length);
        for (int s = 0; s < means.length; s++) {
          double sum = 0;
          double squares = 0;
          double[] values = stages[s].toDoubles();
          for (double v : values) {
            sum += v;
            squares += v * v;
          }
          double mean = sum / values.length;
          double n = values.length;
          double deviation = Math.sqrt(squares / n - mean * mean);
          assertEquals(means[s], mean, tolerance * means[s], "mean of stage " + s);
          assertEquals(deviations[s], deviation, tolerance * deviations[s], "stage " + s);
        }
      }
    });
  }

  private void copy(List<Parameter> encoderAlone) {
    List<Parameter> all = network.parameters();
    for (int i = 0; i < encoderAlone.size(); i++) {
      assertEquals(all.get(i).name(), "encoder." + encoderAlone.get(i).name());
      set(encoderAlone.get(i), all.get(i).value().toDoubles());
    }
  }

  /** The rows of a matrix, relative to its largest element. */
  void checkRows(String key, Tensor rows, double tolerance) {
    double largest = 0;
    for (JsonNode row : golden.get(key)) {
      for (double v : doubles(row)) {
        largest = Math.max(largest, Math.abs(v));
      }
    }
    double[] found = rows.toDoubles();
    int columns = rows.shape().size(1);
    for (int r = 0; r < golden.get(key).size(); r++) {
      double[] row = Arrays.copyOfRange(found, r * columns, (r + 1) * columns);
      assertArrayEquals(doubles(golden.get(key).get(r)), row, tolerance * largest, key);
    }
  }

  Tensor loss() {
    return NtXent.DEFAULT.loss(network.apply(first), network.apply(second)).loss();
  }

  /** The step's gradients; nothing is moved unless there are signs. */
  private Gradients gradients(Recompute recompute, Optional<ActivationSigns> signs) {
    Gradients gradients = new Gradients();
    try (Tape tape = new Tape(network.parameters(), recompute)) {
      Scope.run(() -> {
        Recorder recorder = signs.isPresent() ? signs.get().before(tape) : tape;
        Tensor loss = Recorder.with(recorder, this::loss);
        assertEquals(number("loss"), loss.item(), 1e-5 * number("loss"));
        tape.backward(loss, 1, gradients);
      });
    }
    return gradients;
  }

  /** Norms of all gradients: within the tolerance, or within {@code ofAll} of all together. */
  void checkGradients(double tolerance, double ofAll) {
    JsonNode expected = golden.get("grad_norm_per_tensor");
    double total = number("grad_total_norm");
    try (Gradients gradients = gradients(Recompute.NEVER, Optional.of(new ActivationSigns(name)))) {
      assertEquals(total, gradients.norm(), tolerance * total);
      for (Parameter parameter : network.parameters()) {
        double squares = 0;
        for (double g : gradients.of(parameter).toDoubles()) {
          squares += g * g;
        }
        double norm = expected.get(parameter.name()).asDouble();
        double error = Math.abs(Math.sqrt(squares) - norm);
        assertTrue(
            error <= Math.max(tolerance * norm, ofAll * total),
            "%s: norm %s, expected %s".formatted(parameter.name(), Math.sqrt(squares), norm));
      }
    }
  }

  /** Recomputing every block changes no bit. */
  void checkRecomputing() {
    try (Gradients kept = gradients(Recompute.NEVER, Optional.empty());
        Gradients recomputed = gradients(Recompute.ALWAYS, Optional.empty())) {
      for (Parameter parameter : network.parameters()) {
        assertArrayEquals(
            kept.of(parameter).toFloats(), recomputed.of(parameter).toFloats(), parameter.name());
      }
    }
  }

  @Override
  public void close() {
    network.close();
    first.close();
    second.close();
  }
}
