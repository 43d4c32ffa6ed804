package dev.larmor.models.checkpoint;

import dev.larmor.models.data.DataException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * What the functions and classes that a checkpoint names stand for: cases of a switch, each making
 * inert data of its arguments. Any other name is refused.
 */
final class PythonObjects {
  private static final int MAX_RANK = 64;
  private static final int MAX_KEY_CHARS = 1 << 16;

  /** A tuple. It is equal to itself alone. */
  static final class Tuple {
    private final Object[] items;

    Tuple(Object... items) {
      this.items = items;
    }

    Object get(int index) {
      return items[index];
    }

    int size() {
      return items.length;
    }

    Object[] items() {
      return items;
    }
  }

  /** What argparse makes of a command line. */
  static final class Namespace {
    private final Map<Object, Object> options = new LinkedHashMap<>();

    Map<Object, Object> options() {
      return options;
    }
  }

  /** A numpy element type: a letter, a size, and an order of bytes. */
  private static final class NumpyType {
    private final String code;
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;

    NumpyType(String code) {
      this.code = code;
    }
  }

  /** The class of a storage, by the type of its elements. */
  private record StorageClass(ElementType type) {}

  /** A storage: the entry of the archive that holds it, and its length. */
  record Storage(ElementType type, String key, long elements) {}

  /** The functions and classes that may be named, but for storages. */
  private enum Known {
    TENSOR("torch._utils._rebuild_tensor_v2"),
    PARAMETER("torch._utils._rebuild_parameter"),
    PARAMETER_WITH_STATE("torch._utils._rebuild_parameter_with_state"),
    TAGGED("torch.jit._pickle.restore_type_tag"), // libtorch's, a value and the name of its type
    SIZE("torch.Size"),
    DEVICE("torch.device"),
    ORDERED_DICT("collections.OrderedDict"),
    SET("builtins.set"),
    FROZEN_SET("builtins.frozenset"),
    BYTES("builtins.bytes"),
    BYTE_ARRAY("builtins.bytearray"),
    ENCODE("_codecs.encode"),
    NAMESPACE("argparse.Namespace"),
    POSIX_PATH("pathlib.PosixPath"),
    WINDOWS_PATH("pathlib.WindowsPath"),
    PATH("pathlib.Path"),
    PURE_POSIX_PATH("pathlib.PurePosixPath"),
    PURE_WINDOWS_PATH("pathlib.PureWindowsPath"),
    NUMPY_TYPE("numpy.dtype"),
    NUMPY_SCALAR("numpy.core.multiarray.scalar");

    private final String name;

    Known(String name) {
      this.name = name;
    }
  }

  /** Modules that other versions of Python, numpy and PyTorch call otherwise. */
  private static final Map<String, String> MODULES =
      Map.of(
          "__builtin__", "builtins",
          "pathlib._local", "pathlib",
          "numpy._core.multiarray", "numpy.core.multiarray");

  /** What each storage class is called, {@code torch.FloatStorage}. */
  static final Map<ElementType, String> STORAGES =
      Map.of(
          ElementType.F64, "DoubleStorage",
          ElementType.F32, "FloatStorage",
          ElementType.F16, "HalfStorage",
          ElementType.BF16, "BFloat16Storage",
          ElementType.I64, "LongStorage",
          ElementType.I32, "IntStorage",
          ElementType.I16, "ShortStorage",
          ElementType.I8, "CharStorage",
          ElementType.U8, "ByteStorage",
          ElementType.BOOL, "BoolStorage");

  /** Element types as values, say of an option: inert. */
  private static final Set<String> TYPES =
      Set.of(
          "torch.float64",
          "torch.float32",
          "torch.float16",
          "torch.bfloat16",
          "torch.int64",
          "torch.int32",
          "torch.int16",
          "torch.int8",
          "torch.uint8",
          "torch.bool");

  private static final Map<String, Object> GLOBALS = globals();

  private static Map<String, Object> globals() {
    Map<String, Object> globals = new HashMap<>();
    for (Known known : Known.values()) {
      globals.put(known.name, known);
    }
    STORAGES.forEach((type, name) -> globals.put("torch." + name, new StorageClass(type)));
    TYPES.forEach(type -> globals.put(type, type));
    return globals;
  }

  private final PickleInput in;
  private final ToLongFunction<String> storageBytes;

  /**
   * The objects of one pickle.
   *
   * @param storageBytes the bytes that the archive has for the storage of a key, negative for none
   */
  PythonObjects(PickleInput in, ToLongFunction<String> storageBytes) {
    this.in = in;
    this.storageBytes = storageBytes;
  }

