package dev.larmor.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TeamTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void everyTaskRunsExactlyOnce(int threads) {
    try (Team team = new Team(threads)) {
      assertEquals(threads, team.threads());
      for (int run = 0; run < 20_000; run++) {
        int tasks = run % 7;
        AtomicIntegerArray counts = new AtomicIntegerArray(tasks);
        team.run(tasks, (task, worker) -> counts.incrementAndGet(task));
        for (int task = 0; task < tasks; task++) {
          assertEquals(1, counts.get(task), "run " + run + ", task " + task);
        }
      }
    }
  }

  @Test
  void writesOfTasksAreVisibleToTheCaller() {
    int[] values = new int[64];
    int[] expected = new int[64];
    try (Team team = new Team(3)) {
      for (int run = 1; run < 2_000; run++) {
        int value = run;
        team.run(values.length, (task, worker) -> values[task] = value + task);
        Arrays.setAll(expected, task -> value + task);
        assertArrayEquals(expected, values);
      }
    }
  }

  @Test
  void workerNumbersAreNeverSharedAtTheSameTime() {
    try (Team team = new Team(3)) {
      AtomicIntegerArray busy = new AtomicIntegerArray(3);
      for (int run = 0; run < 200; run++) {
        team.run(
            30,
            (task, worker) -> {
              assertEquals(1, busy.incrementAndGet(worker));
              Thread.onSpinWait();
              busy.decrementAndGet(worker);
            });
      }
    }
  }

  @Test
  void tasksRunAtTheSameTime() {
    try (Team team = new Team(2)) {
      CountDownLatch both = new CountDownLatch(2);
      Assertions.assertTimeoutPreemptively(
          Duration.ofSeconds(20),
          () ->
              team.run(
                  2,
                  (task, worker) -> {
                    both.countDown();
                    try {
                      both.await(); // returns only if the other task runs meanwhile
                    } catch (InterruptedException e) {
                      throw new AssertionError(e);
                    }
                  }));
    }
  }

  @Test
  void exceptionOfATaskReachesTheCallerAndTheTeamStaysUsable() {
    try (Team team = new Team(3)) {
      IllegalStateException planted = new IllegalStateException("planted");
      for (int run = 0; run < 500; run++) {
        IllegalStateException thrown =
            assertThrows(
                IllegalStateException.class,
                () ->
                    team.run(
                        10,
                        (task, worker) -> {
                          if (task == 4) {
                            throw planted;
                          }
                        }));
        assertSame(planted, thrown);
        AtomicInteger done = new AtomicInteger();
        team.run(10, (task, worker) -> done.incrementAndGet());
        assertEquals(10, done.get());
      }
    }
  }

  @Test
  void nestedRunIsSerialUnderTheSameWorker() {
    try (Team team = new Team(3)) {
      AtomicInteger inner = new AtomicInteger();
      team.run(
          9,
          (task, worker) ->
              team.run(
                  5,
                  (innerTask, innerWorker) -> {
                    assertEquals(worker, innerWorker);
                    inner.incrementAndGet();
                  }));
      assertEquals(45, inner.get());
    }
  }

  @Test
  void callersTakeTurns() throws InterruptedException {
    try (Team team = new Team(2)) {
      AtomicInteger running = new AtomicInteger();
      AtomicInteger done = new AtomicInteger();
      AtomicInteger clashes = new AtomicInteger();
      Thread[] callers = new Thread[4];
      for (int i = 0; i < callers.length; i++) {
        callers[i] =
            new Thread(() -> {
              for (int run = 0; run < 500; run++) {
                team.run(
                    4,
                    (task, worker) -> {
                      if (running.incrementAndGet() > 2) {
                        clashes.incrementAndGet();
                      }
                      done.incrementAndGet();
                      running.decrementAndGet();
                    });
              }
            });
        callers[i].start();
      }
      for (Thread caller : callers) {
        caller.join();
      }
      assertEquals(4 * 500 * 4, done.get());
      assertEquals(0, clashes.get());
    }
  }

  @Test
  void wakesFromItsPark() throws InterruptedException {
    try (Team team = new Team(2)) {
      for (int run = 0; run < 20; run++) {
        Thread.sleep(5); // long enough for the workers to park
        AtomicInteger done = new AtomicInteger();
        team.run(2, (task, worker) -> done.incrementAndGet());
        assertEquals(2, done.get());
      }
    }
  }

  @Test
  void closeEndsTheThreads() {
    Team team = new Team(3);
    Thread[] seen = new Thread[3];
    team.run(300, (task, worker) -> seen[worker] = Thread.currentThread());
    team.close();
    for (int worker = 1; worker < 3; worker++) {
      if (seen[worker] != null) {
        assertFalse(seen[worker].isAlive());
        assertTrue(seen[worker].isDaemon());
      }
    }
    assertThrows(IllegalStateException.class, () -> team.run(1, (task, worker) -> {}));
    team.close(); // closing again is harmless
  }

  @Test
  void badArguments() {
    assertEquals(
        "[team] threads must be at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> new Team(0)).getMessage());
    try (Team team = new Team(1)) {
      assertEquals(
          "[team] tasks must not be negative, got -1",
          assertThrows(IllegalArgumentException.class, () -> team.run(-1, (task, worker) -> {}))
              .getMessage());
    }
  }
}
