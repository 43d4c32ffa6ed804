package dev.larmor.kernels.cpu;

import dev.larmor.engine.DType;
import dev.larmor.kernels.PlanCache;
import dev.larmor.kernels.cpu.conv.ConvDirection;
import dev.larmor.kernels.cpu.conv.ConvShape;
import dev.larmor.kernels.cpu.conv.Convolutions;
import dev.larmor.kernels.cpu.dnnl.Dnnl;
import dev.larmor.kernels.cpu.dnnl.DnnlEngine;
import dev.larmor.kernels.cpu.dnnl.MemoryDesc;
import dev.larmor.kernels.cpu.dnnl.Primitive;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Matrix products of the CPU backend, F32 or BF16 (accumulated in F32), by oneDNN, or in Java where
 * oneDNN is not available.
 *
 * <p>Matrices are dense and row-major. The rows of the product, or its columns if there are more of
 * them, are cut into blocks by the shape alone, and each element is computed by one thread, so
 * results are bit-identical for any number of threads.
 *
 * <p>Not thread-safe: one thread at a time.
 */
public final class MatrixProducts implements AutoCloseable {

  /**
   * A product c = a b.
   *
   * @param rows rows of c
   * @param columns columns of c
   * @param inner terms of each sum
   * @param transposeA whether a is stored transposed, as [inner, rows]
   * @param transposeB whether b is stored transposed, as [columns, inner]
   */
  public record Shape(int rows, int columns, int inner, boolean transposeA, boolean transposeB) {}

  /** Plans kept. */
  private static final int PLANS = 64;

  /** Blocks aimed at. */
  private static final int BLOCKS = 16;

  /** Fewer multiplications take less time than handing the block to a thread. */
  private static final long MIN_MULTIPLICATIONS = 1 << 20;

  private record Key(Shape shape, DType type) {}

  private interface Plan extends PlanCache.Plan {
    long workspaceBytes();

    void run(MemorySegment a, MemorySegment b, MemorySegment c, MemorySegment workspace);
  }

  private final Team team;
  private final DnnlEngine engine; // null: in Java
  private final Convolutions convolutions; // for what oneDNN does not multiply
  private final PlanCache<Key, Plan> plans = new PlanCache<>(PLANS);

  /** Matrix products on a team, by oneDNN if it is available. */
  public MatrixProducts(Team team) {
    this(team, Dnnl.isAvailable());
  }

  private MatrixProducts(Team team, boolean dnnl) {
    this.team = team;
    this.engine = dnnl ? new DnnlEngine(team.threads()) : null;
    this.convolutions = dnnl ? new Convolutions(team) : Convolutions.inJava(team);
  }

  /** Matrix products in Java, whether oneDNN is available or not. */
  public static MatrixProducts inJava(Team team) {
    return new MatrixProducts(team, false);
  }

  /** Bytes of workspace a product needs. Depends on the number of threads of the team. */
  public long workspaceBytes(Shape shape, DType type) {
    return plan(shape, type).workspaceBytes();
  }

  /**
   * Computes c = a b.
   *
   * @param type element type of all three: F32 or BF16
   * @param workspace at least {@link #workspaceBytes} bytes, 64-byte aligned; may be null if that
   *     is 0
   */
  public void multiply(
      Shape shape,
      DType type,
      MemorySegment a,
      MemorySegment b,
      MemorySegment c,
      MemorySegment workspace) {
    plan(shape, type).run(a, b, c, workspace);
  }

  private Plan plan(Shape shape, DType type) {
    if (type != DType.F32 && type != DType.BF16) {
      throw new IllegalArgumentException("[matmul] F32 or BF16 expected, got " + type);
    }
    return plans.get(
        new Key(shape, type),
        key -> {
          boolean multiplies = engine != null && (type == DType.F32 || Dnnl.hasBf16());
          return multiplies ? new ByDnnl(shape, type) : new AsConvolution(shape, type);
        });
  }

  @Override
  public void close() {
    plans.close();
    convolutions.close();
    if (engine != null) {
      engine.close();
    }
  }

  /** Blocks of rows or columns, each a oneDNN primitive; all are equal but the last. */
  private final class ByDnnl implements Plan {
    private final int blocks;
    private final Primitive block;
    private final Primitive last;
    private final long aStep;
    private final long bStep;
    private final long cStep;
    private final long scratchBytes;

    ByDnnl(Shape shape, DType type) {
      boolean cutsRows = shape.rows >= shape.columns;
      int length = cutsRows ? shape.rows : shape.columns;
      long multiplications = (long) shape.rows * shape.columns * shape.inner;
      long wanted = Math.clamp(multiplications / MIN_MULTIPLICATIONS, 1, BLOCKS);
      int step = Math.ceilDiv(Math.ceilDiv(length, (int) wanted), 16) * 16;
      blocks = Math.ceilDiv(length, step);
      block = cutsRows ? rows(shape, type, step) : columns(shape, type, step);
      int rest = length - (blocks - 1) * step;
      last = cutsRows ? rows(shape, type, rest) : columns(shape, type, rest);
      long bytes = (long) step * type.bytes();
      aStep = cutsRows ? bytes * (shape.transposeA ? 1 : shape.inner) : 0;
      bStep = cutsRows ? 0 : bytes * (shape.transposeB ? shape.inner : 1);
      cStep = cutsRows ? bytes * shape.columns : bytes;
      scratchBytes = (Math.max(block.scratchBytes(), last.scratchBytes()) + 63) & -64;
    }

