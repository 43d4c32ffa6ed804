package dev.larmor.kernels.cuda;

import java.util.ArrayList;
import java.util.List;

/** JCuda's objects by number, so that {@link Driver} needs none of its classes; 0 is none. */
final class Handles<T> {
  private final List<T> objects = new ArrayList<>();
  private final List<Integer> vacant = new ArrayList<>();

  long add(T object) {
    if (!vacant.isEmpty()) {
      int index = vacant.removeLast();
      objects.set(index, object);
      return index + 1L;
    }
    objects.add(object);
    return objects.size();
  }

  T get(long handle) {
    return objects.get(Math.toIntExact(handle) - 1);
  }

  T remove(long handle) {
    int index = Math.toIntExact(handle) - 1;
    T object = objects.set(index, null);
    vacant.add(index);
    return object;
  }

  /** Those that were not removed. */
  List<T> all() {
    return objects.stream().filter(object -> object != null).toList();
  }
}
