package dev.larmor.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Adam;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.training.ForeignWeights;
import dev.larmor.models.training.Network;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Weights of the original implementations, in a checkpoint as they save it, give the original's
 * output: the network follows from the file alone.
 */
final class ImportedGoldenTest {
  @TempDir Path folder;

  private static Path resource(String name) throws URISyntaxException {
    return Path.of(ImportedGoldenTest.class.getResource(name).toURI());
  }

  @ParameterizedTest
  @CsvSource({
    "fivarnet_small, fivarnet_f2_i1_attn0_c8_s4",
    "fivarnet_attention, fivarnet_f2_i0_attn1_c8_s4",
    "varnet_small, varnet_i2_c8_s4"
  })
  void theOriginalsOutput(String name, String architecture) throws IOException, URISyntaxException {
    Python.assumeModules("numpy");
    Path checkpoint = folder.resolve("best_model.pt");
    Python.run(
        Files.readString(resource("checkpoint/make.py")),
        resource("/golden/" + name + ".safetensors"),
        checkpoint);
    try (ForeignWeights weights = ForeignWeights.open(checkpoint);
        GoldenFile golden = new GoldenFile(name);
        Device device = Device.open("cpu");
        Network network = Network.place(device, weights.config(), 1);
        Adam adam = new Adam(network.model().parameters(), Adam.Config.adam(0.9, 0.999))) {
      assertEquals(architecture, network.config().architecture());
      weights.load(network);
      assertTrue(weights.load(network, adam), "the optimiser's state");
      assertEquals(8, adam.steps());
      // The script makes every mean half its weight: so each must have come to its own parameter.
      network.model().parameters().stream()
          .filter(parameter -> !parameter.frozen())
          .forEach(parameter -> {
            float[] weight = parameter.value().toFloats();
            float[] mean = adam.state().get(parameter.name() + ".m").toFloats();
            float[] square = adam.state().get(parameter.name() + ".v").toFloats();
            for (int i = 0; i < weight.length; i++) {
              assertEquals(weight[i] / 2, mean[i], 0, parameter.name());
              assertEquals(weight[i] * weight[i], square[i], 0, parameter.name());
            }
          });
      double[] output = golden.get("output");
      double[] found = Scope.run(() -> reconstruct(network, golden));
      double difference = 0;
      double norm = 0;
      for (int i = 0; i < output.length; i++) {
        difference += (found[i] - output[i]) * (found[i] - output[i]);
        norm += output[i] * output[i];
      }
      assertTrue(Math.sqrt(difference / norm) < 1e-4, "off by " + Math.sqrt(difference / norm));
    }
  }

  private static double[] reconstruct(Network network, GoldenFile golden) {
    long[] shape = golden.shape("kspace");
    double[] kspace = golden.get("kspace");
    double[] slice = Arrays.copyOf(kspace, kspace.length / (int) shape[0]);
    double[] mask = golden.get("mask");
    float[] columns = new float[mask.length];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = (float) mask[i];
    }
    int size = (int) golden.shape("output")[1];
    return network
        .model()
        .reconstruct(
            network
                .device()
                .fromDoubles(TensorSpec.of(DType.C64, shape[1], shape[2], shape[3]), slice),
            SamplingMask.of(columns),
            size,
            size)
        .toDoubles();
  }
}
