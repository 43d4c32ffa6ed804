package dev.larmor.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.larmor.engine.Ledger.Tag;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** Runs small test classes that leak, and some that do not, under {@link LeakCheck}. */
class LeakCheckTest {
  private static final TensorSpec SPEC = TensorSpec.of(DType.F32, 100);
  private static final List<AutoCloseable> LEAKED = new ArrayList<>();

  @AfterEach
  void closeWhatLeaked() throws Exception {
    for (AutoCloseable leaked : LEAKED.reversed()) {
      leaked.close();
    }
    LEAKED.clear();
  }

  @Test
  void passesTestsThatCloseEverything() {
    Events tests = run(Tidy.class).testEvents();
    assertEquals(2, tests.succeeded().count());
    assertEquals(0, tests.failed().count());
  }

  @Test
  void failsOnlyTheTestThatHoldsTensor() {
    Events tests = run(HoldsTensor.class).testEvents();
    assertEquals(1, tests.succeeded().count());
    assertEquals(
        "leak: device bytes held 0 bytes before and now: held 512 B live + 0 B cached"
            + System.lineSeparator()
            + "  gradient          512 B"
            + System.lineSeparator()
            + "         512 B at (no module)",
        failure(tests));
  }

  @Test
  void failsTheTestThatLeavesDeviceOpen() {
    Events tests = run(LeavesDeviceOpen.class).testEvents();
    assertEquals("leak: device bytes was not closed", failure(tests));
  }

  @Test
  void failsTheClassWhoseSetUpIsNotUndone() {
    Events classes = run(SetUpNotUndone.class).containerEvents();
    assertEquals("leak: device bytes was not closed", failure(classes));
  }

  private static EngineExecutionResults run(Class<?> testClass) {
    return EngineTestKit.engine("junit-jupiter")
        .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true")
        .selectors(selectClass(testClass))
        .execute();
  }

  private static String failure(Events events) {
    assertEquals(1, events.failed().count());
    return events
        .failed()
        .list()
        .getFirst()
        .getRequiredPayload(TestExecutionResult.class)
        .getThrowable()
        .orElseThrow()
        .getMessage();
  }

  private static Device open() {
    return Device.over(new BytesOnly(), DeviceConfig.DEFAULT);
  }

  private static Tensor tensor(Device device) {
    return Scope.run(() -> device.empty(SPEC, Tag.GRADIENT));
  }

  static class Tidy {
    private static Device shared;
    private Device own;

    @BeforeAll
    static void openShared() {
      shared = open();
    }

    @BeforeEach
    void openOwn() {
      own = open();
    }

    @Test
    void closes() {
      tensor(own).close();
    }

    @Test
    void leavesTheScopeToClose() {
      Scope.run(() -> {
        shared.empty(SPEC, Tag.TEMPORARY);
      });
    }

    @AfterEach
    void closeOwn() {
      own.close();
    }

    @AfterAll
    static void closeShared() {
      shared.close();
    }
  }

  static class HoldsTensor {
    private static Device shared;

    @BeforeAll
    static void openShared() {
      shared = open();
      LEAKED.add(shared);
    }

    @Test
    void holds() {
      LEAKED.add(tensor(shared));
    }

    @Test
    void closes() {
      tensor(shared).close();
    }
  }

  static class LeavesDeviceOpen {
    @Test
    void leavesOpen() {
      LEAKED.add(open());
    }
  }

  static class SetUpNotUndone {
    @BeforeAll
    static void openShared() {
      LEAKED.add(open());
    }

    @Test
    void passes() {}
  }
}