  Set<Object> set(Object... items) {
    Set<Object> set = new LinkedHashSet<>();
    for (Object item : items) {
      set.add(key(item));
    }
    return set;
  }

  /** What may be a key: nothing whose hash looks into other values or takes long. */
  Object key(Object key) {
    return switch (key) {
      case null -> null;
      case String text when text.length() <= MAX_KEY_CHARS -> text;
      case Boolean _, Long _, Double _, BigInteger _, Tuple _ -> key;
      default -> throw in.damaged("a key is neither text nor a number");
    };
  }

  /** What a name stands for, or the sentence that refuses it. */
  Object global(String module, String name) {
    String full = MODULES.getOrDefault(module, module) + "." + name;
    Object known = GLOBALS.get(full);
    if (known == null) {
      throw in.refused(
          "refers to "
              + PickleInput.shown(full)
              + ", which is neither a tensor nor a plain container");
    }
    return known;
  }

  /** A new object of a class, without calling it. */
  Object make(Object type, Tuple arguments) {
    if (type != Known.NAMESPACE || arguments.size() != 0) {
      throw in.refused("makes an object that is neither a tensor nor a plain container");
    }
    return new Namespace();
  }

  /** What a call of a named function or class gives. */
  Object call(Object function, Tuple arguments) {
    if (!(function instanceof Known callee)) {
      throw in.refused("calls what is no function");
    }
    return switch (callee) {
      case TENSOR -> tensor(arguments);
      case PARAMETER, PARAMETER_WITH_STATE, TAGGED -> argument(arguments, 0, Object.class);
      case SIZE -> argument(arguments, 0, Tuple.class);
      case DEVICE -> path(arguments, ':');
      case ORDERED_DICT -> orderedDictionary(arguments);
      case SET, FROZEN_SET -> set(items(arguments));
      case BYTES, BYTE_ARRAY ->
          arguments.size() == 0 ? new byte[0] : argument(arguments, 0, byte[].class);
      case ENCODE -> encoded(arguments);
      case NAMESPACE -> throw in.refused("calls argparse.Namespace");
      case POSIX_PATH, PATH, PURE_POSIX_PATH -> path(arguments, '/');
      case WINDOWS_PATH, PURE_WINDOWS_PATH -> path(arguments, '\\');
      case NUMPY_TYPE -> new NumpyType(argument(arguments, 0, String.class));
      case NUMPY_SCALAR -> number(arguments);
    };
  }

  /** Sets an object's state: the one pickled beside it. */
  void build(Object object, Object state) {
    switch (object) {
      case Namespace namespace when state instanceof LinkedHashMap<?, ?> options -> {
        in.charge(options.size());
        namespace.options.putAll(options);
      }
      case NumpyType type when state instanceof Tuple t && t.size() > 1 ->
          type.order = ">".equals(t.get(1)) ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      case LinkedHashMap<?, ?> _ -> {
        // An OrderedDict's own attributes: a state dict's versions of its modules.
      }
      case null, default -> throw in.refused("sets the state of an object");
    }
  }

  private <T> T argument(Tuple arguments, int index, Class<T> type) {
    if (index >= arguments.size() || !type.isInstance(arguments.get(index))) {
      throw in.damaged("a call without the " + type.getSimpleName() + " it needs");
    }
    return type.cast(arguments.get(index));
  }

  /** The elements of a call's one argument, a list or tuple, or none. */
  private Object[] items(Tuple arguments) {
    if (arguments.size() == 0) {
      return new Object[0];
    }
    Object[] items =
        switch (arguments.get(0)) {
          case ArrayList<?> list -> {
            in.charge(list.size());
            yield list.toArray();
          }
          case Tuple tuple -> tuple.items;
          case null, default -> throw in.damaged("a call without the list it needs");
        };
    in.charge(items.length);
    return items;
  }

  private Map<Object, Object> orderedDictionary(Tuple arguments) {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (Object item : items(arguments)) {
      Object[] pair = items(new Tuple(item));
      if (pair.length != 2) {
        throw in.damaged("an entry of a dictionary is no pair");
      }
      map.put(key(pair[0]), pair[1]);
    }
    return map;
  }

  /** How protocol 2 writes bytes: as text of the same code points. */
  private byte[] encoded(Tuple arguments) {
    String text = argument(arguments, 0, String.class);
    String encoding = argument(arguments, 1, String.class);
    in.charge(text.length() / 16);
    Charset charset =
        switch (encoding) {
          case "latin1", "latin-1" -> StandardCharsets.ISO_8859_1;
          case "utf-8", "utf8" -> StandardCharsets.UTF_8;
          default -> throw in.refused("encodes text as " + PickleInput.shown(encoding));
        };
    return text.getBytes(charset);
  }

