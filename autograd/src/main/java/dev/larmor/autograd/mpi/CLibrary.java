package dev.larmor.autograd.mpi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.larmor.engine.CollectiveException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** The C library's functions that no class of Java's offers as MPI needs them. */
@SuppressWarnings("restricted") // calling native code is the purpose
final class CLibrary {
  // Linux
  private static final int RTLD_LAZY = 1;
  private static final int RTLD_GLOBAL = 0x100;

  private static final MethodHandle SETENV =
      function("setenv", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
  private static final MethodHandle DLOPEN =
      function("dlopen", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
  private static final MethodHandle DLSYM =
      function("dlsym", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
  private static final MethodHandle DLERROR = function("dlerror", FunctionDescriptor.of(ADDRESS));
  private static final MethodHandle EXIT = function("_exit", FunctionDescriptor.ofVoid(JAVA_INT));

  private CLibrary() {}

  private static MethodHandle function(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
  }

  /**
   * Sets a variable that is not set, for the native code of this process: {@code System.getenv}
   * does not see it.
   */
  static void setEnvironment(String name, String value) {
    try (Arena arena = Arena.ofConfined()) {
      int _ = (int) SETENV.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
    } catch (Throwable t) {
      throw unchecked(t);
    }
  }

  /**
   * Loads a library whose symbols the libraries that it loads itself may use, as those of a program
   * that is linked against it. {@code SymbolLookup.libraryLookup} would keep them to itself, and
   * some of Open MPI's parts do not name the library that they need.
   *
   * @throws CollectiveException with the system's words
   */
  static SymbolLookup load(String library) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle =
          (MemorySegment) DLOPEN.invokeExact(arena.allocateFrom(library), RTLD_LAZY | RTLD_GLOBAL);
      if (handle.address() == 0) {
        MemorySegment words = (MemorySegment) DLERROR.invokeExact();
        throw new CollectiveException(words.reinterpret(Long.MAX_VALUE).getString(0));
      }
      return name -> find(handle, name);
    } catch (Throwable t) {
      throw unchecked(t);
    }
  }

  private static Optional<MemorySegment> find(MemorySegment library, String symbol) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address =
          (MemorySegment) DLSYM.invokeExact(library, arena.allocateFrom(symbol));
      return address.address() == 0 ? Optional.empty() : Optional.of(address);
    } catch (Throwable t) {
      throw unchecked(t);
    }
  }

  /** Ends this process at once: no hooks, no other thread is waited for. */
  static void exit(int code) {
    try {
      EXIT.invokeExact(code);
    } catch (Throwable t) {
      throw unchecked(t);
    }
  }

  /** What a native call threw, which is no checked exception. */
  static RuntimeException unchecked(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof RuntimeException exception
        ? exception
        : new IllegalStateException(thrown);
  }
}
