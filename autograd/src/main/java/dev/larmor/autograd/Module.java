package dev.larmor.autograd;

import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.TensorSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A part of a model: parameters and smaller parts, each under a name. Building a module costs no
 * memory; {@link #place} makes its parameters on a device.
 *
 * <p>Subclasses have forward methods of their own types, whose bodies run in {@link #scoped}: the
 * scope frees all that the method does not return, and names messages, memory and random streams by
 * the module's path. A module has a mode no more than a function has: dropout asks {@link Training}
 * whether a training step is in force.
 */
public abstract class Module implements AutoCloseable {
  private final Map<String, Object> members = new LinkedHashMap<>();
  private String name = "";

  /** Makes {@code module} a part of this one. */
  protected final <M extends Module> M child(String name, M module) {
    Module part = module;
    if (!part.name.isEmpty()) {
      throw new IllegalArgumentException("module " + name + " is already a part, as " + part.name);
    }
    register(name, module);
    part.name = name;
    return module;
  }

  /** Makes a parameter of this module. */
  protected final Parameter parameter(String name, TensorSpec spec, Init init) {
    Parameter parameter = new Parameter(spec, init);
    register(name, parameter);
    return parameter;
  }

  private void register(String name, Object member) {
    if (members.putIfAbsent(name, member) != null) {
      throw new IllegalArgumentException(
          "two members named " + name + " in " + getClass().getSimpleName());
    }
  }

  /** Runs a forward method's body in a scope named after this module. */
  protected final <T> T scoped(Supplier<T> body) {
    return Scope.run(name, body);
  }

  /** All parameters of this module and its parts, in the order they were made. */
  public final List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    walk("", (path, parameter) -> all.add(parameter));
    return List.copyOf(all);
  }

  /** Number of elements of all parameters, the frozen ones too. */
  public final long parameterCount() {
    return parameters().stream().mapToLong(p -> p.spec().shape().elements()).sum();
  }

  /**
   * Makes and initialises the parameters on {@code device}. Each draws from the stream's sub-stream
   * of its own name, so its first values do not depend on what other parts the model has.
   */
  public final void place(Device device, Philox stream) {
    walk("", (path, parameter) -> parameter.place(device, path, stream));
  }

  private interface Visitor {
    void visit(String path, Parameter parameter);
  }

  private void walk(String prefix, Visitor visitor) {
    for (Map.Entry<String, Object> member : members.entrySet()) {
      String path = prefix.isEmpty() ? member.getKey() : prefix + "." + member.getKey();
      switch (member.getValue()) {
        case Parameter parameter -> visitor.visit(path, parameter);
        case Module part -> part.walk(path, visitor);
        default -> throw new IllegalStateException("unexpected member " + path);
      }
    }
  }

  /** Frees the parameters. */
  @Override
  public void close() {
    for (Parameter parameter : parameters()) {
      parameter.close();
    }
  }
}
