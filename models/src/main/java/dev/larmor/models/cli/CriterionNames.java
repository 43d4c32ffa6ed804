package dev.larmor.models.cli;

import dev.larmor.models.loss.Criterion;
import java.util.Arrays;
import java.util.Iterator;

/** The losses, for help texts. */
final class CriterionNames implements Iterable<String> {
  @Override
  public Iterator<String> iterator() {
    return Arrays.stream(Criterion.values()).map(Criterion::label).iterator();
  }
}