    private Primitive rows(Shape whole, DType type, int rows) {
      return primitive(whole, type, Math.min(rows, whole.rows), whole.columns);
    }

    private Primitive columns(Shape whole, DType type, int columns) {
      return primitive(whole, type, whole.rows, Math.min(columns, whole.columns));
    }

    private Primitive primitive(Shape whole, DType type, long rows, long columns) {
      try (MemoryDesc a =
              matrix(type, rows, whole.inner, whole.transposeA, whole.rows, whole.inner);
          MemoryDesc b =
              matrix(type, whole.inner, columns, whole.transposeB, whole.inner, whole.columns);
          MemoryDesc c = matrix(type, rows, columns, false, whole.rows, whole.columns)) {
        return Primitive.matmul(engine, a, b, c);
      }
    }

    /** A block of a matrix of {@code allRows} by {@code allColumns}. */
    private static MemoryDesc matrix(
        DType type, long rows, long columns, boolean transposed, long allRows, long allColumns) {
      return MemoryDesc.strided(
          type == DType.BF16 ? MemoryDesc.Type.BF16 : MemoryDesc.Type.F32,
          new long[] {rows, columns},
          transposed ? new long[] {1, allRows} : new long[] {allColumns, 1});
    }

    @Override
    public long workspaceBytes() {
      return scratchBytes * team.threads();
    }

    @Override
    public void run(MemorySegment a, MemorySegment b, MemorySegment c, MemorySegment workspace) {
      long scratch = workspace == null ? 0 : workspace.address();
      team.run(
          blocks,
          (task, worker) ->
              (task == blocks - 1 ? last : block)
                  .execute(
                      worker,
                      scratch + worker * scratchBytes,
                      a.address() + task * aStep,
                      b.address() + task * bStep,
                      c.address() + task * cStep));
    }

    @Override
    public void close() {
      block.close();
      last.close();
    }
  }

  /**
   * A product as a convolution with kernels of size 1: the rows of a are pixels, the columns of b,
   * stored transposed, are the weights of output channels. Computed on F32 copies where the storage
   * is another.
   *
   * <p>Workspace: a, b and c as far as they are copied, then that of the convolution.
   */
  private final class AsConvolution implements Plan {
    private final Shape shape;
    private final DType type;
    private final ConvShape convolution;
    private final long aBytes;
    private final long bBytes;
    private final long cBytes;

    AsConvolution(Shape shape, DType type) {
      this.shape = shape;
      this.type = type;
      convolution =
          new ConvShape(
              1, 1, shape.inner, shape.columns, List.of(ConvShape.Axis.of(shape.rows, 1, 1, 0)));
      boolean copied = type == DType.BF16;
      aBytes = copied || shape.transposeA ? floats(shape.rows, shape.inner) : 0;
      bBytes = copied || !shape.transposeB ? floats(shape.inner, shape.columns) : 0;
      cBytes = copied ? floats(shape.rows, shape.columns) : 0;
    }

    private static long floats(long rows, long columns) {
      return (rows * columns * Float.BYTES + 63) & -64;
    }

    @Override
    public long workspaceBytes() {
      return aBytes
          + bBytes
          + cBytes
          + convolutions.workspaceBytes(convolution, ConvDirection.FORWARD, DType.F32, false);
    }

    @Override
    public void run(MemorySegment a, MemorySegment b, MemorySegment c, MemorySegment workspace) {
      MemorySegment x = aBytes == 0 ? a : workspace.asSlice(0, aBytes);
      MemorySegment weights = bBytes == 0 ? b : workspace.asSlice(aBytes, bBytes);
      MemorySegment y = cBytes == 0 ? c : workspace.asSlice(aBytes + bBytes, cBytes);
      if (aBytes != 0) {
        copy(a, shape.rows, shape.inner, shape.transposeA, x);
      }
      if (bBytes != 0) {
        copy(b, shape.columns, shape.inner, !shape.transposeB, weights);
      }
      convolutions.forward(
          convolution, DType.F32, x, weights, null, y, workspace.asSlice(aBytes + bBytes + cBytes));
      if (cBytes != 0) {
        long elements = (long) shape.rows * shape.columns;
        for (long i = 0; i < elements; i++) {
          c.setAtIndex(
              ValueLayout.JAVA_SHORT, i, Lanes.bf16(y.getAtIndex(ValueLayout.JAVA_FLOAT, i)));
        }
      }
    }

    /** Copies to F32 [rows, columns], from that or, if {@code transposed}, [columns, rows]. */
    private void copy(
        MemorySegment from, long rows, long columns, boolean transposed, MemorySegment to) {
      for (long row = 0; row < rows; row++) {
        for (long column = 0; column < columns; column++) {
          long at = transposed ? column * rows + row : row * columns + column;
          float value =
              type == DType.F32
                  ? from.getAtIndex(ValueLayout.JAVA_FLOAT, at)
                  : Float.intBitsToFloat(from.getAtIndex(ValueLayout.JAVA_SHORT, at) << 16);
          to.setAtIndex(ValueLayout.JAVA_FLOAT, row * columns + column, value);
        }
      }
    }

    @Override
    public void close() {}
  }
}
