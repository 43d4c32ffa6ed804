package dev.larmor.models.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.engine.Device;
import dev.larmor.engine.Precision;
import dev.larmor.models.fivarnet.FiVarNet;
import dev.larmor.models.varnet.ModelConfig;
import dev.larmor.models.varnet.VarNet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class NetworkShapeTest {
  private static Map<String, long[]> shapes(ModelConfig config) {
    Map<String, long[]> shapes = new HashMap<>();
    try (Device device = Device.open("meta:cpu");
        Network network = Network.place(device, config, 0)) {
      network
          .model()
          .parameters()
          .forEach(parameter -> shapes.put(parameter.name(), parameter.spec().shape().dims()));
    }
    return shapes;
  }

  private static FiVarNet.Config fiVarNet(int cascades, int images, int pools, int stride) {
    return new FiVarNet.Config(cascades, images, 4, 3, pools, 2, 1, stride, 0, Precision.FP32);
  }

  @Test
  void everyNetworkIsKnownByItsWeights() {
    List<ModelConfig> configs =
        List.of(
            FiVarNet.Config.DEFAULT,
            VarNet.Config.DEFAULT,
            fiVarNet(1, 0, 1, 0),
            fiVarNet(11, 1, 2, 0),
            fiVarNet(1, 1, 1, 1),
            fiVarNet(5, 1, 3, 1),
            fiVarNet(5, 1, 3, 2),
            fiVarNet(5, 1, 3, 4),
            new VarNet.Config(1, 5, 2, 3, 3, 0, Precision.FP32));
    for (ModelConfig config : configs) {
      assertEquals(config, NetworkShape.of(shapes(config)));
    }
    // The first cascade's attention alone: any stride from the number of cascades on is the same.
    assertEquals(fiVarNet(3, 1, 1, 3), NetworkShape.of(shapes(fiVarNet(3, 1, 1, 7))));
  }

  @Test
  void damagedWeights() {
    Map<String, long[]> shapes = shapes(fiVarNet(1, 1, 1, 0));
    shapes.put("encoder.encoder.0.weight", new long[] {1L << 40, 2, 5, 5});
    assertEquals(
        "no convolution 'encoder.encoder.0.weight'",
        assertThrows(IllegalArgumentException.class, () -> NetworkShape.of(shapes)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> NetworkShape.of(Map.of()));
  }
}