  /** A path of its parts, or a device's {@code cuda:0} of its type and number. */
  private String path(Tuple arguments, char separator) {
    StringBuilder path = new StringBuilder();
    for (Object part : arguments.items) {
      String text = part instanceof String || part instanceof Long ? part.toString() : null;
      if (text == null) {
        throw in.damaged("a part of a path is no text");
      }
      in.charge(1 + text.length() / 16);
      if (!path.isEmpty() && path.charAt(path.length() - 1) != separator) {
        path.append(separator);
      }
      path.append(text);
    }
    return path.toString();
  }

  private Object number(Tuple arguments) {
    NumpyType type = argument(arguments, 0, NumpyType.class);
    byte[] bytes = argument(arguments, 1, byte[].class);
    ByteBuffer value = ByteBuffer.wrap(bytes).order(type.order);
    String found = type.code + " of " + bytes.length + " bytes";
    return switch (found) {
      case "f8 of 8 bytes" -> value.getDouble();
      case "f4 of 4 bytes" -> (double) value.getFloat();
      case "f2 of 2 bytes" -> (double) Float.float16ToFloat(value.getShort());
      case "i8 of 8 bytes" -> value.getLong();
      case "i4 of 4 bytes" -> (long) value.getInt();
      case "i2 of 2 bytes" -> (long) value.getShort();
      case "i1 of 1 bytes" -> (long) value.get();
      case "u8 of 8 bytes" -> unsigned(value.getLong());
      case "u4 of 4 bytes" -> value.getInt() & 0xFFFF_FFFFL;
      case "u2 of 2 bytes" -> value.getShort() & 0xFFFFL;
      case "u1 of 1 bytes" -> value.get() & 0xFFL;
      case "b1 of 1 bytes" -> value.get() != 0;
      default -> throw in.refused("has a numpy scalar " + PickleInput.shown(found));
    };
  }

  private static Object unsigned(long bits) {
    return bits >= 0 ? (Object) bits : new BigInteger(Long.toUnsignedString(bits));
  }

  /** {@code ("storage", class, key, device, elements)}. */
  Storage storage(Object id) {
    if (!(id instanceof Tuple t && t.size() == 5 && "storage".equals(t.get(0)))) {
      throw in.refused("refers to something outside that is no storage");
    }
    if (!(t.get(1) instanceof StorageClass storage
        && t.get(2) instanceof String key
        && t.get(4) instanceof Long elements)) {
      throw in.damaged("a storage is not described as one");
    }
    long declared;
    try {
      declared = storage.type.bytes(elements);
    } catch (ArithmeticException e) {
      throw in.damaged("a storage of " + elements + " " + storage.type, e);
    }
    long found = storageBytes.applyAsLong(key);
    if (elements < 0 || found < 0 || found != declared) {
      throw new DataException(
          "%s: storage '%s' is %s[%d], %s, but the archive has %s"
              .formatted(
                  in.file(),
                  PickleInput.shown(key),
                  storage.type,
                  elements,
                  declared + " bytes",
                  found < 0 ? "none" : found + " bytes"));
    }
    return new Storage(storage.type, key, elements);
  }

  /** {@code (storage, offset, shape, strides, requires_grad, hooks)}. */
  private PyTorchTensor tensor(Tuple arguments) {
    Storage storage = argument(arguments, 0, Storage.class);
    long offset = argument(arguments, 1, Long.class);
    long[] shape = extents(argument(arguments, 2, Tuple.class));
    long[] strides = extents(argument(arguments, 3, Tuple.class));
    PyTorchTensor tensor =
        new PyTorchTensor(storage.type, storage.key, storage.elements, offset, shape, strides);
    if (!tensor.isWithinItsStorage()) {
      throw in.damaged(
          "a tensor %s with strides %s from element %d of a storage of %d"
              .formatted(tensor, Arrays.toString(strides), offset, storage.elements));
    }
    return tensor;
  }

  private long[] extents(Tuple tuple) {
    if (tuple.size() > MAX_RANK) {
      throw in.damaged("a tensor of " + tuple.size() + " axes");
    }
    long[] extents = new long[tuple.size()];
    for (int axis = 0; axis < extents.length; axis++) {
      extents[axis] = argument(tuple, axis, Long.class);
    }
    return extents;
  }
}
