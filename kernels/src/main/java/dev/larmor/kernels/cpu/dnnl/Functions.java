package dev.larmor.kernels.cpu.dnnl;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * The C functions of oneDNN this backend calls, bound by the foreign function interface.
 *
 * <p>Pointers and handles travel as {@code long} (same register class as a pointer on every 64-bit
 * C ABI). The handful of functions called for every kernel are method handles of their own; the
 * others, which create and query objects, go through {@link Function#call}.
 *
 * <p>Reference: oneDNN 3.11 developer guide, C API ({@code dnnl.h}, {@code dnnl_types.h}).
 */
@SuppressWarnings("restricted") // calling native code is the purpose
final class Functions {

  // Values of dnnl_types.h.
  static final int ENGINE_KIND_CPU = 1;
  static final int STREAM_DEFAULT_FLAGS = 1;
  static final int FORMAT_TAG_ANY = 1;
  static final int FORWARD_TRAINING = 64;
  static final int CONVOLUTION_DIRECT = 1;
  static final int SCRATCHPAD_MODE_USER = 1;
  static final int FPMATH_MODE_STRICT = 0;

  static final int QUERY_IMPLEMENTATION = 8;
  static final int QUERY_DIFF_SRC = 130;
  static final int QUERY_WEIGHTS = 131;
  static final int QUERY_DIFF_WEIGHTS = 132;
  static final int QUERY_SCRATCHPAD = 136;

  static final int ARG_SRC = 1;
  static final int ARG_DST = 17;
  static final int ARG_WEIGHTS = 33;
  static final int ARG_BIAS = 41;
  static final int ARG_SCRATCHPAD = 80;
  static final int ARG_DIFF_SRC = 129;
  static final int ARG_DIFF_DST = 145;
  static final int ARG_DIFF_WEIGHTS = 161;

  private static final String[] STATUS = {
    "success",
    "out of memory",
    "invalid arguments",
    "unimplemented",
    "last implementation reached",
    "runtime error",
    "not required"
  };

  private static final MemoryLayout P = JAVA_LONG;
  private static final MemoryLayout I = JAVA_INT;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup SYMBOLS = Dnnl.symbols();

  static final Function ENGINE_CREATE = status("dnnl_engine_create", P, I, P);
  static final Function ENGINE_DESTROY = status("dnnl_engine_destroy", P);
  static final Function STREAM_CREATE = status("dnnl_stream_create", P, P, I);
  static final Function STREAM_DESTROY = status("dnnl_stream_destroy", P);

  static final Function ATTR_CREATE = status("dnnl_primitive_attr_create", P);
  static final Function ATTR_DESTROY = status("dnnl_primitive_attr_destroy", P);
  static final Function ATTR_SET_SCRATCHPAD_MODE =
      status("dnnl_primitive_attr_set_scratchpad_mode", P, I);
  static final Function ATTR_SET_FPMATH_MODE = status("dnnl_primitive_attr_set_fpmath_mode", P, I);

  static final Function MEMORY_DESC_CREATE_WITH_STRIDES =
      status("dnnl_memory_desc_create_with_strides", P, I, P, I, P);
  static final Function MEMORY_DESC_CREATE_WITH_TAG =
      status("dnnl_memory_desc_create_with_tag", P, I, P, I, I);
  static final Function MEMORY_DESC_CLONE = status("dnnl_memory_desc_clone", P, P);
  static final Function MEMORY_DESC_DESTROY = status("dnnl_memory_desc_destroy", P);
  static final Function MEMORY_DESC_GET_SIZE = value("dnnl_memory_desc_get_size", JAVA_LONG, P);
  static final Function MEMORY_DESC_EQUAL = value("dnnl_memory_desc_equal", JAVA_INT, P, P);

  static final Function MEMORY_CREATE = status("dnnl_memory_create", P, P, P, P);
  static final Function MEMORY_DESTROY = status("dnnl_memory_destroy", P);

  static final Function CONVOLUTION_FORWARD =
      status(
          "dnnl_convolution_forward_primitive_desc_create", P, P, I, I, P, P, P, P, P, P, P, P, P);
  static final Function CONVOLUTION_BACKWARD_DATA =
      status(
          "dnnl_convolution_backward_data_primitive_desc_create",
          P,
          P,
          I,
          P,
          P,
          P,
          P,
          P,
          P,
          P,
          P,
          P);
  static final Function CONVOLUTION_BACKWARD_WEIGHTS =
      status(
          "dnnl_convolution_backward_weights_primitive_desc_create",
          P,
          P,
          I,
          P,
          P,
          P,
          P,
          P,
          P,
          P,
          P,
          P,
          P);
  static final Function MATMUL = status("dnnl_matmul_primitive_desc_create", P, P, P, P, P, P, P);
  static final Function REORDER = status("dnnl_reorder_primitive_desc_create", P, P, P, P, P, P);

  static final Function PRIMITIVE_DESC_DESTROY = status("dnnl_primitive_desc_destroy", P);
  static final Function PRIMITIVE_DESC_QUERY = status("dnnl_primitive_desc_query", P, I, I, P);
  static final Function PRIMITIVE_DESC_QUERY_MD =
      value("dnnl_primitive_desc_query_md", JAVA_LONG, P, I, I);
  static final Function PRIMITIVE_CREATE = status("dnnl_primitive_create", P, P);
  static final Function PRIMITIVE_DESTROY = status("dnnl_primitive_destroy", P);

  static final Function SET_PRIMITIVE_CACHE_CAPACITY =
      status("dnnl_set_primitive_cache_capacity", I);
  static final Function VERSION = value("dnnl_version", JAVA_LONG);
  static final Function EFFECTIVE_CPU_ISA = value("dnnl_get_effective_cpu_isa", JAVA_INT);

  private static final Function MEMORY_SET_DATA_HANDLE =
      status("dnnl_memory_set_data_handle", P, P);
  private static final Function PRIMITIVE_EXECUTE = status("dnnl_primitive_execute", P, P, I, P);

  private static final MethodHandle SET_DATA_HANDLE = MEMORY_SET_DATA_HANDLE.handle;
  private static final MethodHandle EXECUTE = PRIMITIVE_EXECUTE.handle;
  private static final MethodHandle SET_NUM_THREADS =
      LINKER.downcallHandle(
          SYMBOLS.findOrThrow("omp_set_num_threads"), FunctionDescriptor.ofVoid(JAVA_INT));

  private Functions() {}

  /** Points a memory object at another address. */
  static void setDataHandle(long memory, long address) {
    try {
      MEMORY_SET_DATA_HANDLE.check((int) SET_DATA_HANDLE.invokeExact(memory, address));
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  /** Executes a primitive; on return it has finished. */
  static void execute(long primitive, long stream, int arguments, long argumentArray) {
    try {
      PRIMITIVE_EXECUTE.check(
          (int) EXECUTE.invokeExact(primitive, stream, arguments, argumentArray));
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  /** Sets how many OpenMP threads primitives created or executed by the calling thread may use. */
  static void setOpenMpThreads(int threads) {
    try {
      SET_NUM_THREADS.invokeExact(threads);
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  private static Function status(String name, MemoryLayout... parameters) {
    return new Function(name, JAVA_INT, true, parameters);
  }

  private static Function value(String name, MemoryLayout result, MemoryLayout... parameters) {
    return new Function(name, result, false, parameters);
  }

  private static RuntimeException unchecked(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof RuntimeException exception
        ? exception
        : new IllegalStateException(thrown); // a downcall handle throws no checked exception
  }

  /** A C function; {@link #call} boxes its arguments, so it is for set-up, not for every kernel. */
  static final class Function {
    private final String name;
    private final boolean returnsStatus;
    private final MethodHandle handle;

    private Function(
        String name, MemoryLayout result, boolean returnsStatus, MemoryLayout... parameters) {
      this.name = name;
      this.returnsStatus = returnsStatus;
      this.handle =
          LINKER.downcallHandle(
              SYMBOLS.findOrThrow(name), FunctionDescriptor.of(result, parameters));
    }

    /**
     * Calls the function.
     *
     * @return its result; 0 for a function that returns a status
     * @throws IllegalStateException if it returns a status other than success
     */
    long call(Object... arguments) {
      Number result;
      try {
        result = (Number) handle.invokeWithArguments(arguments);
      } catch (Throwable thrown) {
        throw unchecked(thrown);
      }
      if (returnsStatus) {
        check(result.intValue());
      }
      return result.longValue();
    }

    private void check(int status) {
      if (status != 0) {
        String meaning = status > 0 && status < STATUS.length ? STATUS[status] : "status " + status;
        throw new IllegalStateException("[oneDNN] " + name + " failed: " + meaning);
      }
    }

    @Override
    public String toString() {
      return name + Arrays.toString(handle.type().parameterArray());
    }
  }
}
