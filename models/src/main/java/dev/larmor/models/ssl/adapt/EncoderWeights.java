package dev.larmor.models.ssl.adapt;

import dev.larmor.autograd.Module;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.checkpoint.ElementType;
import dev.larmor.models.checkpoint.TensorSource;
import dev.larmor.models.data.DataException;
import dev.larmor.models.resenc.ResidualEncoder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** The encoder's tensors of an open file, by the names that the parameters have here. */
final class EncoderWeights {
  /** What all names of the encoder begin with. */
  static final String PREFIX = "encoder.";

  private static final String STEM = PREFIX + "stem.convs.0.conv.weight";
  private static final int CHANNEL_AXIS = 1;
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path file;
  private final Map<String, TensorSource> tensors;

  private EncoderWeights(Path file, Map<String, TensorSource> tensors) {
    this.file = file;
    this.tensors = tensors;
  }

  /**
   * The encoder's tensors among those of a file.
   *
   * @throws DataException if there are none, or the names of one have different values
   */
  static EncoderWeights of(Path file, Map<String, TensorSource> all) {
    Map<String, TensorSource> own = new LinkedHashMap<>();
    all.forEach((name, tensor) -> {
      String ownName = EncoderNames.own(name);
      if (ownName.startsWith(PREFIX)) {
        TensorSource first = own.putIfAbsent(ownName, tensor);
        if (first != null && !first.same(tensor)) {
          throw new DataException(
              "%s: tensors '%s' and '%s' are one in this network, but differ"
                  .formatted(file, first.name(), name));
        }
      }
    });
    if (own.isEmpty()) {
      throw new DataException(
          file + ": has no encoder: no tensor's name begins with '" + PREFIX + "'");
    }
    return new EncoderWeights(file, own);
  }

  /** See {@link PretrainedEncoder#config}. */
  ResidualEncoder.Config config(Precision precision) {
    TensorSource stem = tensors.get(STEM);
    if (stem == null || stem.shape().length != 5) {
      throw new DataException(
          "%s: is of no encoder known here: its tensor '%s' is %s, expected one of 5 axes"
              .formatted(file, STEM, stem == null ? "missing" : stem));
    }
    List<Integer> features = new ArrayList<>();
    List<Integer> blocks = new ArrayList<>();
    for (int s = 0; tensors.containsKey(first(s, 0)); s++) {
      int b = 1;
      while (tensors.containsKey(first(s, b))) {
        b++;
      }
      features.add(extent(tensors.get(first(s, 0)), 0));
      blocks.add(b);
    }
    if (features.isEmpty()) {
      throw new DataException(
          "%s: is of no encoder known here: it has no tensor '%s'".formatted(file, first(0, 0)));
    }
    ResidualEncoder.Config config =
        checked(extent(stem, CHANNEL_AXIS), features, blocks, precision);
    check(specs(config), "the encoder with features %s and blocks %s".formatted(features, blocks));
    return config;
  }

  /** The tensors in the order of an encoder's parameters. */
  Map<String, TensorSource> inOrder(ResidualEncoder.Config config) {
    Map<String, TensorSource> ordered = new LinkedHashMap<>();
    specs(config).keySet().forEach(name -> ordered.put(name, tensors.get(name)));
    return ordered;
  }

  /** An encoder's parameters, found on a device without memory. */
  private static Map<String, TensorSpec> specs(ResidualEncoder.Config config) {
    Map<String, TensorSpec> specs = new LinkedHashMap<>();
    try (Device device = Device.open("meta:cpu");
        ResidualEncoder encoder = new ResidualEncoder(config)) {
      encoder.place(device, Philox.of(0, "names"));
      encoder.parameters().forEach(p -> specs.put(PREFIX + p.name(), p.spec()));
    }
    return specs;
  }

  private ResidualEncoder.Config checked(
      int channels, List<Integer> features, List<Integer> blocks, Precision precision) {
    try {
      return new ResidualEncoder.Config(channels, features, blocks, precision);
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": is of no encoder known here: " + e.getMessage(), e);
    }
  }

  /** The name of a block's first weight. */
  private static String first(int stage, int block) {
    return PREFIX + "stages.%d.blocks.%d.conv1.conv.weight".formatted(stage, block);
  }

  private static int extent(TensorSource tensor, int axis) {
    return axis < tensor.shape().length ? (int) Math.min(tensor.shape()[axis], 1 << 20) : 0;
  }

  /** See {@link PretrainedEncoder#loadInto}. */
  void loadInto(Module network) {
    Map<String, Parameter> parameters = new LinkedHashMap<>();
    for (Parameter parameter : network.parameters()) {
      if (parameter.name().startsWith(PREFIX)) {
        parameters.put(parameter.name(), parameter);
      }
    }
    if (parameters.isEmpty()) {
      throw new IllegalArgumentException("the network has no encoder");
    }
    Map<String, TensorSpec> wanted = new LinkedHashMap<>();
    parameters.forEach((name, parameter) -> wanted.put(name, parameter.spec()));
    if (wanted.containsKey(STEM)) {
      tensors.computeIfPresent(
          STEM, (name, stem) -> repeated(stem, wanted.get(name).shape().size(CHANNEL_AXIS)));
    }
    check(wanted, "the network");
    parameters.forEach((name, parameter) -> tensors.get(name).copyTo(parameter.value()));
  }

  /** The first kernel for so many equal channels, if it is for one. */
  private static TensorSource repeated(TensorSource stem, int channels) {
    long[] shape = stem.shape().clone();
    if (channels == 1
        || shape.length != 5
        || shape[CHANNEL_AXIS] != 1
        || !stem.type().isFloating()) {
      return stem;
    }
    shape[CHANNEL_AXIS] = channels;
    int taps = (int) (shape[2] * shape[3] * shape[4]);
    return new TensorSource(
        stem.name(), ElementType.F32, shape, () -> repeated(stem, taps, channels));
  }

  private static MemorySegment repeated(TensorSource stem, int taps, int channels) {
    float[] one = stem.as(ElementType.F32).bytes().get().toArray(F32);
    MemorySegment all = MemorySegment.ofArray(new byte[Float.BYTES * one.length * channels]);
    for (int i = 0; i < one.length * channels; i++) {
      int out = i / (taps * channels);
      all.setAtIndex(F32, i, one[out * taps + i % taps] / channels);
    }
    return all;
  }

  private void check(Map<String, TensorSpec> wanted, String whose) {
    wanted.forEach((name, spec) -> {
      TensorSource tensor = tensors.get(name);
      if (tensor == null) {
        throw new DataException(
            "%s: has no tensor '%s', which is %s in %s".formatted(file, name, spec, whose));
      }
      if (!tensor.fits(spec)) {
        throw new DataException(
            "%s: tensor '%s' is %s, in %s it is %s"
                .formatted(file, tensor.name(), tensor, whose, spec));
      }
    });
    TreeSet<String> extra = new TreeSet<>(tensors.keySet());
    extra.removeAll(wanted.keySet());
    if (!extra.isEmpty()) {
      TensorSource tensor = tensors.get(extra.first());
      throw new DataException(
          "%s: has a tensor '%s' %s, which %s has not"
              .formatted(file, tensor.name(), tensor, whose));
    }
  }
}
