package dev.larmor.models.checkpoint;

import dev.larmor.models.data.DataException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * Reads the pickle inside a PyTorch file, {@code data.pkl}, as data.
 *
 * <p>A pickle is a program for a stack machine that may name any function of Python and call it.
 * Here there is nothing to call: the few names that checkpoints need stand for cases of a switch
 * ({@link Known}), any other name is refused, and so is every instruction that {@code torch.save}
 * does not write. What comes out is
 *
 * <ul>
 *   <li>None, numbers and text as null, Boolean, Long, BigInteger, Double and String,
 *   <li>dictionaries as {@code LinkedHashMap}, lists as {@code ArrayList}, sets as {@code
 *       LinkedHashSet}, tuples and torch.Size as {@link Tuple}, bytes as {@code byte[]},
 *   <li>tensors as {@link PyTorchTensor}, paths and devices as text, argparse.Namespace as {@link
 *       Namespace}, numpy's scalars as numbers.
 * </ul>
 *
 * <p>Files from elsewhere may be hostile. Nothing here recurses; each instruction and each value
 * copied counts against {@link #MAX_WORK}, so neither a small file that copies a list a million
 * times nor a large one of empty dictionaries runs out of memory; and no container is compared or
 * hashed, since containers may hold themselves.
 */
final class Unpickler {
  /** The longest pickle read; that of the published network with its optimiser takes 0.2 MB. */
  static final int MAX_BYTES = 16 << 20;

  /** Instructions and copied values; the published network with its optimiser takes 30,000. */
  private static final int MAX_WORK = 1_000_000;

  private static final int MAX_RANK = 64;
  private static final int MAX_KEY_CHARS = 1 << 16;
  private static final int MAX_NUMBER_BYTES = 255;
  private static final Object MARK = new Object();

  /** A tuple. It is equal to itself alone. */
  static final class Tuple {
    private final Object[] items;

    private Tuple(Object... items) {
      this.items = items;
    }

    Object get(int index) {
      return items[index];
    }

    int size() {
      return items.length;
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
  private record Storage(ElementType type, String key, long elements) {}

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

  private final Path file;
  private final ByteBuffer in;
  private final ToLongFunction<String> storageBytes;
  private final List<Object> stack = new ArrayList<>();
  private final Map<Integer, Object> memo = new HashMap<>();
  private int work;
  private int instruction;

  private Unpickler(Path file, byte[] pickle, ToLongFunction<String> storageBytes) {
    this.file = file;
    this.in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    this.storageBytes = storageBytes;
  }

  /**
   * The pickled value.
   *
   * @param file what messages name
   * @param storageBytes the bytes that the archive has for the storage of a key, negative for none
   * @throws DataException if the pickle is damaged, too large, or asks for anything but data
   */
  static Object read(Path file, byte[] pickle, ToLongFunction<String> storageBytes) {
    return new Unpickler(file, pickle, storageBytes).run();
  }

  private Object run() {
    while (true) {
      instruction = in.position();
      charge(1);
      int opcode = u8();
      if (opcode == '.') {
        return pop();
      }
      execute(opcode);
    }
  }

  private void execute(int opcode) {
    switch (opcode) {
      case 0x80 -> protocol(u8());
      case 0x95 -> take(8); // a frame's length
      case '(' -> stack.add(MARK);
      case '0' -> pop();
      case '1' -> toMark();
      case '2' -> stack.add(top());
      case 'N' -> stack.add(null);
      case 0x88 -> stack.add(true);
      case 0x89 -> stack.add(false);
      case 'J' -> stack.add((long) i32());
      case 'K' -> stack.add((long) u8());
      case 'M' -> stack.add((long) (u8() | u8() << 8));
      case 0x8A -> stack.add(integer(take(u8())));
      case 0x8B -> stack.add(integer(take(length(MAX_NUMBER_BYTES))));
      case 'G' -> stack.add(ByteBuffer.wrap(take(8)).getDouble()); // the one big-endian number
      case 'X' -> stack.add(text(length(MAX_BYTES)));
      case 0x8C -> stack.add(text(u8()));
      case 0x8D -> stack.add(text(length8()));
      case 'U' -> stack.add(new String(take(u8()), StandardCharsets.ISO_8859_1));
      case 'T' -> stack.add(new String(take(length(MAX_BYTES)), StandardCharsets.ISO_8859_1));
      case 'C' -> stack.add(take(u8()));
      case 'B' -> stack.add(take(length(MAX_BYTES)));
      case 0x8E, 0x96 -> stack.add(take(length8()));
      case ']' -> stack.add(new ArrayList<>());
      case '}' -> stack.add(new LinkedHashMap<>());
      case 0x8F -> stack.add(new LinkedHashSet<>());
      case ')' -> stack.add(new Tuple());
      case 't' -> stack.add(new Tuple(toMark()));
      case 0x85 -> stack.add(new Tuple(pop()));
      case 0x86 -> pair();
      case 0x87 -> triple();
      case 'a' -> append(pop());
      case 'e' -> append(toMark());
      case 's' -> setItem();
      case 'u' -> setItems(toMark());
      case 0x90 -> addItems(toMark());
      case 0x91 -> stack.add(set(toMark()));
      case 'q' -> memo.put(u8(), top());
      case 'r' -> memo.put(i32(), top());
      case 0x94 -> memo.put(memo.size(), top());
      case 'h' -> stack.add(recall(u8()));
      case 'j' -> stack.add(recall(i32()));
      case 'c' -> stack.add(global(line(), line()));
      case 0x93 -> stackGlobal();
      case 'R' -> reduce();
      case 0x81 -> newObject();
      case 'b' -> build(pop());
      case 'Q' -> stack.add(storage(pop()));
      default -> throw refused("has instruction 0x%02x, which no tensor needs".formatted(opcode));
    }
  }

  // Reading.

  private byte[] take(int count) {
    if (count > in.remaining()) {
      throw damaged("it ends within an instruction");
    }
    byte[] bytes = new byte[count];
    in.get(bytes);
    return bytes;
  }

  private int u8() {
    if (!in.hasRemaining()) {
      throw damaged("it ends without a value");
    }
    return in.get() & 0xFF;
  }

  private int i32() {
    if (in.remaining() < 4) {
      throw damaged("it ends within an instruction");
    }
    return in.getInt();
  }

  private int length(int most) {
    int length = i32();
    if (length < 0 || length > most) {
      throw damaged("a value of " + Integer.toUnsignedString(length) + " bytes");
    }
    return length;
  }

  private int length8() {
    long length = ByteBuffer.wrap(take(8)).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 0 || length > MAX_BYTES) {
      throw damaged("a value of " + Long.toUnsignedString(length) + " bytes");
    }
    return (int) length;
  }

  private String text(int bytes) {
    return new String(take(bytes), StandardCharsets.UTF_8);
  }

  private String line() {
    StringBuilder line = new StringBuilder();
    for (int c = u8(); c != '\n'; c = u8()) {
      line.append((char) c);
    }
    return line.toString();
  }

  private static Object integer(byte[] littleEndian) {
    byte[] bigEndian = new byte[littleEndian.length + 1];
    for (int i = 0; i < littleEndian.length; i++) {
      bigEndian[littleEndian.length - i] = littleEndian[i];
    }
    if (littleEndian.length > 0) {
      bigEndian[0] = (byte) (littleEndian[littleEndian.length - 1] >> 7);
    }
    BigInteger value = new BigInteger(bigEndian);
    return value.bitLength() < 64 ? (Object) value.longValue() : value;
  }

  private void protocol(int version) {
    if (version > 5) {
      throw refused("is of pickle protocol " + version + ", newest known is 5");
    }
  }

  // The stack.

  private Object top() {
    if (stack.isEmpty() || stack.getLast() == MARK) {
      throw damaged("a value is missing");
    }
    return stack.getLast();
  }

  private Object pop() {
    Object top = top();
    stack.removeLast();
    return top;
  }

  /** Takes all values down to the last mark, and the mark. */
  private Object[] toMark() {
    int mark = stack.size() - 1;
    while (mark >= 0 && stack.get(mark) != MARK) {
      mark--;
    }
    if (mark < 0) {
      throw damaged("a mark is missing");
    }
    List<Object> above = stack.subList(mark + 1, stack.size());
    Object[] items = above.toArray();
    stack.subList(mark, stack.size()).clear();
    return items;
  }

  private Object recall(int index) {
    Object value = memo.get(index);
    if (value == null && !memo.containsKey(index)) {
      throw damaged("value " + Integer.toUnsignedString(index) + " is used before it is there");
    }
    return value;
  }

  private void pair() {
    Object second = pop();
    stack.add(new Tuple(pop(), second));
  }

  private void triple() {
    Object third = pop();
    Object second = pop();
    stack.add(new Tuple(pop(), second, third));
  }

  @SuppressWarnings("unchecked") // what is not a Map<Object, Object> here is not made by this class
  private Map<Object, Object> dictionary(Object value) {
    if (!(value instanceof LinkedHashMap<?, ?> map)) {
      throw damaged("an entry is set in what is no dictionary");
    }
    return (Map<Object, Object>) map;
  }

  @SuppressWarnings("unchecked") // likewise
  private List<Object> list(Object value) {
    if (!(value instanceof ArrayList<?> list)) {
      throw damaged("a value is appended to what is no list");
    }
    return (List<Object>) list;
  }

  private void append(Object... items) {
    list(top()).addAll(Arrays.asList(items));
  }

  private void setItem() {
    Object value = pop();
    Object key = pop();
    dictionary(top()).put(key(key), value);
  }

  private void setItems(Object... items) {
    Map<Object, Object> target = dictionary(top());
    if (items.length % 2 != 0) {
      throw damaged("a key has no value");
    }
    for (int i = 0; i < items.length; i += 2) {
      target.put(key(items[i]), items[i + 1]);
    }
  }

  @SuppressWarnings("unchecked") // likewise
  private void addItems(Object... items) {
    if (!(top() instanceof LinkedHashSet<?> set)) {
      throw damaged("a value is added to what is no set");
    }
    for (Object item : items) {
      ((Set<Object>) set).add(key(item));
    }
  }

  private Set<Object> set(Object... items) {
    Set<Object> set = new LinkedHashSet<>();
    for (Object item : items) {
      set.add(key(item));
    }
    return set;
  }

  /** What may be a key: nothing whose hash looks into other values or takes long. */
  private Object key(Object key) {
    return switch (key) {
      case null -> null;
      case String text when text.length() <= MAX_KEY_CHARS -> text;
      case Boolean _, Long _, Double _, BigInteger _, Tuple _ -> key;
      default -> throw damaged("a key is neither text nor a number");
    };
  }

  // What stands for Python's functions and classes.

  private Object global(String module, String name) {
    String full = MODULES.getOrDefault(module, module) + "." + name;
    Object known = GLOBALS.get(full);
    if (known == null) {
      throw refused(
          "refers to " + shown(full) + ", which is neither a tensor nor a plain container");
    }
    return known;
  }

  private void stackGlobal() {
    if (pop() instanceof String name && pop() instanceof String module) {
      stack.add(global(module, name));
    } else {
      throw damaged("a name is no text");
    }
  }

  private void reduce() {
    Tuple arguments = tuple(pop());
    Object callee = pop();
    if (!(callee instanceof Known known)) {
      throw refused("calls what is no function");
    }
    stack.add(call(known, arguments));
  }

  private void newObject() {
    Tuple arguments = tuple(pop());
    if (pop() != Known.NAMESPACE || arguments.size() != 0) {
      throw refused("makes an object that is neither a tensor nor a plain container");
    }
    stack.add(new Namespace());
  }

  private Object call(Known callee, Tuple arguments) {
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
      case NAMESPACE -> throw refused("calls argparse.Namespace");
      case POSIX_PATH, PATH, PURE_POSIX_PATH -> path(arguments, '/');
      case WINDOWS_PATH, PURE_WINDOWS_PATH -> path(arguments, '\\');
      case NUMPY_TYPE -> new NumpyType(argument(arguments, 0, String.class));
      case NUMPY_SCALAR -> number(arguments);
    };
  }

  private void build(Object state) {
    switch (top()) {
      case Namespace namespace when state instanceof LinkedHashMap<?, ?> options -> {
        charge(options.size());
        namespace.options.putAll(options);
      }
      case NumpyType type when state instanceof Tuple t && t.size() > 1 ->
          type.order = ">".equals(t.get(1)) ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      case LinkedHashMap<?, ?> _ -> {
        // An OrderedDict's own attributes: a state dict's versions of its modules.
      }
      case null, default -> throw refused("sets the state of an object");
    }
  }

  private Tuple tuple(Object value) {
    if (!(value instanceof Tuple tuple)) {
      throw damaged("arguments are no tuple");
    }
    return tuple;
  }

  private <T> T argument(Tuple arguments, int index, Class<T> type) {
    if (index >= arguments.size() || !type.isInstance(arguments.get(index))) {
      throw damaged("a call without the " + type.getSimpleName() + " it needs");
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
            charge(list.size());
            yield list.toArray();
          }
          case Tuple tuple -> tuple.items;
          case null, default -> throw damaged("a call without the list it needs");
        };
    charge(items.length);
    return items;
  }

  private Map<Object, Object> orderedDictionary(Tuple arguments) {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (Object item : items(arguments)) {
      Object[] pair = items(new Tuple(item));
      if (pair.length != 2) {
        throw damaged("an entry of a dictionary is no pair");
      }
      map.put(key(pair[0]), pair[1]);
    }
    return map;
  }

  /** How protocol 2 writes bytes: as text of the same code points. */
  private byte[] encoded(Tuple arguments) {
    String text = argument(arguments, 0, String.class);
    String encoding = argument(arguments, 1, String.class);
    charge(text.length() / 16);
    Charset charset =
        switch (encoding) {
          case "latin1", "latin-1" -> StandardCharsets.ISO_8859_1;
          case "utf-8", "utf8" -> StandardCharsets.UTF_8;
          default -> throw refused("encodes text as " + shown(encoding));
        };
    return text.getBytes(charset);
  }

  /** A path of its parts, or a device's {@code cuda:0} of its type and number. */
  private String path(Tuple arguments, char separator) {
    StringBuilder path = new StringBuilder();
    for (Object part : arguments.items) {
      String text = part instanceof String || part instanceof Long ? part.toString() : null;
      if (text == null) {
        throw damaged("a part of a path is no text");
      }
      charge(1 + text.length() / 16);
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
      default -> throw refused("has a numpy scalar " + shown(found));
    };
  }

  private static Object unsigned(long bits) {
    return bits >= 0 ? (Object) bits : new BigInteger(Long.toUnsignedString(bits));
  }

  /** {@code ("storage", class, key, device, elements)}. */
  private Storage storage(Object id) {
    if (!(id instanceof Tuple t && t.size() == 5 && "storage".equals(t.get(0)))) {
      throw refused("refers to something outside that is no storage");
    }
    if (!(t.get(1) instanceof StorageClass storage
        && t.get(2) instanceof String key
        && t.get(4) instanceof Long elements)) {
      throw damaged("a storage is not described as one");
    }
    long declared;
    try {
      declared = storage.type.bytes(elements);
    } catch (ArithmeticException e) {
      throw damaged("a storage of " + elements + " " + storage.type, e);
    }
    long found = storageBytes.applyAsLong(key);
    if (elements < 0 || found < 0 || found != declared) {
      throw new DataException(
          "%s: storage '%s' is %s[%d], %s, but the archive has %s"
              .formatted(
                  file,
                  shown(key),
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
      throw damaged(
          "a tensor %s with strides %s from element %d of a storage of %d"
              .formatted(tensor, Arrays.toString(strides), offset, storage.elements));
    }
    return tensor;
  }

  private long[] extents(Tuple tuple) {
    if (tuple.size() > MAX_RANK) {
      throw damaged("a tensor of " + tuple.size() + " axes");
    }
    long[] extents = new long[tuple.size()];
    for (int axis = 0; axis < extents.length; axis++) {
      extents[axis] = argument(tuple, axis, Long.class);
    }
    return extents;
  }

  // Limits and messages.

  private void charge(int units) {
    work += units;
    if (work > MAX_WORK) {
      throw refused("takes more than " + MAX_WORK + " steps");
    }
  }

  private DataException damaged(String what) {
    return damaged(what, null);
  }

  private DataException damaged(String what, Throwable cause) {
    return new DataException(
        "%s: damaged: %s (byte %d of data.pkl)".formatted(file, what, instruction), cause);
  }

  private DataException refused(String what) {
    return new DataException(file + ": " + what + ": refused");
  }

  /** Text of the file in a message: a line of it, no control characters. */
  private static String shown(String text) {
    String start = text.length() > 100 ? text.substring(0, 100) + "…" : text;
    return start.replaceAll("\\p{C}", "?");
  }
}
