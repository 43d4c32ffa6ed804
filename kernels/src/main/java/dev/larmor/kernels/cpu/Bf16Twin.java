package dev.larmor.kernels.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Gives a class of loops a twin for BF16.
 *
 * <p>A loop over vectors is fast only if the compiler knows the element type: with a variable to
 * ask, vectors that meet behind the question become objects, at a tenth of the speed. A constant of
 * the class is known, so such a class says
 *
 * {@snippet :
 * private static final boolean BF16 = Bf16Twin.is(MethodHandles.lookup());
 * }
 *
 * and is loaded twice from the same class file: as the ordinary class, where the constant is false,
 * and as a hidden class (JEP 371), where it is true. Both have a profile and machine code of their
 * own.
 */
final class Bf16Twin {
  private Bf16Twin() {}

  /** Whether the class that asks is a twin. */
  static boolean is(MethodHandles.Lookup self) {
    try {
      return MethodHandles.classData(self, ConstantDescs.DEFAULT_NAME, Boolean.class) != null;
    } catch (IllegalAccessException e) {
      throw new AssertionError("a lookup of the class's own has full access", e);
    }
  }

  /** An instance of the twin of {@code original}, which has a constructor without parameters. */
  static <T> T of(MethodHandles.Lookup lookup, Class<? extends T> original, Class<T> as) {
    try (InputStream file = original.getResourceAsStream(original.getSimpleName() + ".class")) {
      MethodHandles.Lookup twin =
          lookup.defineHiddenClassWithClassData(file.readAllBytes(), true, true);
      return as.cast(
          twin.findConstructor(twin.lookupClass(), MethodType.methodType(void.class)).invoke());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Throwable e) {
      throw new AssertionError("the twin of " + original + " can not be made", e);
    }
  }
}
