package dev.larmor.models.ensemble;

import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Networks whose images are averaged.
 *
 * @param name the expert's, or {@code all}
 * @param members at least one, the weightiest first, so that who leaves members out starts from the
 *     end; their weights sum to 1
 */
public record Ensemble(String name, List<Member> members) {
  /**
   * Sorts members and scales their weights.
   *
   * @throws IllegalArgumentException if there is no member, or one twice
   */
  public Ensemble {
    if (members.isEmpty()) {
      throw new IllegalArgumentException("an ensemble needs a member");
    }
    Set<String> names = new HashSet<>();
    for (Member member : members) {
      if (!names.add(member.name())) {
        throw new IllegalArgumentException(member.name() + " is a member twice");
      }
    }
    double sum = members.stream().mapToDouble(Member::weight).sum();
    members =
        members.stream()
            .sorted(Comparator.comparingDouble(Member::weight).reversed())
            .map(member -> member.withWeight(member.weight() / sum))
            .toList();
  }

  /** How many members there are. */
  public int size() {
    return members.size();
  }

  /** The members' weights by their names, the weightiest first. */
  public Map<String, Double> weights() {
    Map<String, Double> weights = new LinkedHashMap<>();
    members.forEach(member -> weights.put(member.name(), member.weight()));
    return weights;
  }

  /** Tells this ensemble's images from all others'. */
  String identity() {
    return size() == 1
        ? members.getFirst().source().identity()
        : members.stream()
            .map(member -> member.weight() + " of " + member.source().identity())
            .collect(Collectors.joining("; "));
  }
}
