package dev.larmor.models.ensemble;

import dev.larmor.models.data.Classifier;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet.SliceRange;
import dev.larmor.models.expert.Expert;
import dev.larmor.models.expert.Scenario;
import dev.larmor.models.expert.VolumeClass;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Decides which networks reconstruct a volume. */
@FunctionalInterface
public interface Routing {
  /**
   * The shares of a volume's slices: all slices, in order.
   *
   * @throws NoExpertException if there is none for some
   */
  List<Share> shares(Volume volume);

  /** One ensemble for everything. */
  static Routing to(Ensemble ensemble) {
    return volume -> List.of(new Share(volume, 0, volume.slices(), ensemble));
  }

  /**
   * Every slice to its expert: the class is told by the volume's own mask and its name or width,
   * the range by {@link Expert#part}. A scenario whose experts are of no class serves all classes.
   *
   * @param ensembles the members of an expert; asked once for each that is needed
   */
  static Routing to(Scenario scenario, Classifier rule, Function<Expert, Ensemble> ensembles) {
    List<Expert> experts = scenario.experts();
    boolean classes = experts.stream().anyMatch(expert -> expert.of().isPresent());
    int parts = scenario.parts();
    Map<Expert, Ensemble> known = new LinkedHashMap<>();
    return volume -> {
      Optional<VolumeClass> of =
          classes ? Optional.of(VolumeClass.of(volume, rule)) : Optional.empty();
      List<Share> shares = new ArrayList<>();
      for (int part = 0; part < parts; part++) {
        int first = firstSlice(part, volume.slices(), parts);
        int end = firstSlice(part + 1, volume.slices(), parts);
        if (first == end) {
          continue;
        }
        Expert expert = new Expert(of, new SliceRange(part, parts));
        if (!experts.contains(expert)) {
          throw new NoExpertException(
              "%s: is of class %s, but %s has no expert %s"
                  .formatted(volume.kspaceFile(), expert.label(), scenario.folder(), expert));
        }
        shares.add(new Share(volume, first, end, known.computeIfAbsent(expert, ensembles)));
      }
      return shares;
    };
  }

  /** The first slice that is routed to a part, or a later one. */
  private static int firstSlice(int part, int slices, int parts) {
    int slice = 0;
    while (slice < slices && Expert.part(slice, slices, parts) < part) {
      slice++;
    }
    return slice;
  }
}
