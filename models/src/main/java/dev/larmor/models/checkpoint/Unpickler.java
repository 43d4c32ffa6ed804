package dev.larmor.models.checkpoint;

import dev.larmor.models.checkpoint.PythonObjects.Tuple;
import dev.larmor.models.data.DataException;
import java.nio.ByteBuffer;
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
 * ({@link PythonObjects}), any other name is refused, and so is every instruction that {@code
 * torch.save} does not write. What comes out is
 *
 * <ul>
 *   <li>None, numbers and text as null, Boolean, Long, BigInteger, Double and String,
 *   <li>dictionaries as {@code LinkedHashMap}, lists as {@code ArrayList}, sets as {@code
 *       LinkedHashSet}, tuples and torch.Size as {@link Tuple}, bytes as {@code byte[]},
 *   <li>tensors as {@link PyTorchTensor}, paths and devices as text, argparse.Namespace as {@link
 *       PythonObjects.Namespace}, numpy's scalars as numbers.
 * </ul>
 *
 * <p>Files from elsewhere may be hostile. Nothing here recurses; each instruction and each value
 * copied counts against a limit ({@link PickleInput}), so neither a small file that copies a list a
 * million times nor a large one of empty dictionaries runs out of memory; and no container is
 * compared or hashed, since containers may hold themselves.
 */
final class Unpickler {
  private static final Object MARK = new Object();

  private final PickleInput in;
  private final PythonObjects objects;
  private final List<Object> stack = new ArrayList<>();
  private final Map<Integer, Object> memo = new HashMap<>();

  private Unpickler(PickleInput in, PythonObjects objects) {
    this.in = in;
    this.objects = objects;
  }

  /**
   * The pickled value.
   *
   * @param file what messages name
   * @param storageBytes the bytes that the archive has for the storage of a key, negative for none
   * @throws DataException if the pickle is damaged, too large, or asks for anything but data
   */
  static Object read(Path file, byte[] pickle, ToLongFunction<String> storageBytes) {
    PickleInput in = new PickleInput(file, pickle);
    return new Unpickler(in, new PythonObjects(in, storageBytes)).run();
  }

  private Object run() {
    while (true) {
      int opcode = in.next();
      if (opcode == '.') {
        return pop();
      }
      execute(opcode);
    }
  }

  private void execute(int opcode) {
    switch (opcode) {
      case 0x80 -> protocol(in.u8());
      case 0x95 -> in.take(8); // a frame's length
      case '(' -> stack.add(MARK);
      case '0' -> pop();
      case '1' -> toMark();
      case '2' -> stack.add(top());
      case 'N' -> stack.add(null);
      case 0x88 -> stack.add(true);
      case 0x89 -> stack.add(false);
      case 'J' -> stack.add((long) in.i32());
      case 'K' -> stack.add((long) in.u8());
      case 'M' -> stack.add((long) (in.u8() | in.u8() << 8));
      case 0x8A -> stack.add(in.integer(in.u8()));
      case 0x8B -> stack.add(in.integer(in.i32()));
      case 'G' -> stack.add(ByteBuffer.wrap(in.take(8)).getDouble()); // the one big-endian number
      case 'X' -> stack.add(in.text(in.length(PickleInput.MAX_BYTES)));
      case 0x8C -> stack.add(in.text(in.u8()));
      case 0x8D -> stack.add(in.text(in.length8()));
      case 'U' -> stack.add(new String(in.take(in.u8()), StandardCharsets.ISO_8859_1));
      case 'T' ->
          stack.add(
              new String(in.take(in.length(PickleInput.MAX_BYTES)), StandardCharsets.ISO_8859_1));
      case 'C' -> stack.add(in.take(in.u8()));
      case 'B' -> stack.add(in.take(in.length(PickleInput.MAX_BYTES)));
      case 0x8E, 0x96 -> stack.add(in.take(in.length8()));
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
      case 0x91 -> stack.add(objects.set(toMark()));
      case 'q' -> memo.put(in.u8(), top());
      case 'r' -> memo.put(in.i32(), top());
      case 0x94 -> memo.put(memo.size(), top());
      case 'h' -> stack.add(recall(in.u8()));
      case 'j' -> stack.add(recall(in.i32()));
      case 'c' -> stack.add(objects.global(in.line(), in.line()));
      case 0x93 -> stackGlobal();
      case 'R' -> reduce();
      case 0x81 -> newObject();
      case 'b' -> build();
      case 'Q' -> stack.add(objects.storage(pop()));
      default ->
          throw in.refused("has instruction 0x%02x, which no tensor needs".formatted(opcode));
    }
  }

  private void protocol(int version) {
    if (version > 5) {
      throw in.refused("is of pickle protocol " + version + ", newest known is 5");
    }
  }

  private Object top() {
    if (stack.isEmpty() || stack.getLast() == MARK) {
      throw in.damaged("a value is missing");
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
      throw in.damaged("a mark is missing");
    }
    List<Object> above = stack.subList(mark + 1, stack.size());
    Object[] items = above.toArray();
    stack.subList(mark, stack.size()).clear();
    return items;
  }

  private Object recall(int index) {
    Object value = memo.get(index);
    if (value == null && !memo.containsKey(index)) {
      throw in.damaged("value " + Integer.toUnsignedString(index) + " is used before it is there");
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
      throw in.damaged("an entry is set in what is no dictionary");
    }
    return (Map<Object, Object>) map;
  }

  @SuppressWarnings("unchecked") // likewise
  private List<Object> list(Object value) {
    if (!(value instanceof ArrayList<?> list)) {
      throw in.damaged("a value is appended to what is no list");
    }
    return (List<Object>) list;
  }

  private void append(Object... items) {
    list(top()).addAll(Arrays.asList(items));
  }

  private void setItem() {
    Object value = pop();
    Object key = pop();
    dictionary(top()).put(objects.key(key), value);
  }

  private void setItems(Object... items) {
    Map<Object, Object> target = dictionary(top());
    if (items.length % 2 != 0) {
      throw in.damaged("a key has no value");
    }
    for (int i = 0; i < items.length; i += 2) {
      target.put(objects.key(items[i]), items[i + 1]);
    }
  }

  @SuppressWarnings("unchecked") // likewise
  private void addItems(Object... items) {
    if (!(top() instanceof LinkedHashSet<?> set)) {
      throw in.damaged("a value is added to what is no set");
    }
    for (Object item : items) {
      ((Set<Object>) set).add(objects.key(item));
    }
  }

  private void stackGlobal() {
    if (pop() instanceof String name && pop() instanceof String module) {
      stack.add(objects.global(module, name));
    } else {
      throw in.damaged("a name is no text");
    }
  }

  private void reduce() {
    Tuple arguments = tuple(pop());
    stack.add(objects.call(pop(), arguments));
  }

  private void build() {
    Object state = pop();
    objects.build(top(), state);
  }

  private void newObject() {
    Tuple arguments = tuple(pop());
    stack.add(objects.make(pop(), arguments));
  }

  private Tuple tuple(Object value) {
    if (!(value instanceof Tuple tuple)) {
      throw in.damaged("arguments are no tuple");
    }
    return tuple;
  }
}
