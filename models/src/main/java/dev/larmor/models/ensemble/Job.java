package dev.larmor.models.ensemble;

import dev.larmor.models.data.Sha256;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A volume to reconstruct.
 *
 * @param index of the volume in {@code input}
 * @param shares who reconstructs which of its slices: all slices, in order
 * @param file where the images go
 */
public record Job(VolumeSet input, int index, List<Share> shares, Path file) {
  /** The volume. */
  public Volume volume() {
    return input.volumes().get(index);
  }

  /** Whether the images are there. */
  public boolean done() {
    return Files.exists(file);
  }

  /** How many images networks make, those of all members counted. */
  public int images() {
    return shares.stream().mapToInt(share -> share.slices() * share.ensemble().size()).sum();
  }

  /** How many images are averaged at most for one. */
  public int members() {
    return shares.stream().mapToInt(share -> share.ensemble().size()).max().orElseThrow();
  }

  /** What the images are made with: the same text for the same networks, weights and slices. */
  public String source() {
    if (shares.stream().map(Share::ensemble).distinct().count() == 1
        && shares.getFirst().ensemble().size() == 1) {
      return shares.getFirst().ensemble().identity();
    }
    return Sha256.of(
        shares.stream()
            .map(share ->
                "%d to %d: %s".formatted(share.first(), share.end(), share.ensemble().identity()))
            .collect(Collectors.joining("\n")));
  }

  /** Jobs that use the same networks have the same. */
  public String route() {
    return shares.stream().map(share -> share.ensemble().name()).collect(Collectors.joining(" "));
  }
}
