package dev.larmor.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.Reshape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ScopeTest {
  private Device device;

  @BeforeEach
  void open() {
    device = Device.over(new BytesOnly(), DeviceConfig.DEFAULT);
  }

  @AfterEach
  void close() {
    device.close();
  }

  private Tensor tensor() {
    return device.empty(TensorSpec.of(DType.F32, 64), Tag.TEMPORARY);
  }

  private long live() {
    return device.ledger().live();
  }

  @Test
  void freesWhatWasMadeInIt() {
    List<Tensor> made = new ArrayList<>();
    Scope.run(() -> {
      made.add(tensor());
      made.add(tensor());
      assertEquals(512, live());
    });
    assertEquals(0, live());
    assertFalse(made.get(0).isOpen());
    assertFalse(made.get(1).isOpen());
  }

  @Test
  void movesWhatItReturnsToTheEnclosingScope() {
    Scope.run(() -> {
      Tensor kept =
          Scope.run(() -> {
            tensor();
            return tensor();
          });
      assertTrue(kept.isOpen());
      assertEquals(256, live());
    });
    assertEquals(0, live());
  }

  @Test
  void givesWhatTheOutermostReturnsToTheCaller() {
    Tensor kept = Scope.run(this::tensor);
    assertEquals(256, live());
    kept.close();
    assertEquals(0, live());
  }

  @Test
  void movesTensorsInArraysAndCollections() {
    Scope.run(() -> {
      Tensor[] array = Scope.run(() -> new Tensor[] {tensor(), null, tensor()});
      List<Tensor[]> nested = Scope.run(() -> List.<Tensor[]>of(new Tensor[] {tensor()}));
      assertTrue(array[0].isOpen() && array[2].isOpen() && nested.getFirst()[0].isOpen());
      assertEquals(3 * 256, live());
    });
    assertEquals(0, live());
  }

  @Test
  void returnsAnythingElseAsItIs() {
    Path path = Path.of("a", "b"); // an Iterable of itself, in the end
    assertSame(path, Scope.run(() -> path));
  }

  @Test
  void leavesTensorsOfAnEnclosingScopeWhereTheyAre() {
    Scope.run(() -> {
      Tensor outer = tensor();
      Scope.run(() -> Scope.run(() -> outer));
      assertTrue(outer.isOpen());
    });
    assertEquals(0, live());
  }

  @Test
  void freesEverythingWhenTheBodyThrows() {
    IllegalStateException thrown =
        assertThrows(
            IllegalStateException.class,
            () ->
                Scope.run(() -> {
                  tensor();
                  Scope.run(() -> {
                    tensor();
                    throw new IllegalStateException("inner");
                  });
                }));
    assertEquals("inner", thrown.getMessage());
    assertEquals(0, live());
    assertEquals("", Scope.path());
  }

  @Test
  void leavesUnscopedTensorsToTheCaller() {
    Tensor kept = Scope.run(() -> tensor().unscoped());
    Scope.run(() -> kept); // not this scope's to free
    assertTrue(kept.isOpen());
    kept.close();
    assertEquals(0, live());
  }

  @Test
  void countsOwnersBesideTheScope() {
    Tensor kept =
        Scope.run(() -> {
          List<Tensor> retained = List.of(tensor().retain());
          return Scope.run(() -> retained.getFirst());
        });
    kept.close();
    assertTrue(kept.isOpen(), "the caller of the outermost scope is an owner too");
    kept.close();
    assertFalse(kept.isOpen());
  }

  @Test
  void freesMemoryWithItsLastView() {
    Scope.run(() -> {
      Tensor view = Scope.run(() -> new Reshape(Shape.of(8, 8)).apply(tensor()));
      assertEquals(256, live());
      assertEquals(Shape.of(8, 8), view.shape());
    });
    assertEquals(0, live());
  }

  @Test
  void dropFreesBeforeTheEnd() {
    Scope.run(() -> {
      Tensor x = tensor();
      x.drop();
      assertEquals(0, live());
      IllegalStateException e = assertThrows(IllegalStateException.class, x::drop);
      assertEquals("tensor F32[64] #" + x.id() + " is used after it was freed", e.getMessage());
    });
  }

  @Test
  void refusesToCloseWhatTheScopeOwns() {
    Scope.run(() -> {
      Tensor x = tensor();
      IllegalStateException e = assertThrows(IllegalStateException.class, x::close);
      assertEquals(
          "F32[64]#" + x.id() + " belongs to its scope, which will free it; drop() frees it now",
          e.getMessage());
    });
  }

  @Test
  void usingFreedTensorsIsAnError() {
    Tensor freed = Scope.run(this::tensor);
    freed.close();
    String message = "tensor F32[64] #" + freed.id() + " is used after it was freed";
    for (Runnable use :
        List.<Runnable>of(
            () -> Affine.scale(2).apply(freed),
            freed::close,
            freed::retain,
            freed::unscoped,
            freed::toDoubles,
            freed::toFloats,
            () -> freed.tag(Tag.SAVED))) {
      Runnable inScope = () -> Scope.run(use);
      IllegalStateException e = assertThrows(IllegalStateException.class, inScope::run);
      assertEquals(message, e.getMessage());
    }
    assertEquals("F32[64]#" + freed.id() + " (freed)", freed.toString());
  }

  @Test
  void makingTensorsOutsideAnyScopeIsAnErrorAndLeaksNothing() {
    IllegalStateException e = assertThrows(IllegalStateException.class, this::tensor);
    assertEquals("no scope is open: make tensors inside Scope.run(...)", e.getMessage());
    assertEquals(0, live());
  }

  @Test
  void pathsFollowTheNesting() {
    assertEquals("", Scope.path());
    String inside =
        Scope.run(
            "unet",
            () -> Scope.run("down.1", () -> Scope.run(() -> Scope.run("", () -> Scope.path()))));
    assertEquals("unet.down.1", inside);
    assertEquals("a.b", Scope.run("unet", () -> Scope.runAt("a.b", Scope::path)));
    assertEquals("", Scope.path());
  }
}
